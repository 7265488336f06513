// The main job: a weak teacher aligns a student (Tao & Li, ICLR 2025). Without arguments it runs in a generated world
// with small transformers; with --teacher, --student and --data it runs the same study on real models and real pairs.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <preflearn/loss.hpp>
#include <preflearn/pipeline.hpp>
#include <preflearn/text/chat/chat_template.hpp>

#include "number_checks.hpp"

namespace {

struct arguments {
    std::string teacher, student, data, report, checkpoints, chat_format, loss = "sigmoid";
    std::vector<std::string> parameters;
    std::optional<std::size_t> labelled, unlabelled, test, epochs, fine_tuning_epochs, batch, maximum_tokens;
    std::optional<double> rate, fine_tuning_rate;
    std::optional<double> beta;
    double human_agreement = 0.75;
    std::uint64_t seed = 0;
    std::size_t seeds = 0, checkpoint_every = 0;
    std::string id_field = "id", boundary = "separate", pretokenizer;
    bool soft_labels = false, skip_malformed = false, strict = false;
};

/// Of DPO and of the implicit reward.
double beta_of(const arguments& given) { return given.beta.value_or(0.1); }

/// The loss by name; --beta is its beta, too, where it has one and --param names no other.
preflearn::any_loss<double> loss_of(const arguments& given) {
    std::vector<preflearn::named_value> parameters;
    for (const std::string& parameter : given.parameters) parameters.push_back(preflearn::parse_named_value(parameter));
    const bool named = std::ranges::count(parameters, "beta", &preflearn::named_value::name) > 0;
    if (given.beta && !named && preflearn::loss_has_parameter(given.loss, "beta"))
        parameters.push_back({"beta", preflearn::shortest_digits(*given.beta)});
    return preflearn::loss_named(given.loss, parameters);
}

/// Puts what was given on the command line over the defaults, which both kinds of study share by name.
template <class Options> void apply(const arguments& given, Options& options) {
    const auto set = [](auto& option, const auto& value) {
        if (value) option = *value;
    };
    set(options.labelled, given.labelled);
    set(options.unlabelled, given.unlabelled);
    set(options.test, given.test);
    set(options.fine_tuning.epochs, given.fine_tuning_epochs);
    set(options.fine_tuning_optimiser.rate, given.fine_tuning_rate);
    preflearn::study_options& study = options.study;
    for (preflearn::training_options* training : {&study.teacher_training, &study.student_training}) {
        set(training->epochs, given.epochs);
        set(training->batch_size, given.batch);
    }
    for (preflearn::adamw* optimiser : {&study.teacher_optimiser, &study.student_optimiser})
        set(optimiser->rate, given.rate);
    study.beta = beta_of(given);
    study.seed = given.seed;
    study.soft_labels = given.soft_labels;
    study.checkpoints = {.path = given.checkpoints, .every = given.checkpoint_every};
}

std::vector<preflearn::study_result> study_world(const arguments& given, std::size_t seeds, preflearn::manifest& run) {
    preflearn::world_study_options options;
    apply(given, options);
    options.human_agreement = given.human_agreement;
    constexpr std::size_t runs_of_a_seed = 8; // two fine-tunings, the teacher, five students
    options.study.observe = preflearn::study_progress("weak teacher", runs_of_a_seed * seeds);
    run.settings["world"] = {{"words", options.world.words},
                             {"prompt_words", options.world.prompt_words},
                             {"demonstrations", options.demonstrations},
                             {"human_agreement", options.human_agreement}};
    return preflearn::run_world_studies(options, loss_of(given), seeds);
}

/// \param data receives what became of the file's pairs
std::vector<preflearn::study_result> study_texts(const arguments& given, std::size_t seeds, preflearn::manifest& run,
                                                 preflearn::text_study_data& data) {
    preflearn::text_study_options options{.teacher = given.teacher, .student = given.student, .data = given.data};
    apply(given, options);
    options.reading.skip_malformed = given.skip_malformed;
    options.reading.id_field = given.id_field;
    options.needs_tokens = preflearn::loss_reads_lengths(given.loss);
    options.strict = given.strict;
    if (given.maximum_tokens) options.maximum_tokens = *given.maximum_tokens;
    options.chat_format = given.chat_format;
    options.boundary =
        given.boundary == "joint" ? preflearn::token_boundary::joint : preflearn::token_boundary::separate;
    options.tokenizer.pretokenizer = given.pretokenizer;
    options.study.observe = [](std::string_view title) { return preflearn::progress_bar(std::string(title)); };
    for (const std::string& path : std::set<std::string>{given.data, given.teacher, given.student}) // each once
        for (const preflearn::input_file& file : preflearn::hash_files(path)) run.inputs.push_back(file);
    run.settings["maximum_tokens"] = options.maximum_tokens;
    run.settings["boundary"] = given.boundary;
    if (!given.pretokenizer.empty()) run.settings["pretokenizer"] = given.pretokenizer;
    std::vector<preflearn::study_result> results;
    for (std::size_t s = 0; s < seeds; ++s) {
        options.study.seed = given.seed + s;
        results.push_back(
            preflearn::run_text_study(options, loss_of(given), [&](const preflearn::text_study_data& found) {
                if (s > 0) return; // the same for every seed
                data = found;
                if (found.kept > 0) std::fputs(found.summary.c_str(), stderr); // else the error says it
                if (given.report.empty()) return;
                preflearn::write_left_out(std::filesystem::path(given.report) / "left-out.jsonl", found.left_out);
            }));
    }
    return results;
}

void run(const arguments& given, std::vector<std::string> command_line) {
    const auto start = std::chrono::steady_clock::now();
    const bool world = given.data.empty();
    const std::size_t seeds = given.seeds != 0 ? given.seeds : world ? 8 : 1;
    preflearn::manifest record{.program = "weak_teacher",
                               .started = std::chrono::system_clock::now(),
                               .command_line = std::move(command_line),
                               .seed = given.seed,
                               .beta = beta_of(given),
                               .threads = static_cast<unsigned>(preflearn::thread_count())};
    if (!given.report.empty()) std::filesystem::create_directories(given.report); // fails now rather than in an hour
    if (!given.checkpoints.empty()) std::filesystem::create_directories(given.checkpoints);
    preflearn::text_study_data data;
    const auto results = world ? study_world(given, seeds, record) : study_texts(given, seeds, record, data);
    const preflearn::study_summary summary = preflearn::summarise(results);
    std::printf("%s\n%s", preflearn::to_text(preflearn::study_table(summary)).c_str(),
                preflearn::to_text(preflearn::teacher_table(summary)).c_str());
    std::fflush(stdout);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "%.0f seconds\n", seconds.count());
    if (given.report.empty()) return;
    record.sizes = {
        {"seeds", seeds}, {"labelled", summary.labelled}, {"unlabelled", summary.unlabelled}, {"test", summary.test}};
    if (!world) record.settings["data"] = preflearn::to_json(data);
    record.ratio = static_cast<double>(summary.labelled) / static_cast<double>(summary.labelled + summary.unlabelled);
    record.settings["loss"] = preflearn::loss_name(given.loss);
    record.settings["loss_parameters"] = given.parameters;
    record.wall_seconds = seconds.count();
    preflearn::write_study(given.report, results, summary, record, world ? nullptr : &data);
    std::printf("\nreport: %s\n", given.report.c_str());
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    CLI::App app{"A weak language model learns from a few labelled pairs, labels the others by its implicit reward,\n"
                 "and a student is aligned to these labels. Without arguments: in a generated world.\n"
                 "With --teacher, --student and --data: on real models and real pairs."};
    auto* teacher = app.add_option("--teacher", given.teacher, "GGUF file or Hugging Face folder of the weak teacher");
    auto* student = app.add_option("--student", given.student, "the same of the student; may be the teacher's");
    auto* data = app.add_option("--data", given.data, "labelled pairs, JSONL or JSONL.gz");
    for (auto* option : {teacher, student, data}) option->check(CLI::ExistingPath);
    teacher->needs(student)->needs(data);
    student->needs(teacher)->needs(data);
    data->needs(teacher)->needs(student);
    app.add_option("--labelled", given.labelled, "pairs whose labels the teacher sees")->check(positive_number());
    app.add_option("--unlabelled", given.unlabelled, "pairs that the teacher labels")->check(positive_number());
    app.add_option("--test", given.test, "held-out pairs")->check(positive_number());
    app.add_option("--epochs", given.epochs, "passes of preference training")->check(positive_number());
    app.add_option("--batch", given.batch, "pairs of an optimiser step")->check(positive_number());
    app.add_option("--rate", given.rate, "learning rate of preference training")->check(non_negative_number());
    app.add_option("--sft-epochs", given.fine_tuning_epochs, "passes of supervised fine-tuning before it; 0: none");
    app.add_option("--sft-rate", given.fine_tuning_rate, "learning rate of it")->check(non_negative_number());
    app.add_option("--beta", given.beta, "beta of the loss and of the implicit reward; default 0.1")
        ->check(positive_number());
    app.add_option("--loss", given.loss, "preference loss by name (loss_values --list prints all)")
        ->capture_default_str();
    app.add_option("--param", given.parameters, "NAME=VALUE of the loss, may be repeated")->allow_extra_args(false);
    app.add_flag("--soft-labels", given.soft_labels, "the teacher labels with probabilities instead of choices");
    app.add_option("--seed", given.seed, "the first seed")->capture_default_str();
    app.add_option("--seeds", given.seeds, "how many seeds; default 8 in the generated world, 1 on real models")
        ->check(positive_number());
    app.add_option("--human-agreement", given.human_agreement,
                   "share of pairs on which simulated humans agree with gold (generated world)")
        ->check(CLI::Range(0.5, 1.0))
        ->capture_default_str()
        ->excludes(data);
    app.add_option("--max-tokens", given.maximum_tokens,
                   "longest prompt with response, begin and end tokens counted; longer pairs are left out; default 512")
        ->check(positive_number())
        ->needs(data);
    app.add_option("--chat-format", given.chat_format,
                   "how conversations become text: auto (what the models' chat template is) or one of " +
                       preflearn::chat_format_names())
        ->needs(data);
    app.add_option("--boundary", given.boundary,
                   "separate: a response is encoded as the prompt's continuation; joint: both as one text, cut after "
                   "as many tokens as the prompt alone has")
        ->check(CLI::IsMember({"separate", "joint"}))
        ->capture_default_str()
        ->needs(data);
    app.add_option("--pretokenizer", given.pretokenizer,
                   "how a GGUF file's tokenizer splits text, instead of what the file names; for both models")
        ->needs(data);
    app.add_flag("--skip-malformed", given.skip_malformed, "leave malformed lines out instead of stopping")
        ->needs(data);
    app.add_flag("--strict", given.strict, "leaving any pair out is an error that names the first")->needs(data);
    app.add_option("--id-field", given.id_field, "the field that holds a pair's id, a whole number or a text")
        ->capture_default_str()
        ->needs(data);
    app.add_option("--report", given.report, "folder for JSON, CSV, SVG, the run's manifest and left-out.jsonl");
    app.add_option("--checkpoints", given.checkpoints, "folder for checkpoints; the same command goes on from them");
    app.add_option("--checkpoint-every", given.checkpoint_every, "steps between checkpoints; default: a run's end");
    try {
        app.parse(argc, argv);
        loss_of(given); // so that a name or value that does not fit is a usage error
        if (!given.chat_format.empty() && given.chat_format != "auto") preflearn::chat_format_named(given.chat_format);
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    } catch (const preflearn::error& failure) {
        std::fprintf(stderr, "weak_teacher: %s\n", failure.what());
        return 2;
    }
    try {
        run(given, preflearn::command_line_of(argc, argv));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "weak_teacher: %s\n", failure.what());
        return 1;
    }
    return 0;
}
