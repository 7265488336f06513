#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>

#include "../checkpoint/largest_allocation.hpp"
#include "../files.hpp"
#include "gzip.hpp"

using namespace preflearn;

namespace {

const std::string two_lines =
    R"({"id": 3, "chosen": "\n\nHuman: Hi\n\nAssistant: Yes é 😀", "rejected": "\n\nHuman: Hi\n\nAssistant: No\u00e9"})"
    "\n"
    R"({"prompt": [{"role": "user", "content": "p"}], "chosen": [{"role": "assistant", "content": "a"}], "rejected": "b"})"
    "\n"
    R"({"prompt": "p", "responses": ["a", "b"], "label": 0.5, "label_tie": 0.25, "scores": [1, -2e3], "margin": 3.5})"
    "\n";

/// Reads damaged content; the only ways out are success and preflearn::error. Returns the records read before the end.
std::size_t records_of(const std::string& content, bool& refused) {
    std::istringstream stream(content);
    preference_reader reader(stream, "damaged");
    std::size_t records = 0;
    try {
        while (reader.next()) ++records;
    } catch (const error& failure) {
        refused = true;
        CHECK(std::string_view(failure.what()).starts_with("damaged:"));
        CHECK(std::string_view(failure.what()).size() < 400);
    }
    return records;
}

} // namespace

TEST_CASE("pairs cut short anywhere are an error, except at the end of a record") {
    for (std::size_t length = 0; length <= two_lines.size(); ++length) {
        CAPTURE(length);
        bool refused = false;
        const std::string cut = two_lines.substr(0, length);
        const auto whole = static_cast<std::size_t>(std::ranges::count(cut, '\n'));
        const bool at_end =
            cut.empty() || cut.back() == '\n' || (length < two_lines.size() && two_lines[length] == '\n');
        const std::size_t records = records_of(cut, refused);
        CHECK(refused != at_end);
        CHECK(records == whole + (at_end && !cut.empty() && cut.back() != '\n' ? 1 : 0));
    }
    const std::string zipped = test::gzipped(two_lines);
    for (std::size_t length = 1; length < zipped.size(); ++length) {
        CAPTURE(length);
        bool refused = false;
        records_of(zipped.substr(0, length), refused);
        CHECK(refused);
    }
}

TEST_CASE("flipped bits are read or refused, and never cost absurd memory") {
    generator random(5, "flips");
    const std::string zipped = test::gzipped(two_lines);
    int refused_plain = 0, refused_zipped = 0;
    test::largest_allocation = 0;
    for (int trial = 0; trial < 3000; ++trial) {
        bool refused = false;
        records_of(test::with_flips(two_lines, random), refused);
        refused_plain += refused;
        refused = false;
        records_of(test::with_flips(zipped, random), refused);
        refused_zipped += refused;
    }
    CHECK(refused_plain > 1000);
    CHECK(refused_plain < 3000);  // many flips are other letters
    CHECK(refused_zipped > 2900); // all but those in the header that nobody reads
    CHECK(test::largest_allocation < 1U << 20);
}

TEST_CASE("one endless line costs the maximum line, gzipped a thousandfold or not") {
    const std::string endless = "{\"chosen\": \"" + std::string(30000000, 'x');
    for (const std::string& content : {endless, test::gzipped(endless)}) {
        std::istringstream stream(content);
        test::largest_allocation = 0;
        preference_reader reader(stream, "damaged", {.maximum_line = 1U << 18});
        CHECK(test::contains(test::error_of([&] { reader.next(); }), "damaged:1: the line is longer than"));
        CHECK(test::largest_allocation < 1U << 20);
    }
}

TEST_CASE("deep and wide JSON costs no more than a few times its length") {
    const std::size_t length = 1000000;
    std::string wide = "{\"x\": [", keys = "{";
    while (wide.size() < length) wide += "1,";
    for (int i = 0; keys.size() < length; ++i) keys += "\"" + std::to_string(i) + "\":0,";
    for (const std::string& line : {std::string(length, '['), "{\"x\":" + std::string(length, '['), wide, keys}) {
        test::largest_allocation = 0;
        bool refused = false;
        records_of(line, refused);
        CHECK(refused);
        CHECK(test::largest_allocation < 32 * length);
    }
}
