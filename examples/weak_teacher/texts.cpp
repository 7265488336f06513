// The study on real models and real pairs.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/pipeline/study/text_study.hpp>
#include <preflearn/report/run/file_hash.hpp>

#include "../command_line/training_bars.hpp"
#include "../models/loading.hpp"
#include "../models/models.hpp"
#include "arguments.hpp"

std::vector<preflearn::study_result> study_texts(const arguments& given, std::size_t seeds, preflearn::manifest& run,
                                                 preflearn::text_study_data& data) {
    const preflearn::any_backend<float> on = models_of(given.on);
    preflearn::text_study_options options{.teacher = given.teacher, .student = given.student, .data = given.data};
    options.unlabelled_data = given.unlabelled_data;
    if (!given.unlabelled_data.empty())
        options.unlabelled = preflearn::unlimited_length; // all, where no number is given
    apply(given, options);
    if (given.cache.empty() && !given.checkpoints.empty())
        options.study.cache = std::filesystem::path(given.checkpoints) / "cache";
    options.reading.skip_malformed = given.skip_malformed;
    options.reading.id_field = given.id_field;
    const chosen_loss chosen = loss_of(given);
    options.needs_tokens = chosen.reads_lengths;
    options.strict = given.strict;
    if (given.maximum_tokens) options.maximum_tokens = *given.maximum_tokens;
    options.chat_format = given.chat_format;
    options.boundary =
        given.boundary == "joint" ? preflearn::token_boundary::joint : preflearn::token_boundary::separate;
    options.tokenizer.pretokenizer = given.pretokenizer;
    options.trained = preflearn::trained_tensors_named(given.trained);
    options.recompute_activations = given.recompute;
    if (given.lora != 0)
        options.adapter = preflearn::adapter_options{.rank = given.lora,
                                                     .alpha = lora_alpha_of(given),
                                                     .dropout = given.lora_dropout,
                                                     .targets = given.lora_targets};
    show_bars(options.study);
    std::set<std::string> paths{given.data, given.teacher, given.student}; // each once
    if (!given.unlabelled_data.empty()) paths.insert(given.unlabelled_data);
    for (const std::string& path : paths)
        for (const preflearn::input_file& file : preflearn::hash_files(path)) run.inputs.push_back(file);
    run.settings["maximum_tokens"] = options.maximum_tokens;
    run.settings["boundary"] = given.boundary;
    run.settings["products"] = std::string(on.name);
    run.settings["trained"] = given.lora != 0 ? "adapter" : given.trained;
    if (given.lora != 0)
        run.settings["adapter"] = {{"rank", given.lora},
                                   {"alpha", lora_alpha_of(given)},
                                   {"dropout", given.lora_dropout},
                                   {"targets", given.lora_targets}};
    if (!given.pretokenizer.empty()) run.settings["pretokenizer"] = given.pretokenizer;
    std::vector<preflearn::study_result> results;
    for (std::size_t s = 0; s < seeds; ++s) {
        options.study.seed = given.seed + s;
        results.push_back(
            preflearn::run_text_study(on, options, chosen.loss, [&](const preflearn::text_study_data& found) {
                if (s > 0) return; // the same for every seed
                data = found;
                if (found.kept > 0) std::fputs(found.summary.c_str(), stderr); // else the error says it
                if (given.report.empty()) return;
                const std::filesystem::path report = given.report;
                preflearn::write_left_out(report / "left-out.jsonl", found.left_out);
                preflearn::write_left_out(report / "unlabelled-left-out.jsonl", found.other_left_out);
            }));
        for (const std::string& note : results.back().notes) std::fprintf(stderr, "%s\n", note.c_str());
    }
    return results;
}
