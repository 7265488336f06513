#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/study/text_study.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/programs/teaching/teach.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

const any_loss<double>& dpo_loss() {
    static const any_loss<double> made(dpo{});
    return made;
}

struct taught_files {
    test::folder folder;
    std::string told;

    taught_files() {
        test::write_tiny_model(folder / "model");
        folder.write("pairs.jsonl", test::tiny_pairs(24));
    }
    [[nodiscard]] teach_options options(const std::string& out = "teacher") const {
        teach_options o{.model = folder / "model", .data = folder / "pairs.jsonl", .out = folder / out};
        o.held_out_share = 0.25;
        o.learning.maximum_tokens = 32;
        o.learning.optimiser.rate = o.learning.fine_tuning_optimiser.rate = 1e-2;
        o.learning.checkpoint_every = 1;
        return o;
    }
    taught run(const teach_options& given) {
        return teach(test::on_processor(), given, dpo_loss(), [&](const std::string& line) { told += line + "\n"; });
    }
    [[nodiscard]] std::string content(const std::string& out) const {
        std::string all;
        for (const char* const name : {"teacher.json", "results.json", "policy/adapter_model.safetensors",
                                       "policy/model.safetensors", "reference/adapter_model.safetensors"})
            if (std::filesystem::exists(folder / out / name)) all += test::read(folder / out / name);
        return all;
    }
};

} // namespace

TEST_CASE("a teacher is taught by adapters, held against pairs it did not learn from, and says what it is") {
    taught_files f;
    teach_options options = f.options();
    options.learning.adapter = adapter_options{.rank = 2};
    options.learning.training.epochs = 3;
    const taught made = f.run(options);
    REQUIRE(made.held_out.has_value());
    CHECK(made.held_out->pairs == 6);
    CHECK(made.held_out->accuracy.defined());
    CHECK(made.held_out->length_only.defined());
    CHECK(test::contains(f.told, "held-out loss"));
    const auto written = nlohmann::json::parse(test::read(f.folder / "teacher/teacher.json"));
    CHECK(written["kind"] == "implicit");
    CHECK(written["policy"]["from"] == "adapter");
    CHECK(written["reference"]["path"] == "reference");
    CHECK(written["end_token"] == true);
    CHECK(written["evaluation"]["length_only_accuracy"].contains("low"));
    CHECK(written["training"]["pairs"] == 18);
    CHECK_FALSE(std::filesystem::exists(f.folder / "teacher.unfinished"));

    CHECK(f.run(options).was_there); // nothing is done twice
    options.beta = 0.2;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "made in another way"));
    std::filesystem::create_directory(f.folder / "mine");
    options.out = f.folder / "mine";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "no teacher's folder"));
}

TEST_CASE("taught and labelling, it gives a study's teacher labels for the same pairs and options") {
    for (const bool adapter : {true, false}) {
        CAPTURE(adapter);
        taught_files f;
        text_study_options study{.teacher = f.folder / "model",
                                 .student = f.folder / "model",
                                 .data = f.folder / "pairs.jsonl",
                                 .labelled = 10,
                                 .unlabelled = 8,
                                 .test = 6};
        study.learning.maximum_tokens = 32;
        if (adapter) study.learning.adapter = adapter_options{.rank = 2};
        study.learning.fine_tuning_optimiser.rate = study.learning.optimiser.rate = 1e-2;
        const study_result expected = run_text_study(test::on_processor(), study, dpo_loss(), [](const auto&) {});

        const preference_data all = read_preferences(f.folder / "pairs.jsonl");
        std::ofstream labelled(f.folder / "labelled.jsonl"), others(f.folder / "others.jsonl");
        const auto lines = test::json_lines(f.folder / "pairs.jsonl");
        std::size_t taken = 0;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::uint64_t id = all.comparisons()[i].id;
            if (expected.human_labels.find(id)) {
                others << lines[i].dump() << '\n';
            } else if (!expected.human_test_labels.find(id)) {
                labelled << lines[i].dump() << '\n';
                ++taken;
            }
        }
        labelled.close();
        others.close();
        REQUIRE(taken == expected.labelled);
        teach_options options = f.options();
        options.data = f.folder / "labelled.jsonl";
        options.held_out_share = 0;
        options.learning.adapter = study.learning.adapter;
        f.run(options);
        const labelled_file found = label_file(
            test::on_processor(),
            {.teacher = f.folder / "teacher", .data = f.folder / "others.jsonl", .out = f.folder / "labels.jsonl"},
            [](const std::string&) {});
        CHECK(found.written == expected.unlabelled);
        for (const auto& line : test::json_lines(f.folder / "labels.jsonl")) {
            const preference verdict = expected.teacher_labels.at(hash_of(line["id"].get<std::string>()));
            CHECK(line["margin"].get<double>() == std::abs(verdict.margin().value()));
            const bool human_agrees = line["human"] == 1;
            CHECK(human_agrees ==
                  (verdict.decision() == expected.human_labels.at(hash_of(line["id"].get<std::string>())).decision()));
        }
    }
}

TEST_CASE("a teacher's name says what it is, not where its models lie, also as a member of an ensemble") {
    taught_files f;
    std::filesystem::copy(f.folder / "model", f.folder / "moved");
    const auto name_of_teacher = [&](const char* model, std::uint64_t seed) {
        teach_options options = f.options("T");
        options.model = f.folder / model;
        options.seed = seed;
        f.run(options);
        teach_options both = f.options("E");
        both.kind = "ensemble";
        both.model.clear();
        both.combination = "mean";
        both.members = {f.folder / "T"};
        f.run(both);
        const auto names = std::pair(open_teacher(f.folder / "T").name, open_teacher(f.folder / "E").name);
        for (const char* const made : {"T", "E"}) std::filesystem::remove_all(f.folder / made);
        return names;
    };
    const auto here = name_of_teacher("model", 1);
    CHECK((name_of_teacher("moved", 1) == here));
    const auto other = name_of_teacher("model", 2);
    CHECK(other.first != here.first);
    CHECK(other.second != here.second);
}

TEST_CASE("stopped at any step, the same call goes on to the same bytes, and leaves nothing half made") {
    taught_files f;
    teach_options options = f.options("whole");
    options.learning.adapter = adapter_options{.rank = 2, .dropout = 0.2};
    options.learning.training.epochs = 2;
    f.run(options);
    std::size_t steps = 0;
    options.out = f.folder / "stopped";
    std::size_t stops = 0;
    for (std::size_t at = 1;; ++at) { // every run goes one step further than the one before
        steps = 0;
        options.learning.observe = [&](std::string_view) {
            return [&](const training_step&) {
                if (++steps == 1 + at % 2) throw std::runtime_error("killed");
            };
        };
        try {
            f.run(options);
            break;
        } catch (const std::runtime_error& stop) {
            REQUIRE(std::string(stop.what()) == "killed");
            ++stops;
            CHECK_FALSE(std::filesystem::exists(f.folder / "stopped"));
        }
        REQUIRE(at < 100);
    }
    CHECK(stops >= 3);
    CHECK(f.content("stopped") == f.content("whole"));
}

TEST_CASE(
    "without adapters policy and reference are models of the folder; without fine-tuning the base is the reference") {
    taught_files f;
    teach_options options = f.options();
    f.run(options);
    auto written = nlohmann::json::parse(test::read(f.folder / "teacher/teacher.json"));
    CHECK(written["policy"]["from"] == "model");
    CHECK(written["reference"]["from"] == "model");
    options.out = f.folder / "untuned";
    options.learning.fine_tuning.epochs = 0;
    f.run(options);
    written = nlohmann::json::parse(test::read(f.folder / "untuned/teacher.json"));
    CHECK(written["reference"]["from"] == "base");
    options.out = f.folder / "wrapped"; // a model that was trained elsewhere, and its reference
    test::write_tiny_model(f.folder / "other", false, 8);
    options.reference = f.folder / "other";
    options.learning.training.epochs = 0;
    const taught wrapped = f.run(options);
    written = nlohmann::json::parse(test::read(f.folder / "wrapped/teacher.json"));
    CHECK(written["policy"]["from"] == "base");
    CHECK(written["reference"]["from"] == "outside");
    CHECK(wrapped.held_out->pairs == 24);
}

TEST_CASE("likelihood, longer and recorded are teachers, too; what does not go together is refused") {
    taught_files f;
    teach_options options = f.options("sft");
    options.kind = "likelihood";
    options.per_token = true;
    CHECK(f.run(options).held_out->accuracy.defined());
    options = f.options("longer");
    options.kind = "longer";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "has no model"));
    options.model.clear();
    const taught longer = f.run(options);
    CHECK(longer.held_out->pairs == 24);
    CHECK(longer.held_out->accuracy.value == longer.held_out->length_only.value);
    options = f.options("recorded");
    options.kind = "recorded";
    options.model.clear();
    options.data = f.folder.write("verdicts.jsonl", R"({"id": "p0", "margin": 2})"
                                                    "\n"
                                                    R"({"id": "p1", "scores": [0.5, 1.5]})"
                                                    "\n");
    options.held_out = f.folder / "pairs.jsonl";
    const taught recorded = f.run(options);
    CHECK(recorded.held_out->unfit == 22);
    CHECK(recorded.held_out->accuracy.value == 0.5);
    options = f.options("both"); // a folder of both
    options.kind = "ensemble";
    options.model.clear();
    options.members = {f.folder / "longer", f.folder / "sft"};
    options.combination = "vote";
    CHECK(f.run(options).held_out->accuracy.defined());
    CHECK(std::filesystem::exists(f.folder / "both/members/1/policy/model.safetensors"));
    CHECK(f.run(options).was_there);
    options.members.clear();
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "at least one"));
    options.kind = "oracle";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), teacher_kind_names()));
}

TEST_CASE("held against pairs that it learned from, a teacher is not called measured") {
    taught_files f;
    teach_options options = f.options();
    options.learning.adapter = adapter_options{.rank = 2};
    options.held_out = f.folder / "pairs.jsonl";
    const taught all = f.run(options);
    CHECK(all.held_out->remembered);
    CHECK(all.held_out->learned_from == all.held_out->pairs);
    CHECK(test::contains(to_text(*all.held_out), "how well it remembers"));
    CHECK_FALSE(all.description.calibrated);
    CHECK_FALSE(teacher_noise(f.folder / "teacher")->rate.defined());
    // whose labels then have no noise rate, and say why
    const label_options labelling{.teacher = f.folder / "teacher",
                                  .data = f.folder.write("new.jsonl", test::tiny_pairs(9, 3)),
                                  .out = f.folder / "labels.jsonl"};
    const labelled_file labels = label_file(test::on_processor(), labelling, [](const auto&) {});
    CHECK(test::contains(to_text(labels), "noise: not measured: the teacher learned from all"));

    f.folder.write("held.jsonl", test::tiny_pairs(5, 7, "q") + test::read(f.folder / "pairs.jsonl"));
    options.held_out = f.folder / "held.jsonl";
    options.out = f.folder / "other";
    const taught some = f.run(options);
    CHECK_FALSE(some.held_out->remembered);
    CHECK(some.held_out->learned_from == all.held_out->learned_from);
    CHECK(some.held_out->pairs == 5);
    CHECK(teacher_noise(f.folder / "other")->pairs == 5);
    CHECK(read_judged_pairs(f.folder / "other" / judged_pairs_file).size() == 5);
}

TEST_CASE("the surest labels of a teacher have the noise of its surest held-out pairs") {
    taught_files f;
    f.folder.write("pairs.jsonl", test::tiny_pairs(60));
    teach_options options = f.options();
    options.learning.adapter = adapter_options{.rank = 2};
    options.held_out_share = 0.5;
    f.run(options);
    label_options labelling{.teacher = f.folder / "teacher",
                            .data = f.folder.write("new.jsonl", test::tiny_pairs(40, 3)),
                            .out = f.folder / "labels.jsonl",
                            .rule = label_rule{label_rule_kind::top, 25}};
    const auto run = [&] { return label_file(test::on_processor(), labelling, [](const auto&) {}); };
    const labelled_file labels = run();
    double least = 1e300;
    for (const nlohmann::json& line : test::json_lines(f.folder / "labels.jsonl"))
        least = std::min(least, line["margin"].get<double>());
    const double temperature = labels.calibration.temperature;
    double wrong = 0, kept = 0;
    for (const judged_pair& pair : read_judged_pairs(f.folder / "teacher" / judged_pairs_file)) {
        if (std::abs(pair.margin) / temperature < least * (1 - 1e-12)) continue;
        ++kept;
        wrong += 1 - pair.right;
    }
    REQUIRE(kept > 0);
    CHECK(static_cast<double>(labels.noise->labels.pairs) == kept);
    CHECK(labels.noise->labels.rate.value == doctest::Approx(wrong / kept));
    f.folder.write("teacher/held-out-pairs.jsonl", "");
    labelling.out = f.folder / "again.jsonl";
    CHECK(test::contains(test::error_of(run), "held-out-pairs.jsonl: was changed"));
}
