#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>

using namespace preflearn;

static_assert(std::is_base_of_v<std::runtime_error, error>);
static_assert(std::is_base_of_v<error, input_error> && std::is_base_of_v<error, argument_error> &&
              std::is_base_of_v<error, numeric_error>);
static_assert(!std::is_base_of_v<input_error, argument_error> && !std::is_base_of_v<argument_error, numeric_error>);

namespace {

/// Counts how often it is written.
struct counted {
    int* written;
    friend std::ostream& operator<<(std::ostream& out, const counted& value) {
        ++*value.written;
        return out << "value";
    }
};

} // namespace

TEST_CASE("a message joins texts and numbers, numbers with every digit that tells them apart") {
    CHECK(message("pair ", 3, ": ", std::string("length"), ' ', 2.5) == "pair 3: length 2.5");
    const double x = 0.1 + 0.2;
    CHECK(std::stod(message(x)) == x);
    CHECK(message(x) != message(0.3));
}

TEST_CASE("require throws the asked type with the joined message, and only when it must") {
    CHECK_NOTHROW(require(true, "never"));
    CHECK_THROWS_WITH_AS(require(false, "row ", 7), "row 7", argument_error);
    CHECK_THROWS_WITH_AS(require<input_error>(false, "file.jsonl:3"), "file.jsonl:3", input_error);
    CHECK_THROWS_AS(require<numeric_error>(false, "NaN"), error);
}

TEST_CASE("an excerpt shows every blank and control character, and no more than the beginning") {
    CHECK(message(excerpt{" winner"}) == "' winner'");
    CHECK(message(excerpt{"a\r\n\tb\x01\x7F é"}) == "'a\\r\\n\\tb\\x01\\x7F é'");
    CHECK(message(excerpt{std::string(100, 'x')}) == "'" + std::string(100, 'x') + "'");
    std::string umlauts = "x";
    for (int i = 0; i < 60; ++i) umlauts += "ä";
    CHECK(message(excerpt{umlauts}) == "'" + umlauts.substr(0, 99) + "…' (121 bytes)");
}

TEST_CASE("a line of a file is named") { CHECK(message(file_line{"games.csv", 3}, ": no") == "games.csv:3: no"); }

TEST_CASE("a message that is not needed is not written") {
    int written = 0;
    require(true, counted{&written});
    CHECK(written == 0);
    CHECK_THROWS_WITH_AS(require(false, counted{&written}), "value", argument_error);
    CHECK(written == 1);
}
