#include <doctest/doctest.h>
#include <preflearn/pipeline/comparing/compare_files.hpp>
using namespace preflearn;
TEST_CASE("y") { CHECK(true); }
