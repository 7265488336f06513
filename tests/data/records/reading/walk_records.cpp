#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>

#include <preflearn/data/records/reading/walk_records.hpp>

#include "../../../files.hpp"

using namespace preflearn;

namespace {

/// The first response of each record that is visited, with the number of its responses.
std::string walked_over(const std::filesystem::path& path, bool gather_singles, const record_options& options = {}) {
    seen_ids ids;
    std::string walked;
    walk_records(path, options, ids, gather_singles, [&](const response_record& each) {
        walked += each.responses[0].get<std::string>() + std::to_string(each.responses.size()) + " ";
    });
    return walked;
}

} // namespace

TEST_CASE("single completions are visited where they stand, or gathered behind all that are none") {
    const test::folder folder;
    const auto mixed = folder.write("mixed.jsonl", R"({"prompt": "p", "completion": "a", "label": true}
{"prompt": "p", "chosen": "b", "rejected": "c"}
{"prompt": "q", "completion": "d", "label": true}
{"prompt": "p", "completion": "e", "label": false}
{"prompt": "q", "chosen": "f", "rejected": "g"})");
    CHECK(walked_over(mixed, false) == "a1 b2 d1 e1 f2 ");
    CHECK(walked_over(mixed, true) == "b2 f2 a2 d1 ");
    const auto wrong = folder.write("wrong.jsonl", R"({"pair": 7, "prompt": "p", "completion": "a", "label": true}
{"pair": 7, "prompt": "other", "completion": "b", "label": false})");
    CHECK(walked_over(wrong, false) == "a1 b1 ");
    const std::string found = test::error_of([&] { walked_over(wrong, true); });
    CHECK(test::contains(found, "wrong.jsonl:2: "));
    CHECK(test::contains(found, "another prompt"));
}

TEST_CASE("malformed lines come back, ids are seen over several walks, and what cannot be read twice is refused") {
    const test::folder folder;
    const auto path = folder.write("in.jsonl", R"({"id": 1, "prompt": "p", "chosen": "b", "rejected": "c"}
broken
{"id": 1, "prompt": "q", "chosen": "b", "rejected": "c"}
{"id": 2, "prompt": "q", "chosen": "b", "rejected": "c"})");
    CHECK(test::contains(test::error_of([&] { walked_over(path, true); }), "in.jsonl:2: is not valid JSON"));
    const record_options skipping{.reading = {.skip_malformed = true}};
    seen_ids ids;
    std::size_t visits = 0;
    const auto count = [&](const response_record&) { ++visits; };
    const left_out_pairs skipped = walk_records(path, skipping, ids, false, count);
    CHECK(visits == 2);
    REQUIRE(skipped.size() == 2);
    CHECK(skipped.pairs()[0].name.line == 2);
    CHECK(skipped.pairs()[1].name.line == 3);
    CHECK(walk_records(path, skipping, ids, false, count).size() == 4); // now all ids were seen
    CHECK(visits == 2);
    CHECK(test::contains(test::error_of([&] { walked_over("/dev/null", false); }), "/dev/null: is no file on disk"));
    CHECK(!test::error_of([&] { walked_over(folder / "none.jsonl", false); }).empty());
}
