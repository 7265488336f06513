// Scores preference pairs with a language model: the log-probabilities of the chosen and the rejected response; or
// writes their tokens alone.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <preflearn/core.hpp>
#include <preflearn/pipeline/score_file.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "number_checks.hpp"

namespace {

struct arguments {
    preflearn::score_file_options options;
    std::string boundary = "separate";
    bool end_token = false, double_precision = false;
};

template <class Scalar> void run(const preflearn::score_file_options& options) {
    std::optional<preflearn::progress> bar;
    preflearn::score_file<Scalar>(
        options, [](const std::string& told) { std::fprintf(stderr, "%s\n", told.c_str()); },
        [&](std::size_t done, std::size_t total) {
            if (!bar) bar.emplace("scoring", total);
            bar->update(done);
        });
}

void add_options(CLI::App& app, arguments& given) {
    preflearn::score_file_options& to = given.options;
    app.add_option("--model", to.model, "GGUF file or Hugging Face folder; with --tokens-only a tokenizer is enough")
        ->required()
        ->check(CLI::ExistingPath);
    app.add_option("--data", to.data, "labelled pairs, JSONL or JSONL.gz")->required()->check(CLI::ExistingFile);
    app.add_option("--out", to.out, "the JSONL file to write")->required();
    auto* tokens =
        app.add_flag("--tokens-only", to.tokens_only, "write prompt_ids, chosen_ids and rejected_ids; no model is run");
    app.add_flag("--per-token", to.per_token, "add chosen_token_logps and rejected_token_logps")->excludes(tokens);
    app.add_flag("--end-token", given.end_token, "score the end token too, where the text does not end in one");
    app.add_option("--boundary", given.boundary,
                   "separate: the response is encoded as the prompt's continuation; joint: both as one text, cut after "
                   "as many tokens as the prompt alone has")
        ->check(CLI::IsMember({"separate", "joint"}))
        ->capture_default_str();
    app.add_option("--chat-format", to.chat_format,
                   "how conversations become text: auto (what the model's chat template is) or one of " +
                       preflearn::chat_format_names());
    app.add_option("--pretokenizer", to.tokenizer.pretokenizer,
                   "how a GGUF file's tokenizer splits text, instead of what the file names");
    app.add_option("--max-tokens", to.maximum_tokens, "longest prompt with response; longer pairs are left out")
        ->check(positive_number());
    app.add_flag("--strict", to.strict, "stop where a pair would be left out");
    app.add_option("--id-field", to.reading.id_field, "the field that holds a pair's id")->capture_default_str();
    app.add_flag("--double", given.double_precision, "compute in double instead of float")->excludes(tokens);
    app.add_flag("--skip-malformed", to.reading.skip_malformed, "leave malformed lines out instead of stopping");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    CLI::App app{"Writes log pi(chosen | prompt) and log pi(rejected | prompt) of every pair, one JSON line a pair.\n"
                 "Pairs that do not fit are left out: OUT.left-out.jsonl lists them, OUT.manifest.json says what the\n"
                 "run was. When it is stopped, the same command goes on where it was."};
    add_options(app, given);
    try {
        app.parse(argc, argv);
        if (!given.options.chat_format.empty() && given.options.chat_format != "auto")
            preflearn::chat_format_named(given.options.chat_format); // so that a wrong name is a usage error
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    } catch (const preflearn::error& failure) {
        std::fprintf(stderr, "log_probs: %s\n", failure.what());
        return 2;
    }
    using preflearn::response_end, preflearn::token_boundary;
    given.options.after_response = given.end_token ? response_end::end_token : response_end::nothing;
    given.options.boundary = given.boundary == "joint" ? token_boundary::joint : token_boundary::separate;
    given.options.command_line = preflearn::command_line_of(argc, argv);
    try {
        given.double_precision ? run<double>(given.options) : run<float>(given.options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "log_probs: %s\n", failure.what());
        return 1;
    }
    return 0;
}
