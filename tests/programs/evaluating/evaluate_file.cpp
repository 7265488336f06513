#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/programs/evaluating/evaluate_file.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

using json = nlohmann::json;

/// Students, and teachers that need no model: who prefers the longer one, and recorded scores.
struct evaluated_files {
    test::folder folder;
    std::string told;

    evaluated_files() {
        student("sft", "a", 1);
        student("weak", "bb", 2);
        student("human", "ccc", 3);
        teacher("longer", {.kind = "longer"});
    }
    /// Responses of one letter, whose lengths depend on the prompt.
    void student(const std::string& name, const std::string& text, std::size_t step) const {
        std::string lines;
        for (std::size_t i = 0; i < 20; ++i) {
            std::string response = text;
            for (std::size_t n = (i * step) % 5; n > 0; --n) response += "d";
            lines += json{{"id", "p" + std::to_string(i)},
                          {"prompt", "ab" + std::to_string(i)},
                          {"responses", {response, text}}}
                         .dump() +
                     "\n";
        }
        folder.write(name + ".jsonl", lines);
    }
    void teacher(const std::string& name, const teacher_description& told_of) const {
        std::filesystem::create_directory(folder / name);
        write_json(to_json(told_of), folder / name / "teacher.json");
    }
    [[nodiscard]] evaluate_options options(const std::string& out = "e.json") const {
        evaluate_options made{.gold = {folder / "longer"}, .json = folder / out};
        for (const char* const name : {"sft", "weak", "human"})
            made.responses.push_back({name, folder / (std::string(name) + ".jsonl")});
        made.replicates = 200;
        return made;
    }
    evaluated_file run(const evaluate_options& given, const work_progress& seen = {}) {
        return evaluate_file(
            test::on_processor(), given, [&](const std::string& line) { told += line + "\n"; }, seen);
    }
    [[nodiscard]] json result(const std::string& name = "e.json") const {
        return json::parse(test::read(folder / name));
    }
};

} // namespace

TEST_CASE("students are evaluated from files to JSON, tables, games, rows and a report; the same again says so") {
    evaluated_files f;
    evaluate_options options = f.options();
    options.games = f.folder / "games.csv";
    options.rows = f.folder / "rows.csv";
    options.report = f.folder / "report";
    const evaluated_file found = f.run(options);
    CHECK(found.result.defined());
    const json e = f.result();
    CHECK(e["prompts"] == 20);
    CHECK(e["roles"]["sft"] == "sft");
    const json& gold = e["evaluators"][0];
    CHECK(gold["kind"] == "longer");
    CHECK(gold["rewards"][0]["reward"]["value"] == doctest::Approx(2)); // (1 + 2 + 3 + 4 + 5 + 5 · 1) / 10
    CHECK(gold["gra"].size() == 2);
    CHECK(gold["gaps"][0]["performance_gap_recovered"].is_null());
    CHECK(gold["gaps"][0]["of_the_gap_to_sft"]["bootstrap"]["value"] == doctest::Approx(0.5));
    CHECK(gold["best_of"].size() == 3);
    const json manifest = f.result("e.json.manifest.json");
    CHECK(manifest["settings"]["cost"][0]["judgements"] == 20);
    const game_table games = read_games(f.folder / "games.csv",
                                        {.cluster = "prompt", .judge = "judge", .covariates = {"length_difference"}});
    CHECK(games.items.size() == 3);
    CHECK(games.winners.size() == 60);
    CHECK(games.clusters.names.size() == 20);
    CHECK(test::contains(test::read(f.folder / "rows.csv"), "reward by longer:"));
    for (const char* const name : {"evaluation.md", "rewards-1.svg", "wins-1.svg", "best-of-1.svg"})
        CHECK(std::filesystem::exists(f.folder / "report" / name));
    CHECK(test::contains(to_text(found.result), "roles: SFT = sft, ceiling = human, student = weak"));
    const evaluated_file again = f.run(options);
    CHECK(again.was_there);
    CHECK(again.defined);
    options.tie_within = 1;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "nothing is written over"));
    CHECK_FALSE(std::filesystem::exists(f.folder / "e.json.1.part"));
}

TEST_CASE("what stands in the place of games, rows, report or manifest is not written over") {
    for (const char* const name : {"games.csv", "rows.csv", "report/thesis.txt", "e.json.manifest.json"}) {
        CAPTURE(name);
        evaluated_files f;
        evaluate_options options = f.options();
        options.games = f.folder / "games.csv";
        options.rows = f.folder / "rows.csv";
        options.report = f.folder / "report";
        std::filesystem::create_directory(f.folder / "report"); // an empty folder is taken
        f.folder.write(name, "ten years of notes");
        CHECK(test::contains(test::error_of([&] { f.run(options); }), "is there already"));
        CHECK(test::read(f.folder / name) == "ten years of notes");
        CHECK_FALSE(std::filesystem::exists(f.folder / "e.json"));
        std::filesystem::remove(f.folder / name);
        f.run(options);
        std::filesystem::remove(f.folder / "e.json"); // as if stopped just before its end
        CHECK_FALSE(f.run(options).was_there);
    }
}

TEST_CASE("stopped at any block it goes on to the same bytes") {
    evaluated_files f;
    f.teacher("second", {.kind = "longer", .temperature = 2, .calibrated = true});
    evaluate_options options = f.options("whole.json");
    options.judge = {f.folder / "second"};
    f.run(options);
    options.json = f.folder / "e.json";
    std::size_t stops = 0;
    const auto stopped = [&] {
        std::size_t blocks = stops % 3;
        try {
            f.run(options, [&](std::string_view, std::size_t, std::size_t, double, double) {
                if (blocks-- == 0) throw std::runtime_error("killed");
            });
        } catch (const std::runtime_error&) {
            return true;
        }
        return false;
    };
    for (; stopped(); ++stops) REQUIRE(stops < 50);
    CHECK(stops > 2);
    CHECK(test::read(f.folder / "e.json") == test::read(f.folder / "whole.json"));
    const json panel = f.result()["panel"];
    CHECK(panel["pairs"][0]["disagreement"]["value"] == 0);
    CHECK(panel["worst"].size() == 6);
}

TEST_CASE("recorded scores are a gold teacher, also where a response has two texts only") {
    evaluated_files f;
    std::string records;
    for (std::size_t i = 0; i < 20; ++i)
        records +=
            json{{"id", "p" + std::to_string(i)}, {"responses", {"bb", "ccc", "bbd", "cccd"}}, {"scores", {1, 2, 3, 4}}}
                .dump() +
            "\n";
    std::filesystem::create_directory(f.folder / "recorded");
    f.folder.write("recorded/r.jsonl", records);
    f.teacher("recorded",
              {.kind = "recorded", .records = "r.jsonl", .records_hash = part_hash(f.folder / "recorded", "r.jsonl")});
    evaluate_options options = f.options();
    options.gold = {f.folder / "recorded"};
    options.responses.erase(options.responses.begin());
    for (response_source& source : options.responses) {
        std::string lines;
        for (std::size_t i = 0; i < 20; ++i)
            lines += json{{"id", "p" + std::to_string(i)},
                          {"prompt", "x" + std::to_string(i)},
                          {"response", source.name == "weak" ? "bb" : "ccc"}}
                         .dump() +
                     "\n";
        source.path = f.folder.write(source.name + ".one", lines);
    }
    f.run(options);
    const json e = f.result();
    CHECK(e["evaluators"][0]["wins"][0]["win_rate"]["value"] == 0);
    CHECK(e["evaluators"][0]["rewards"][1]["reward"]["value"] == 2);
}

TEST_CASE("wrong models, names, folders and files are refused before anything is judged") {
    evaluated_files f;
    evaluate_options options = f.options();
    options.models = {f.folder / "nowhere"};
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "has no base model, and one was given"));
    options = f.options();
    options.judge = options.gold;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "stands twice among the evaluators"));
    options = f.options();
    options.sft = "who";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "there are no responses of 'who'"));
    options = f.options();
    options.training = {f.folder.write("t.jsonl", R"({"prompt": "ab3", "chosen": "x", "rejected": "y"})")};
    CHECK(test::contains(f.run(options).result.notes.at(0), "1 of the 20 evaluated prompts stand in"));
}

TEST_CASE("a language model is a gold teacher: two equal students have one half, and its cost is told") {
    evaluated_files f;
    test::write_tiny_model(f.folder / "model", true, 5);
    f.teacher("likelihood", {.kind = "likelihood",
                             .base = outside_model{(f.folder / "model").string(), identify_model(f.folder / "model")},
                             .policy = teacher_weights{},
                             .end_token = true});
    std::string lines;
    for (const char* const prompt : {"ab", "ba", "cad"})
        lines += json{{"prompt", prompt}, {"responses", {std::string(prompt) + "c", "dab"}}}.dump() + "\n";
    const auto path = f.folder.write("r.jsonl", lines);
    evaluate_options options = f.options();
    options.gold = {f.folder / "likelihood"};
    options.responses = {{"sft", path}, {"student", path}, {"one", path, response_pick::first}};
    const evaluation result = f.run(options).result;
    const evaluator_result& gold = result.evaluators[0];
    CHECK(gold.said.way.scores);
    CHECK(gold.against(1, 0)->win_rate.value == 0.5);
    CHECK(gold.rewards[0].value == gold.rewards[1].value);
    CHECK(gold.rewards[0].value < 0);
    CHECK(gold.said.rewards[2][2][0] == gold.said.rewards[2][0][0]);
    CHECK(f.result("e.json.manifest.json")["settings"]["cost"][0]["operations"] > 0);
    options.json = f.folder / "other.json";
    options.end_token = false;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "its end rule is part of it"));
}

TEST_CASE("a teacher that can judge nothing gives no defined result, and says why") {
    evaluated_files f;
    std::filesystem::create_directory(f.folder / "recorded");
    f.folder.write("recorded/r.jsonl", "{\"id\": \"another\", \"margin\": 1}\n");
    f.teacher("recorded",
              {.kind = "recorded", .records = "r.jsonl", .records_hash = part_hash(f.folder / "recorded", "r.jsonl")});
    evaluate_options options = f.options();
    options.gold = {f.folder / "recorded"};
    const evaluated_file found = f.run(options);
    CHECK_FALSE(found.result.defined());
    CHECK_FALSE(found.defined);
    const evaluated_file again = f.run(options);
    CHECK(again.was_there);
    CHECK_FALSE(again.defined);
    CHECK(f.result()["evaluators"][0]["left_out"]["no_label"]["prompts"] == 20);
}
