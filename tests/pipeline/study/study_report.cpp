#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/study/study_report.hpp>

#include "../../files.hpp"
#include "../toy_study.hpp"

using namespace preflearn;

TEST_CASE("a report folder holds tables, pictures and a manifest that say what the summary says") {
    const test::toy_data data(140);
    const std::vector<study_result> results{test::run_toy_study(data, test::toy_options())};
    const study_summary summary = summarise(results);
    const test::folder folder;
    write_study(folder.path(), results, summary, {.program = "test", .seed = 0});
    const auto content = [&](const char* name) { return test::read(folder / name); };
    const auto json = nlohmann::json::parse(content("results.json"));
    REQUIRE(json["students"].size() == 6);
    CHECK(json["students"][2]["student of"] == "weak teacher");
    CHECK(json["students"][2]["gold reward"]["value"] == summary.rows[2].gold_reward.value);
    CHECK(json["students"][0]["labels vs gold"].is_null());
    CHECK(nlohmann::json::parse(content("manifest.json"))["program"] == "test");
    const std::string pairs = content("pairs.csv");
    CHECK(std::ranges::count(pairs, '\n') == 61);
    const std::string training = content("training.csv");
    CHECK(training_plot(results[0], "loss", 4).series[1].x.size() == 4);
    CHECK(std::ranges::count(training, '\n') == 1 + 10 + 4 * 16 + 26);
    for (const char* name : {"agreement-against-margin.svg", "agreement-of-labels.svg", "training-loss.svg",
                             "training-accuracy.svg", "training-margin.svg"})
        CHECK(content(name).find("</svg>") != std::string::npos);
}

TEST_CASE("a study without gold has a table without gold columns") {
    study_summary summary{.seeds = 1, .rows = {{.name = "human labels"}}};
    const table shown = study_table(summary);
    for (const table_column& column : shown.columns) CHECK(column.name.find("gold") == std::string::npos);
    CHECK(to_text(shown).find("win rate") == std::string::npos);
}
