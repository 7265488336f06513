#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/files/name_index.hpp>

using namespace preflearn;

TEST_CASE("names are numbered in the order of their first appearance") {
    name_index number;
    std::vector<std::uint32_t> codes;
    for (const char* name : {"b", "a", "b", "", "a", "c"}) codes.push_back(number(name));
    CHECK(codes == std::vector<std::uint32_t>{0, 1, 0, 2, 1, 3});
    CHECK(number.names == std::vector<std::string>{"b", "a", "", "c"});
}
