#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/programs/study/study_labels.hpp>
#include <preflearn/teacher/rule.hpp>

#include "../../files.hpp"
#include "../../json_lines.hpp"

using namespace preflearn;

TEST_CASE("labels have the turns of their file, the responses in its order, and ties beside them") {
    test::folder f;
    std::string lines;
    for (const char* const id : {"a", "b", "c", "d"})
        lines += nlohmann::json{{"id", id},
                                {"prompt", {{{"role", "user"}, {"content", "hello " + std::string(id)}}}},
                                {"chosen", {{{"role", "assistant"}, {"content", "good"}}}},
                                {"rejected", {{{"role", "assistant"}, {"content", "bad"}}}}}
                     .dump() +
                 "\n";
    f.write("pairs.jsonl", lines);
    const preference_data data = read_preferences(f / "pairs.jsonl");
    const auto parts =
        split_preferences(data.comparisons(), data.labels(), split_options{.unlabelled = 4, .seed = 7, .exact = false});
    label_set labels;
    for (std::size_t i = 0; i < 4; ++i) { // "good" is the better one but in the first pair, and one is a tie
        const bool good_first = parts.unlabelled[i].first.find("good") != std::string_view::npos;
        const double margin = i == 3 ? 0 : 0.5 + static_cast<double>(i);
        labels.add({parts.unlabelled[i].id, hard_label{}(good_first == (i > 0) ? margin : -margin)});
    }
    const study_labels from{.pairs = parts.unlabelled,
                            .labels = labels,
                            .human = parts.labels,
                            .names = data.names(),
                            .seed = 7,
                            .data = f / "pairs.jsonl"};
    const labelled_file found =
        write_study_labels(from, "teacher:1", output_run_of({.program = "weak_teacher"}), f / "labels.jsonl");
    CHECK(found.written == 3);
    const auto written = test::json_lines(f / "labels.jsonl");
    REQUIRE(written.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CAPTURE(i);
        CHECK(written[i]["id"] == data.names().find(parts.unlabelled[i].id).id);
        CHECK(written[i]["prompt"][0]["role"] == "user");
        CHECK(written[i]["chosen"][0]["content"] == (i == 0 ? "bad" : "good"));
        CHECK(written[i]["human"] == (i == 0 ? 0 : 1));
        CHECK(written[i]["margin"] == 0.5 + static_cast<double>(i));
        CHECK(written[i]["probability"] == 1);
        CHECK(written[i]["teacher"] == "teacher:1");
    }
    CHECK(test::json_lines(f / "labels.left-out.jsonl").at(0)["reason"] == "tie");
    CHECK(test::contains(test::read(f / "labels.manifest.json"), "\"tie\": 1"));
}
