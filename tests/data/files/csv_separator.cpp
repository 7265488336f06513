#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/data/files/csv_separator.hpp>

using namespace preflearn;

TEST_CASE("the separator is the one in the first line, or that of every line; never a guess") {
    const auto separator = [](std::string_view text, bool whole = true) {
        return separator_of({text.data(), text.size()}, whole, "f");
    };
    CHECK(separator("") == ',');
    CHECK(separator("alone\n1;2\n") == ',');
    CHECK(separator("a,b\n") == ',');
    CHECK(separator("a;b") == ';');
    CHECK(separator("a\tb\n") == '\t');
    CHECK(separator("a , b\t, c\n1,2,3\n") == ','); // tabs beside a separator are blanks
    CHECK(separator("\"a;b;c\",d\n\"1\",2\n") == ',');
    CHECK(separator("a;b,c\n1,5;2\n3;4\n") == ';');
    CHECK(separator("a;b,c\n1;2\n3,4;5\n6;7,", false) == ';'); // a last line that may go on does not count
    CHECK(separator("a;b,c\n1\n2;3,4\n5,6\n") == ','); // none fits: the usual one, and the file is refused by line
    CHECK_THROWS_WITH_AS(separator("a;b\tc\n1;2\t3\n"), doctest::Contains("by semicolons or by tabs; say which"),
                         input_error);
    CHECK(words_for_separator('\t') == "tabs");
}
