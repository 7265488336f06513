#include <doctest/doctest.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/data/files/parsed_lines.hpp>

using namespace preflearn;

namespace {

/// What is read of lines of whole numbers.
struct numbers_read {
    std::vector<int> numbers{};
    std::vector<std::string> skipped{};
    std::string failure{};

    numbers_read(const std::string& text, bool skip_malformed) {
        std::istringstream stream(text);
        line_reader lines(stream, "n.txt", 8);
        const auto parse = [](std::string_view line) {
            require(line.find_first_not_of("0123456789") == line.npos, "found ", excerpt{line}, ", expected a number");
            return std::stoi(std::string(line));
        };
        try {
            while (const auto number = next_parsed(lines, skip_malformed, parse, [&](std::string_view why) {
                       skipped.emplace_back(without_place(why, lines.place()));
                   }))
                numbers.push_back(*number);
        } catch (const input_error& fault) {
            failure = fault.what();
        }
    }
};

} // namespace

TEST_CASE("blank lines are passed over, and a malformed one is told with its place") {
    const numbers_read all("1\n\n \t\r\n2\n", false);
    CHECK(all.numbers == std::vector<int>{1, 2});
    CHECK(all.failure.empty());
    const numbers_read bad("1\n\nx\n2\n", false);
    CHECK(bad.numbers == std::vector<int>{1});
    CHECK(bad.failure == "n.txt:3: found 'x', expected a number");
}

TEST_CASE("skipped lines are told, those that are too long among them, and reading goes on behind them") {
    const numbers_read some("1\nx\n123456789\n2", true);
    CHECK(some.numbers == std::vector<int>{1, 2});
    CHECK(some.failure.empty());
    CHECK(some.skipped ==
          std::vector<std::string>{"found 'x', expected a number", "the line is longer than the 8 bytes allowed"});
    CHECK(without_place("b.txt:1: why", {"a.txt", 1}) == "b.txt:1: why"); // of another place
}
