#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/programs/aligning/align_file.hpp>

#include "../../files.hpp"
#include "../../pipeline/student_folder/tiny_gguf.hpp"
#include "../../pipeline/tiny_models.hpp"
#include "tiny_losses.hpp"

using namespace preflearn;

namespace {

struct align_files {
    test::folder folder;
    std::string told;

    align_files() {
        test::write_tiny_model(folder / "model");
        folder.write("pairs.jsonl", test::tiny_pairs(20));
    }
    [[nodiscard]] align_options options(const std::string& out = "student") const {
        align_options o{.model = folder / "model", .data = folder / "pairs.jsonl", .out = folder / out};
        o.held_out_share = 0.2;
        o.learning.maximum_tokens = 32;
        o.learning.optimiser.rate = o.learning.fine_tuning_optimiser.rate = 1e-2;
        o.learning.training.epochs = 2;
        o.learning.checkpoint_every = 1;
        return o;
    }
    aligned_student run(const align_options& given) {
        return align_file(test::on_processor(), given, test::tiny_loss,
                          [&](const std::string& line) { told += line + "\n"; });
    }
    std::string error_of(const align_options& given) {
        return test::error_of([&] { run(given); });
    }
    [[nodiscard]] nlohmann::json results(const std::string& out = "student") const {
        return nlohmann::json::parse(test::read(folder / out / "results.json"));
    }
};

std::vector<nlohmann::ordered_json> pairs_of_lines(const std::string& lines) {
    std::vector<nlohmann::ordered_json> all;
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) all.push_back(nlohmann::ordered_json::parse(line));
    return all;
}

/// Lists of four scored responses, of which those with more of a are better; each with a column of their own.
std::string tiny_lists(std::size_t count) {
    std::string lines;
    for (const auto& pair : pairs_of_lines(test::tiny_pairs(count))) {
        const std::string worst = "d" + pair["rejected"].get<std::string>();
        lines += nlohmann::ordered_json{{"prompt", pair["prompt"]},
                                        {"responses", {pair["rejected"], "aaa", worst, pair["chosen"]}},
                                        {"scores", {1, 3, 0, 2}}}
                     .dump() +
                 "\n";
    }
    return lines;
}

} // namespace

TEST_CASE("a student learns by a loss of every kind, from pairs and from ranked lists") {
    for (const char* const loss :
         {"dpo", "simpo", "aot", "tpo", "ld_dpo", "wpo", "tdpo2", "kto", "bco", "plackett_luce"}) {
        for (const char* const data : {"pairs.jsonl", "lists.jsonl"}) {
            CAPTURE(loss);
            CAPTURE(data);
            const loss_kind kind = loss_listed_as(loss).kind;
            if (kind == loss_kind::tokens && std::string_view(data) == "lists.jsonl") continue; // pairs, as for dpo
            align_files f;
            f.folder.write("lists.jsonl", tiny_lists(12));
            align_options options = f.options();
            options.data = f.folder / data;
            options.loss_name = loss;
            if (kind == loss_kind::triples && std::string_view(data) == "pairs.jsonl") {
                CHECK(test::contains(f.error_of(options), "it has no gold response"));
                continue;
            }
            const aligned_student made = f.run(options);
            CHECK(made.report.preferences.steps.size() > 2);
            CHECK(std::isfinite(made.report.held_out_loss.value()));
            CHECK(made.report.accuracy.value().defined());
            CHECK(f.results()["preferences"].size() == made.report.preferences.steps.size());
            CHECK(std::filesystem::exists(f.folder / "student/loss.svg"));
            CHECK(std::filesystem::exists(f.folder / "student/tokenizer.json"));
            CHECK_FALSE(std::filesystem::exists(f.folder / "student.unfinished"));
            CHECK(test::read(f.folder / "student/model.safetensors") !=
                  test::read(f.folder / "model/model.safetensors"));
        }
    }
}

TEST_CASE("training raises the reward of chosen responses and holds it against labels and human verdicts") {
    align_files f;
    std::string lines;
    for (auto pair : pairs_of_lines(test::tiny_pairs(30))) {
        pair["human"] = 1;
        lines += pair.dump() + "\n";
    }
    f.folder.write("pairs.jsonl", lines);
    align_options options = f.options();
    options.learning.training.epochs = 6;
    options.learning.optimiser.rate = 3e-2;
    const student_report report = f.run(options).report;
    CHECK(report.accuracy->value > 0.6);
    CHECK(report.human_verdicts == report.held_out);
    CHECK(report.human_accuracy->value == report.accuracy->value);
    CHECK(test::contains(to_text(report), "human verdicts"));
}

TEST_CASE("the same command is done already, another one writes nothing over") {
    align_files f;
    align_options options = f.options();
    options.learning.adapter = adapter_options{.rank = 2};
    f.run(options);
    CHECK(f.run(options).was_there);
    for (const auto& change : std::vector<std::function<void(align_options&)>>{
             [](align_options& o) { o.beta = 0.5; }, [](align_options& o) { o.learning.training.max_steps = 2; },
             [](align_options& o) { o.learning.training.clip_norm = 2; },
             [](align_options& o) { o.learning.optimiser.weight_decay = 0; },
             [](align_options& o) { o.learning.adapter->rank_stabilised = true; },
             [](align_options& o) { o.learning.adapter->layers = {0}; },
             [](align_options& o) { o.loss_name = "simpo"; },
             [](align_options& o) { o.weights = weight_use::normalised; },
             [](align_options& o) { o.records.columns.margin = "gap"; }}) {
        align_options other = options;
        change(other);
        CHECK(test::contains(f.error_of(other), "nothing is written over"));
    }
    std::filesystem::create_directory(f.folder / "mine");
    options.out = f.folder / "mine";
    CHECK(test::contains(f.error_of(options), "is there already"));
    CHECK(std::filesystem::is_empty(f.folder / "mine"));
}

TEST_CASE("a folder in which the run would keep what it goes on from is left alone where it is another's") {
    align_files f;
    std::filesystem::create_directory(f.folder / "student.unfinished");
    f.folder.write("student.unfinished/thesis.txt", "ten years");
    CHECK(test::contains(f.error_of(f.options()), "student.unfinished: is there already and not what an unfinished"));
    CHECK(test::read(f.folder / "student.unfinished/thesis.txt") == "ten years");
    CHECK_FALSE(std::filesystem::exists(f.folder / "student"));
    std::filesystem::rename(f.folder / "student.unfinished", f.folder / "elsewhere");
    f.run(f.options());
    std::filesystem::rename(f.folder / "elsewhere", f.folder / "student.unfinished");
    CHECK(f.run(f.options()).was_there); // which removes what a run has left, and that is not
    CHECK(test::read(f.folder / "student.unfinished/thesis.txt") == "ten years");
}

TEST_CASE("stopped at any step, the same call goes on to the same bytes") {
    for (const char* const loss : {"dpo", "tdpo2", "bco"}) {
        CAPTURE(loss);
        align_files f;
        align_options options = f.options("whole");
        options.loss_name = loss;
        options.learning.adapter = adapter_options{.rank = 2, .dropout = 0.2};
        options.learning.fine_tuning.epochs = 1;
        options.learning.training.epochs = 1;
        options.learning.watched.every = 1;
        f.run(options);
        options.out = f.folder / "stopped";
        for (std::size_t at = 1;; ++at) { // every run goes one step further than the one before
            std::size_t steps = 0;
            options.learning.observe = [&](std::string_view) {
                return [&](const training_step&) {
                    if (++steps == 1 && at < 5) throw std::runtime_error("stopped");
                };
            };
            try {
                f.run(options);
                break;
            } catch (const std::runtime_error&) {
                CHECK_FALSE(std::filesystem::exists(f.folder / "stopped"));
            }
            REQUIRE(at < 20);
        }
        CHECK(test::read(f.folder / "stopped/model.safetensors") == test::read(f.folder / "whole/model.safetensors"));
        CHECK(test::read(f.folder / "stopped/results.json") == test::read(f.folder / "whole/results.json"));
    }
}

TEST_CASE("a GGUF student has its results beside it, and is made once") {
    align_files f;
    align_options options = f.options("student.gguf");
    options.model = test::write_tiny_gguf(f.folder / "base.gguf");
    f.run(options);
    CHECK(std::filesystem::exists(f.folder / "student.gguf"));
    CHECK(nlohmann::json::parse(test::read(f.folder / "student.results.json")).contains("held_out"));
    CHECK(f.run(options).was_there);
    options.out = f.folder / "other.gguf";
    f.folder.write("other.results.json", "mine");
    CHECK(test::contains(f.error_of(options), "other.results.json"));
    CHECK(test::read(f.folder / "other.results.json") == "mine");
    CHECK_FALSE(std::filesystem::exists(f.folder / "other.gguf"));
}

TEST_CASE("the noise of labels goes to a loss that corrects for it, and to no other") {
    align_files f;
    align_options options = f.options();
    options.noise_rate = "0.2";
    CHECK(test::contains(f.error_of(options), "has no parameter for the share of wrong labels"));
    options.loss_name = "robust";
    const aligned_student made = f.run(options);
    CHECK(test::contains(made.report.loss, "label_smoothing=0.2"));
    CHECK(test::contains(f.told, "16 labels with a noise rate of 20.0% (--noise-rate) are worth 5.76 right ones"));
    options.out = f.folder / "by teacher";
    options.noise_rate = "teacher";
    CHECK(test::contains(f.error_of(options), "says nothing of the teacher's noise"));
    noise_estimate noise{.pairs = 100};
    noise.rate = {
        .value = 0.25, .standard_error = 0.02, .bounds = {0.2, 0.3}, .count = 90, .status = estimate_status::ok};
    f.folder.write("pairs.manifest.json", nlohmann::ordered_json{{"settings", {{"noise", to_json(noise)}}}}.dump());
    CHECK(test::contains(f.run(options).report.loss, "label_smoothing=0.25"));
    options.loss_parameters = {"label_smoothing=0.1"};
    CHECK(test::contains(f.error_of(options), "give one of them"));
}

TEST_CASE("another model stands as reference where a loss has one") {
    align_files f;
    test::write_tiny_model(f.folder / "other", false, 6);
    align_options options = f.options();
    options.reference = f.folder / "other";
    options.loss_name = "simpo";
    CHECK(test::contains(f.error_of(options), "has no reference"));
    for (const char* const loss : {"dpo", "tdpo2", "kto"}) {
        CAPTURE(loss);
        options.loss_name = loss;
        options.out = f.folder / loss;
        options.reference.clear();
        const double own = f.run(options).report.preferences.steps.front().loss;
        options.out = f.folder / (std::string(loss) + " by another");
        options.reference = f.folder / "other";
        CHECK(f.run(options).report.preferences.steps.front().loss != own);
    }
}

TEST_CASE("the shift of a weak policy is matched token by token") {
    align_files f;
    test::write_tiny_model(f.folder / "weak", false, 7);
    align_options options = f.options();
    options.loss_name = "wspo";
    CHECK(test::contains(f.error_of(options), "--weak-policy"));
    options.weak_policy = f.folder / "weak";
    options.weak_reference = f.folder / "model";
    const auto steps = f.run(options).report.preferences.steps;
    CHECK(steps.back().loss < steps.front().loss);
    options.loss_name = "dpo";
    CHECK(test::contains(f.error_of(options), "a weak policy is of the loss wspo"));
}

TEST_CASE("told a noise rate of each pair, a soft label is what its margin says, and hard ones without are refused") {
    align_files f;
    std::string with_margins, as_soft;
    double margin = 0.1;
    for (auto pair : pairs_of_lines(test::tiny_pairs(20))) {
        margin += 0.25;
        pair["margin"] = margin;
        with_margins += pair.dump() + "\n";
        pair.erase("margin");
        pair["probability"] = sigmoid(margin);
        as_soft += pair.dump() + "\n";
    }
    align_options options = f.options("a");
    options.data = f.folder.write("margins.jsonl", with_margins);
    options.learning.adapter = adapter_options{.rank = 2};
    options.noise_rate = "pairs";
    options.loss_name = "robust";
    f.run(options);
    CHECK(test::contains(f.told, "robust_by_pair stands in place of robust"));
    CHECK(test::contains(f.told, "16 of them by their margins as log-odds"));
    align_options soft = options;
    soft.data = f.folder.write("soft.jsonl", as_soft);
    soft.out = f.folder / "b";
    soft.noise_rate.clear();
    soft.loss_name = "robust_by_pair";
    f.run(soft);
    CHECK(test::read(f.folder / "a/model.safetensors") == test::read(f.folder / "b/model.safetensors"));
    options.out = f.folder / "c";
    options.data = f.folder / "pairs.jsonl";
    CHECK(test::contains(f.error_of(options), "neither a probability of its own nor a margin"));
}

TEST_CASE("ropo filters the rate that it is told") {
    align_files f;
    align_options options = f.options();
    options.loss_name = "ropo";
    options.noise_rate = "0.25";
    options.learning.training.batch_size = 4;
    options.learning.training.micro_batch_size = 2;
    f.run(options);
    CHECK(test::contains(f.told, "ropo_filtered stands in place of ropo"));
    CHECK(test::contains(f.results()["loss"].dump(), "filtered=0.25"));
}

TEST_CASE("spa learns beside its reference, in any micro-batches") {
    align_files f;
    test::write_tiny_model(f.folder / "other", false, 2);
    align_options options = f.options("whole");
    options.loss_name = "spa";
    options.loss_parameters = {"share=0.5", "alpha=0.3"};
    options.reference = f.folder / "other";
    options.learning.training.batch_size = 8;
    options.learning.training.micro_batch_size = 8;
    f.run(options);
    const double loss = f.results("whole")["held_out"]["loss"].get<double>();
    options.out = f.folder / "parts";
    options.learning.training.micro_batch_size = 1;
    f.run(options);
    CHECK(f.results("parts")["held_out"]["loss"].get<double>() == doctest::Approx(loss).epsilon(1e-4));
    options.out = f.folder / "less";
    options.loss_parameters.push_back("lambda=0");
    f.run(options); // another λ may choose others, and is another run
    CHECK(std::filesystem::exists(f.folder / "less"));
}

TEST_CASE("held-out examples that are learned from are counted, and called what they are") {
    align_files f;
    align_options options = f.options();
    options.learning.optimiser.rate = 0; // so that all rewards are equal
    options.held_out = f.folder / "pairs.jsonl";
    const student_report all = f.run(options).report;
    CHECK(all.learned_too == 20);
    CHECK(test::contains(to_text(all), "examples that it learned from: 20, none is held out"));
    CHECK(f.results()["held_out"]["learned_too"] == 20);
    CHECK(test::contains(f.told, "accuracy 50.0%")); // of ties
    CHECK(all.preferences.steps.back().eval_accuracy == 0.5);
    options.held_out = f.folder.write("held.jsonl", test::tiny_pairs(5, 9, "q") + test::tiny_pairs(20));
    options.out = f.folder / "some";
    CHECK(test::contains(to_text(f.run(options).report), "held-out examples: 25 (it learned from 20 of them, too)"));
}

TEST_CASE("weights of 0 alone or of absurd size, and pairs for a loss of triples, are refused in words") {
    align_files f;
    align_options options = f.options();
    const auto weighted = [&](double weight) {
        std::string lines;
        for (auto pair : pairs_of_lines(test::tiny_pairs(20))) {
            pair["weight"] = weight;
            lines += pair.dump() + "\n";
        }
        options.data = f.folder.write("weighted.jsonl", lines);
        return f.error_of(options);
    };
    CHECK(test::contains(weighted(0), "weighted.jsonl: the weights of all 16 examples are 0"));
    CHECK(test::contains(weighted(1e300), "weighted.jsonl:1: field 'weight': found '1e+300'"));
    options.data = f.folder / "pairs.jsonl";
    options.loss_name = "tpo";
    const std::string fault = f.error_of(options);
    CHECK(test::contains(fault, "the loss learns from triples, pairs with a gold response (column 'gold')"));
    CHECK_FALSE(test::contains(fault, "two scores"));
}
