#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/data/selection/left_out.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

left_out_pair pair_of(std::size_t line, left_out_reason reason, const std::string& message = "") {
    return {.name = {.id = std::to_string(line - 1), .number = line - 1, .line = line},
            .reason = reason,
            .message = message};
}
left_out_pair malformed(std::size_t line, const std::string& message) {
    return {.name = {.line = line}, .message = message};
}
left_out_pairs some() {
    left_out_pairs all;
    all.add(malformed(5, "is not valid JSON at byte 21: x"));
    all.add(malformed(9, "field 'rejected': found nothing"));
    all.add(malformed(11, "is not valid JSON at byte 7: x"));
    all.add(pair_of(8, left_out_reason::too_long, "600 + 3 tokens are more than 512"));
    all.add(pair_of(3, left_out_reason::no_label));
    all.add(pair_of(4, left_out_reason::too_long, "512 + 1 tokens are more than 512"));
    all.add({.name = {.id = "a\"7", .is_text = true, .line = 2}, .reason = left_out_reason::identical_responses});
    return all;
}

} // namespace

TEST_CASE("counts are by reason with the line that comes first; malformed lines by what is wrong with them") {
    const auto counts = some().by_reason();
    REQUIRE(counts.size() == 5);
    CHECK(counts[0].count == 2); // of one kind, whatever the byte
    CHECK(counts[0].first.name.line == 5);
    CHECK(counts[1].first.message == "field 'rejected': found nothing");
    CHECK(counts[2].reason == left_out_reason::no_label);
    CHECK(counts[3].count == 2);
    CHECK(counts[3].first.name.line == 4);
    CHECK(some().first().name.line == 2);
    CHECK(some().count(left_out_reason::malformed) == 3);
    CHECK(left_out_pairs().by_reason().empty());
}

TEST_CASE("messages are of one kind when they differ in numbers or quoted values alone, not in fields") {
    using detail::shape_of;
    CHECK(shape_of("byte 21, 'x.y[3]'") == shape_of("byte 7, 'x.y[12]'"));
    CHECK(shape_of("field 'label': 1") != shape_of("field 'id': 1"));
    CHECK(shape_of("the id 'ab-1' was") == shape_of("the id 'c d' was"));
    CHECK(shape_of("it's") == "it's");
    CHECK(shape_of("") == "");
}

TEST_CASE("the summary names every reason once, the first line and its id; of many kinds the rest is counted") {
    CHECK(some().summary() == "  left out: 2 malformed: is not valid JSON at byte 21: x (first: line 5)\n"
                              "  left out: 1 malformed: field 'rejected': found nothing (first: line 9)\n"
                              "  left out: 1 without a label (first: line 3, id 2)\n"
                              "  left out: 2 longer than asked for (first: line 4, id 3, 512 + 1 tokens are more "
                              "than 512)\n"
                              "  left out: 1 with two identical responses (first: line 2, id 'a\"7')\n");
    CHECK(test::contains(some().summary(1), "\n  left out: 5 for other reasons\n"));
    CHECK(left_out_pairs().summary().empty());
}

TEST_CASE("a line of JSON for each, in the order of the file, with the id as it was given") {
    std::ostringstream out;
    write_left_out(out, some());
    std::istringstream lines(out.str());
    std::string line;
    std::size_t last = 0, count = 0;
    while (std::getline(lines, line)) {
        const auto json = nlohmann::json::parse(line);
        CHECK(json["line"].get<std::size_t>() > last);
        last = json["line"];
        ++count;
        if (last == 2) CHECK(json["id"] == "a\"7");
        if (last == 3) CHECK(line == R"({"id":2,"line":3,"reason":"no_label"})");
        if (last == 5) CHECK(json["id"].is_null());
    }
    CHECK(count == 7);
    const auto json = some().to_json();
    CHECK(json["too_long"] == nlohmann::json({{"count", 2}, {"first_line", 4}}));
    CHECK(json["malformed"] == nlohmann::json({{"count", 3}, {"first_line", 5}}));
}

TEST_CASE("the file is there only when something was left out") {
    const test::folder folder;
    const auto path = left_out_path(folder / "scores.jsonl");
    CHECK(path.filename() == "scores.jsonl.left-out.jsonl");
    write_left_out(path, some());
    CHECK(test::read(path).starts_with("{\"id\":\"a\\\"7\",\"line\":2"));
    write_left_out(path, {}); // of an earlier run
    CHECK(!std::filesystem::exists(path));
    write_left_out(path, {});
    CHECK_THROWS_AS(write_left_out(folder / "none" / "x", some()), input_error);
}
