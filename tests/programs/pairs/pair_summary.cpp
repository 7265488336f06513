#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <preflearn/programs/pairs/pair_summary.hpp>

#include "../../data/records/parsed.hpp"
#include "../../files.hpp"

using namespace preflearn;

namespace {

counted_file summary_file(std::string name, const std::vector<std::string>& records) {
    counted_file file{.name = std::move(name)};
    for (const std::string& record : records) file.counts.add(test::parsed(record));
    return file;
}
/// Three pairs, the longer chosen in one of two, and two unlabelled records that share a prompt.
pair_summary two_summary_files() {
    return {.files = {summary_file("a.jsonl", {R"({"prompt": "p", "chosen": "x y", "rejected": "z"})",
                                               R"({"prompt": "q", "chosen": "x", "rejected": "y z"})",
                                               R"({"prompt": "r", "chosen": "x", "rejected": "y"})"}),
                      summary_file("a.jsonl", {R"({"prompt": "q", "responses": ["a", "b"]})",
                                               R"({"prompt": "s", "responses": ["a", "b"]})"})}};
}
/// The row of this name as numbers; empty where there is none.
std::vector<std::uint64_t> numbers_of_row(const table& from, std::string_view name) {
    std::vector<std::uint64_t> numbers;
    for (const auto& row : from.rows)
        if (std::get<std::string>(row[0].content) == name)
            for (std::size_t c = 1; c < row.size(); ++c) numbers.push_back(std::get<std::uint64_t>(row[c].content));
    return numbers;
}

} // namespace

TEST_CASE("a table of counts has what some file has, and a column for each file, of whatever name") {
    const pair_summary summary = two_summary_files();
    const table counts = count_table(summary);
    check(counts); // two files of one name are two columns
    REQUIRE(counts.columns.size() == 3);
    CHECK(counts.columns[2].name == "a.jsonl'");
    using row = std::vector<std::uint64_t>;
    CHECK(numbers_of_row(counts, "records") == row{3, 2});
    CHECK(numbers_of_row(counts, "pairs with a chosen response") == row{3, 0});
    CHECK(numbers_of_row(counts, "without a verdict") == row{0, 2});
    CHECK(numbers_of_row(counts, "  read as lists of responses") == row{0, 2});
    CHECK(numbers_of_row(counts, "ties").empty());
    const table none = count_table({.files = {counted_file{.name = "empty"}}});
    CHECK(none.rows.size() == 2); // records and decided pairs, though there are none
}

TEST_CASE("prompts that files share: as many one way as the other, and of a file with itself all of its own") {
    const pair_summary summary = two_summary_files();
    const table overlap = overlap_table(summary);
    check(overlap);
    REQUIRE(overlap.rows.size() == 2);
    const auto at = [&](std::size_t r, std::size_t c) { return std::get<std::uint64_t>(overlap.rows[r][c].content); };
    CHECK(at(0, 1) == 3);
    CHECK(at(1, 2) == 2);
    CHECK((at(0, 2) == 1 && at(1, 1) == 1));
    CHECK(overlap_table({.files = {summary.files[0]}}).rows.empty());
}

TEST_CASE("shares are of pairs that can say, in JSON with all numbers, and a gap where no pair can") {
    const pair_summary summary = two_summary_files();
    const table shares = share_table(summary);
    check(shares);
    REQUIRE(shares.rows.size() == 1); // of the longer one; the place says what is chosen, and no human does
    const auto& share = std::get<with_interval>(shares.rows[0][1].content);
    CHECK(share.value == 0.5);
    CHECK((share.low > 0 && share.low < 0.5 && share.high == doctest::Approx(1 - share.low)));
    CHECK(std::holds_alternative<no_value>(shares.rows[0][2].content));
    const auto json = to_json(summary);
    CHECK(json["files"][0]["chosen_is_longer"]["equal"] == 1);
    CHECK(json["files"][0]["chosen_is_longer"]["low"] == share.low);
    CHECK(!json["files"][1]["chosen_is_longer"].contains("share"));
    CHECK(json["files"][1]["ties"] == 0); // which the table leaves out
    CHECK(json["files"][1]["lengths"]["chosen"]["mean"].is_null());
    check(length_table(summary));
    CHECK(length_table(summary).rows.size() == 6); // four texts of pairs, and prompts and responses
    CHECK(!test::contains(to_text({.files = {summary.files[1]}}), "Of pairs with a chosen response"));
}
