#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/labelling/labelled_file.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

TEST_CASE("every record is counted once; agreement is of written pairs that a human judged") {
    std::vector<record_facts> records;
    for (std::size_t i = 0; i < 7; ++i)
        records.push_back({.id = i, .prompt = i, .line = i + 1, .responses = 2, .human = preference::for_first()});
    records[2].human = preference::tied();
    records[3].human.reset();
    records[4].human = preference::abstention();
    records[5].responses = 3;
    std::vector<label_decision> labels(7);
    labels[1].chosen = 1;
    labels[1].flipped = true;
    labels[6].left_out = "tie";
    labels[6].flipped = true;
    labelled_file found{.records = 7};
    detail::count_labels(found, records, labels);
    CHECK(found.written == 6);
    CHECK(found.left_out.at("tie") == 1);
    CHECK(found.flipped == 1); // of those that are written
    CHECK(found.human_verdicts == 3);
    CHECK(found.human_agreement.value == doctest::Approx((1 + 0 + 0.5) / 3));
    CHECK(detail::labelled_json(found)["human_verdicts"] == 3);
    CHECK(test::contains(to_text(found), "7 records, 6 labels\n  left out: 1 (tie)\n  turned on purpose: 1\n"));
    labelled_file none{.records = 1};
    detail::count_labels(none, std::span(records).subspan(3, 1), std::span(labels).first(1));
    CHECK_FALSE(detail::labelled_json(none).contains("human_agreement"));
    CHECK_FALSE(test::contains(to_text(none), "human"));
}

TEST_CASE("the files of shards, one behind the other, are those of the whole: malformed lines, too") {
    const test::folder f;
    std::string lines = "not JSON\n";
    for (const char* const id : {"a", "b", "c", "d", "e"})
        lines += nlohmann::json{{"id", id}, {"prompt", "p"}, {"chosen", "x"}, {"rejected", "y"}}.dump() + "\n[]\n";
    const auto data = f.write("pairs.jsonl", lines);
    const preference_options reading{.skip_malformed = true};
    const detail::surveyed_file file = detail::survey(data, reading);
    std::vector<label_decision> labels(5);
    labels[1].left_out = "tie";
    labels[4].left_out = "abstained";
    const auto written = [&](const shard& part) {
        const label_options options{.data = data, .out = f / "labels.jsonl", .shard = part};
        const std::size_t begin = part.begin(5), end = part.end(5);
        detail::write_labels(options, file, begin, end, reading, std::span(labels).subspan(begin, end - begin), "t:1");
        return std::pair(test::read(f / "labels.jsonl"), test::read(f / "labels.left-out.jsonl"));
    };
    const auto whole = written({});
    CHECK(test::json_lines(f / "labels.jsonl").size() == 3);
    const auto left_out = test::json_lines(f / "labels.left-out.jsonl");
    REQUIRE(left_out.size() == 8);
    for (std::size_t i = 1; i < 8; ++i) CHECK(left_out[i - 1]["line"] < left_out[i]["line"]);
    for (std::size_t count = 2; count < 8; ++count) {
        std::string all, all_left_out;
        for (std::size_t i = 1; i <= count; ++i) {
            const auto [some, some_left_out] = written({i, count});
            all += some;
            all_left_out += some_left_out;
        }
        CHECK(all == whole.first);
        CHECK(all_left_out == whole.second);
    }
    labels.assign(5, {});
    const label_options options{.data = f.write("good.jsonl", test::tiny_pairs(5)), .out = f / "labels.jsonl"};
    detail::write_labels(options, detail::survey(options.data, {}), 0, 5, {}, labels, "t:1");
    CHECK_FALSE(std::filesystem::exists(f / "labels.left-out.jsonl")); // that of another run would say what is not so
}
