// The study on real models and real pairs.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/pipeline/study/text_study.hpp>
#include <preflearn/programs/study/kept_study.hpp>
#include <preflearn/report/run/file_hash.hpp>

#include "../command_line/training_bars.hpp"
#include "../models/folders.hpp"
#include "../models/models.hpp"
#include "arguments.hpp"

namespace {

preflearn::text_study_options options_of(const arguments& given, const chosen_loss& loss) {
    preflearn::text_study_options options{.teacher = given.teacher,
                                          .student = given.student,
                                          .data = given.data,
                                          .unlabelled_data = given.unlabelled_data,
                                          .chat_format = given.chat_format,
                                          .needs_tokens = loss.reads_lengths,
                                          .strict = given.strict,
                                          .beta = beta_of(given),
                                          .soft_labels = given.soft_labels,
                                          .checkpoints = given.checkpoints,
                                          .cache = given.cache};
    if (!given.unlabelled_data.empty())
        options.unlabelled = preflearn::unlimited_length; // all, where no number is given
    apply_sizes(given, options);
    apply_training(given.training, options);
    if (given.cache.empty() && !given.checkpoints.empty())
        options.cache = std::filesystem::path(given.checkpoints) / "cache";
    options.reading.skip_malformed = given.skip_malformed;
    options.reading.id_field = given.id_field;
    options.learning.tokenizer.pretokenizer = given.pretokenizer;
    show_bars(options.learning);
    return options;
}

/// What the report says of the run.
void describe(const arguments& given, const preflearn::text_study_options& options, std::string_view products,
              preflearn::manifest& run) {
    std::set<std::string> paths{given.data, given.teacher, given.student}; // each once
    if (!given.unlabelled_data.empty()) paths.insert(given.unlabelled_data);
    for (const std::string& path : paths)
        for (const preflearn::input_file& file : preflearn::hash_files(path)) run.inputs.push_back(file);
    run.settings["maximum_tokens"] = options.learning.maximum_tokens;
    run.settings["boundary"] = given.training.boundary;
    run.settings["products"] = std::string(products);
    run.settings["trained"] = learning_part(options.learning);
    if (const auto& adapter = options.learning.adapter)
        run.settings["adapter"] = {{"rank", adapter->rank},
                                   {"alpha", adapter->alpha},
                                   {"dropout", adapter->dropout},
                                   {"targets", adapter->targets}};
    if (!given.pretokenizer.empty()) run.settings["pretokenizer"] = given.pretokenizer;
}

} // namespace

std::vector<preflearn::study_result> study_texts(const arguments& given, std::size_t seeds, preflearn::manifest& run,
                                                 preflearn::text_study_data& data) {
    const preflearn::any_backend<float> on = models_of(given.training.on);
    const chosen_loss chosen = loss_of(given);
    preflearn::text_study_options options = options_of(given, chosen);
    describe(given, options, on.name, run);
    preflearn::keep_options keep{.loss_name = chosen.name,
                                 .loss_parameters = given.parameters,
                                 .written = given.written == "bf16"  ? preflearn::element_type::bf16
                                            : given.written == "f16" ? preflearn::element_type::f16
                                                                     : preflearn::element_type::f32,
                                 .keep_adapter = given.keep_adapter,
                                 .command_line = given.command_line};
    std::vector<preflearn::study_result> results;
    for (std::size_t s = 0; s < seeds; ++s) {
        options.seed = given.training.seed + s;
        const auto found = [&](const preflearn::text_study_data& what) {
            if (s > 0) return; // the same for every seed
            data = what;
            if (what.kept > 0) std::fputs(what.summary.c_str(), stderr); // else the error says it
            if (given.report.empty()) return;
            const std::filesystem::path report = given.report;
            preflearn::write_left_out(report / "left-out.jsonl", what.left_out);
            preflearn::write_left_out(report / "unlabelled-left-out.jsonl", what.other_left_out);
        };
        keep.folder = given.keep;
        if (seeds > 1) keep.folder /= preflearn::message("seed-", options.seed);
        results.push_back(given.keep.empty()
                              ? preflearn::run_text_study(on, options, chosen.loss, found)
                              : preflearn::run_kept_study(on, options, keep, chosen.loss, found, say_to_user));
        for (const std::string& note : results.back().notes) std::fprintf(stderr, "%s\n", note.c_str());
    }
    return results;
}
