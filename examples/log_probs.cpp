// Scores preference pairs with a language model: the log-probabilities of the chosen and the rejected response.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <preflearn/core.hpp>
#include <preflearn/data.hpp>
#include <preflearn/pipeline/score_pairs.hpp>
#include <preflearn/policy.hpp>
#include <preflearn/report/file_hash.hpp>

namespace {

struct arguments {
    std::string model, data, out;
    bool double_precision = false, skip_malformed = false;
};

template <class Scalar> void run(const arguments& given) {
    std::uint64_t key = preflearn::hash_of(given.double_precision ? "double" : "float");
    for (const std::string& path : {given.model, given.data})
        for (const preflearn::input_file& file : preflearn::hash_files(path)) key = key * 31 + file.hash;
    const preflearn::preference_data data =
        preflearn::read_preferences(given.data, {.skip_malformed = given.skip_malformed});
    const auto pairs = preflearn::oriented(data.comparisons(), data.labels());
    const auto policy = preflearn::load_text_policy<Scalar>(given.model);
    for (const std::string& note : policy.notes()) std::fprintf(stderr, "log_probs: %s\n", note.c_str());
    preflearn::progress bar("scoring", pairs.size());
    preflearn::score_pairs(policy, pairs, given.out, preflearn::message("preflearn log-probs ", key),
                           [&](std::size_t done) { bar.update(done); });
    if (data.skipped.count > 0) std::fprintf(stderr, "%zu malformed lines left out\n", data.skipped.count);
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    CLI::App app{"Writes log pi(chosen | prompt) and log pi(rejected | prompt) of every pair, one JSON line a pair.\n"
                 "When it is stopped, the same command goes on where it was."};
    app.add_option("--model", given.model, "GGUF file or Hugging Face folder")->required()->check(CLI::ExistingPath);
    app.add_option("--data", given.data, "labelled pairs, JSONL or JSONL.gz")->required()->check(CLI::ExistingFile);
    app.add_option("--out", given.out, "the JSONL file to write")->required();
    app.add_flag("--double", given.double_precision, "compute in double instead of float");
    app.add_flag("--skip-malformed", given.skip_malformed, "leave malformed lines out instead of stopping");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    }
    try {
        given.double_precision ? run<double>(given) : run<float>(given);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "log_probs: %s\n", failure.what());
        return 1;
    }
    return 0;
}
