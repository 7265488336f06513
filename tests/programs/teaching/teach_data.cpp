#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/programs/teaching/teach_data.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// So many pairs, two of each prompt, all with one chosen response.
std::string teach_data_pairs(std::size_t count, const std::string& prompt = "p") {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i)
        lines += R"({"id": "i)" + std::to_string(i) + R"(", "prompt": ")" + prompt + std::to_string(i / 2) +
                 R"(", "chosen": "good", "rejected": "bad"})" + "\n";
    return lines;
}

teach_data teach_data_of(const teach_options& options, bool learns = true, std::string* told = nullptr) {
    return read_teach_data(options, {}, {}, learns, [&](const std::string& line) {
        CHECK_FALSE(test::contains(line, "\n"));
        if (told) *told += line + "\n";
    });
}

/// Whether every pair has a label, and it names the chosen response where that now stands.
bool teach_data_labelled(const std::vector<text_comparison>& pairs, const label_set& labels) {
    for (const text_comparison& pair : pairs)
        if (labels.at(pair.id).decision() != (pair.first == "good" ? choice::first : choice::second)) return false;
    return true;
}

} // namespace

TEST_CASE("of one file a share is held out, whole prompts, and responses stand in an order that says nothing") {
    const test::folder f;
    const teach_options options{.data = f.write("pairs.jsonl", teach_data_pairs(40)), .held_out_share = 0.25};
    const teach_data data = teach_data_of(options);
    CHECK(data.held_out.size() == 10);
    CHECK(data.learned.size() == 30);
    std::set<std::string_view> learned;
    std::size_t first = 0;
    for (const text_comparison& pair : data.learned) {
        learned.insert(pair.prompt);
        if (pair.first == "good") ++first;
    }
    CHECK(first > 5);
    CHECK(first < 25);
    for (const text_comparison& pair : data.held_out) CHECK_FALSE(learned.contains(pair.prompt));
    CHECK(teach_data_labelled(data.learned, data.labels));
    CHECK(teach_data_labelled(data.held_out, data.held_out_labels));
    CHECK(&data.held_out_names() == &data.file.names());

    const teach_data judged = teach_data_of(options, false); // nothing is learned
    CHECK(judged.learned.empty());
    CHECK(judged.held_out.size() == 40);
    teach_options too_many = options;
    too_many.held_out_share = 1;
    CHECK(test::contains(test::error_of([&] { teach_data_of(too_many); }), "leaves none to learn from"));
    CHECK_THROWS_AS(teach_data_of(too_many), input_error); // of the file, not of the usage
}

TEST_CASE("another file is held out whole, its ids apart from those of the first") {
    const test::folder f;
    const teach_options options{.data = f.write("pairs.jsonl", teach_data_pairs(20)),
                                .held_out = f.write("held-out.jsonl", teach_data_pairs(8, "q")),
                                .held_out_share = 0.5};
    const teach_data data = teach_data_of(options);
    CHECK(data.learned.size() == 20);
    REQUIRE(data.held_out.size() == 8);
    for (const text_comparison& pair : data.held_out) CHECK(pair.prompt.starts_with("q"));
    CHECK(data.labels.size() == 20);
    CHECK(data.held_out_labels.size() == 8);
    CHECK(teach_data_labelled(data.learned, data.labels));
    CHECK(teach_data_labelled(data.held_out, data.held_out_labels));
    CHECK(test::contains(data.held_out_names().file(), "held-out.jsonl"));
}

TEST_CASE("pairs of two identical responses may be held out and are not learned; what is left out is told") {
    const test::folder f;
    teach_options options{.held_out_share = 0};
    options.data =
        f.write("pairs.jsonl",
                teach_data_pairs(6) + R"({"id": "same", "prompt": "s", "chosen": "good", "rejected": "good"})" + "\n");
    std::string told;
    const teach_data data = teach_data_of(options, true, &told);
    CHECK(data.learned.size() == 6);
    CHECK(data.held_out.empty());
    CHECK(data.left_out.count(left_out_reason::identical_responses) == 1);
    CHECK(test::contains(told, "pairs.jsonl: 7 pairs, 6 kept"));
    CHECK(test::contains(told, "identical responses"));
    CHECK(teach_data_of(options, false).held_out.size() == 7);
    options.strict = true;
    CHECK(test::contains(test::error_of([&] { teach_data_of(options); }), "which --strict refuses"));
}
