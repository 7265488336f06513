#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <string>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/stored/mapped_pages.hpp>

#include "../../files.hpp"

TEST_CASE("pages of a mapped file that were given back hold the same when they are read again") {
    const test::folder folder;
    const std::string text(20000, 'x');
    std::ofstream(folder / "numbers") << text;
    const preflearn::mapped_file file(folder / "numbers");
    CHECK(file.text() == text);
    preflearn::give_back_pages(file.bytes().subspan(100, 15000));
    preflearn::give_back_pages(file.bytes().first(10)); // less than a page
    preflearn::give_back_pages({});
    CHECK(file.text() == text);
}
