// What users run by oneDNN's products on files: scoring pairs and a whole study, near the numbers of cpu_backend, with
// the same bits for any number of threads and where a run was stopped.
#include <doctest/doctest.h>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/backend/cpu/onednn/backend.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/scoring/score_file.hpp>
#include <preflearn/pipeline/study/text_study.hpp>

#include "../../../files.hpp"
#include "../../../threads.hpp"
#include "small_model.hpp"

using namespace preflearn;

namespace {

/// A model of two layers as a Hugging Face folder, and a file of pairs.
struct text_files {
    test::folder folder;

    explicit text_files(std::size_t pairs) {
        transformer_config config = test::small_model(6, 64);
        config.end_tokens = {5};
        const transformer<float> random(config, generator(8, "weights"));
        save_transformer(random, folder / "model");
        std::ofstream(folder / "model" / "tokenizer.json")
            << R"({"added_tokens":[{"id":5,"content":"</s>","special":true}],"model":{"type":"BPE",)"
            << R"("vocab":{"a":0,"b":1,"c":2,"d":3,"ab":4,"</s>":5},"merges":[["a","b"]]}})";
        std::ofstream(folder / "model" / "tokenizer_config.json") << R"({"eos_token":"</s>"})";
        std::ofstream lines(folder / "pairs.jsonl");
        for (std::size_t i = 0; i < pairs; ++i)
            lines << R"({"prompt":")" << std::string(1 + i % 5, "abcd"[i % 4]) << i << R"(","chosen":")"
                  << std::string(1 + i % 7, "abc"[i % 3]) << R"(","rejected":"dcd"})" << '\n';
    }
    [[nodiscard]] score_file_options scoring(const std::string& out) const {
        return {.model = folder / "model", .data = folder / "pairs.jsonl", .out = folder / out};
    }
    template <class Backend> [[nodiscard]] std::string scored(const std::string& out) const {
        score_file<float, Backend>(
            scoring(out), [](const std::string&) {}, [](std::size_t, std::size_t) {});
        return test::read(folder / out);
    }
    template <class Backend> [[nodiscard]] study_result study(const std::string& checkpoints = {}) const {
        text_study_options o{.teacher = folder / "model",
                             .student = folder / "model",
                             .data = folder / "pairs.jsonl",
                             .labelled = 6,
                             .unlabelled = 6,
                             .test = 4};
        o.student_training = o.learning.training;
        o.student_training->epochs = 2;
        o.student_optimiser = adamw{.rate = 1e-3};
        if (!checkpoints.empty()) {
            std::filesystem::create_directories(folder / checkpoints);
            o.checkpoints = folder / checkpoints;
            o.learning.checkpoint_every = 1;
        }
        return run_text_study<Backend>(o, dpo{}, [](const text_study_data&) {});
    }
};

/// What training decides of a student.
std::vector<double> outcome(const student_result& student) {
    std::vector<double> numbers;
    for (const auto& step : student.training.steps) numbers.push_back(step.loss);
    for (const label& l : student.test_labels) numbers.push_back(l.verdict.margin().value());
    return numbers;
}
std::vector<double> outcome(const study_result& result) {
    std::vector<double> numbers;
    for (std::size_t s = 1; s < result.students.size(); ++s) // the first has not learned
        for (const double number : outcome(result.students[s])) numbers.push_back(number);
    return numbers;
}

bool learned_the_same(const student_result& a, const student_result& b) {
    for (const label& l : a.labels)
        if (b.labels.at(l.id).decision() != l.verdict.decision()) return false;
    return true;
}

} // namespace

TEST_CASE_TEMPLATE("a file scored by oneDNN's products is near float's, with the bits of any thread count, and goes on",
                   Factor, float, bfloat16) {
    using backend = onednn_backend<Factor>;
    const text_files f(40); // more than two blocks of them
    test::use_threads(1);
    const std::string one = f.scored<backend>("one.jsonl");
    test::use_threads(3);
    CHECK(f.scored<backend>("three.jsonl") == one);
    test::use_threads();

    const auto precision = read_json_file(f.folder / "one.jsonl.manifest.json")["settings"]["precision"];
    CHECK(precision == message("float, ", backend::name));
    const std::string plain = f.scored<cpu_backend>("plain.jsonl");
    std::istringstream ours(one), theirs(plain);
    std::size_t lines = 0;
    for (std::string a, b; std::getline(ours, a) && std::getline(theirs, b); ++lines)
        for (const char* const side : {"chosen_logp", "rejected_logp"})
            CHECK(nlohmann::json::parse(a)[side].get<double>() ==
                  doctest::Approx(nlohmann::json::parse(b)[side].get<double>())
                      .epsilon(std::same_as<Factor, float> ? 1e-5 : 0.05));
    CHECK(lines == 40);

    const auto stopped = [&] { // after its first block
        score_file<float, backend>(
            f.scoring("stopped.jsonl"), [](const std::string&) {},
            [](std::size_t done, std::size_t) { require(done == 0, "stopped"); });
    };
    CHECK_THROWS_AS(stopped(), argument_error);
    CHECK_FALSE(std::filesystem::exists(f.folder / "stopped.jsonl"));
    CHECK(f.scored<backend>("stopped.jsonl") == one);
}

TEST_CASE_TEMPLATE("a study by oneDNN's products ends near float's, with the bits of any thread count, and goes on",
                   Factor, float, bfloat16) {
    using backend = onednn_backend<Factor>;
    const text_files f(20);
    test::use_threads(1);
    const study_result first = f.study<backend>("runs");
    const std::vector<double> one = outcome(first);
    test::use_threads(3);
    std::size_t removed = 0; // runs that end here are gone over again, those that are left are read
    for (const auto& file : std::filesystem::directory_iterator(f.folder / "runs"))
        if (file.path().filename().string().find("student-of") != std::string::npos && removed++ % 2 == 0)
            std::filesystem::remove(file.path());
    CHECK(removed == 4);
    CHECK(outcome(f.study<backend>("runs")) == one);
    CHECK(outcome(f.study<backend>()) == one);
    test::use_threads();
    const study_result plain = f.study<cpu_backend>();
    for (std::size_t s = 1; s < plain.students.size(); ++s) {
        if (std::same_as<Factor, bfloat16> && !learned_the_same(first.students[s], plain.students[s])) {
            CHECK(s == 2); // the weak teacher may decide a narrow pair otherwise
            continue;
        }
        const std::vector<double> ours = outcome(first.students[s]), theirs = outcome(plain.students[s]);
        REQUIRE(ours.size() == theirs.size());
        for (std::size_t i = 0; i < ours.size(); ++i)
            CHECK(std::abs(ours[i] - theirs[i]) < (std::same_as<Factor, float> ? 1e-4 : 0.02));
    }
}
