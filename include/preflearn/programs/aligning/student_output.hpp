/// \file
/// A student's run on disk: whether it was made before, and the folder or GGUF file that appears when all is done, with
/// its results, manifest, curves and what was left out: in the folder, or beside the file.
// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/whole_folder.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/learning/training_report.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/programs/aligning/align_data.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/aligning/student_report.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

namespace detail {

/// \throws input_error where a file that is to stand beside a GGUF file is another's
inline void require_own_student_files(const std::filesystem::path& out) {
    require_own_beside(out, "align", {".results.json", ".left-out.jsonl", ".loss.svg", ".accuracy.svg"});
}

} // namespace detail

/// Whether the student at `out` is the one of that key. \throws input_error where something else is there, or nothing
/// can be made.
template <int = on_demand> bool student_made_before(const std::filesystem::path& out, const std::string& key) {
    if (is_gguf_name(out)) {
        if (made_before(out, key)) return true;
        detail::require_own_student_files(out);
        return false;
    }
    const std::filesystem::path place = detail::named_folder(out);
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) {
        const detail::temporary_folder can_be_made(place); // fails now rather than in an hour
        return false;
    }
    bool same = false;
    try {
        same = read_json_file(place / "manifest.json").at("settings").at("key") == key;
    } catch (const std::exception&) { // none that was written here
    }
    require<input_error>(same, place.string(),
                         ": is there already, and was not made by this command; nothing is written over: remove it or "
                         "give another name");
    return true;
}

namespace detail {

/// By name and content.
using named_files = std::vector<std::pair<std::string, std::string>>;

inline named_files student_files(const output_run& run, const student_report& report, const align_data& data) {
    named_files files{{"manifest.json", json_text(to_json(run.record))}, {"results.json", json_text(to_json(report))}};
    left_out_pairs all = data.file.left_out;
    for (left_out_pair pair : data.held_out_file.left_out.pairs()) {
        pair.file = data.held_out_file.names.file();
        all.add(std::move(pair));
    }
    if (!all.empty()) {
        std::ostringstream lines;
        write_left_out(lines, all);
        files.emplace_back("left-out.jsonl", lines.str());
    }
    const auto curve = [&](const char* name, const line_plot& plot) {
        if (!plot.series.empty()) files.emplace_back(name, to_svg(plot));
    };
    curve("loss.svg", loss_curve(report.preferences, "Loss of " + report.loss));
    curve("accuracy.svg", accuracy_curve(report.preferences, "Reward of chosen and rejected responses"));
    return files;
}

/// Files beside a GGUF file, which stand there before it does; the manifest first, by which the others are known as its
/// own. \throws input_error where one is another's
inline void write_beside(const std::filesystem::path& out, const named_files& files) {
    require_own_student_files(out);
    for (const auto& [name, content] : files) write_file(content, beside(out, "." + name));
}

} // namespace detail

/// What a student is made of.
inline student_origin origin_of(const align_options& options) {
    return {.model = options.model, .tokenizer = options.learning.tokenizer, .chat_format = options.chat_format};
}

/// Writes the student, whole or not at all. \throws as save_student
template <int = on_demand>
void write_student(const any_transformer<float>& model, const align_options& options, const output_run& run,
                   const student_report& report, const align_data& data, const std::string& chat_format) {
    detail::named_files files = detail::student_files(run, report, data);
    student_origin origin = origin_of(options);
    origin.chat_format = chat_format;
    student_card card{.method = loss_name(options.loss_name), .data = run.record.inputs};
    card.results = nlohmann::ordered_json::object();
    card.settings = {{"loss", report.loss},
                     {"rate", options.learning.optimiser.rate},
                     {"epochs", options.learning.training.epochs},
                     {"batch", options.learning.training.batch_size},
                     {"seed", options.seed}};
    for (const std::string& teacher : data.file.teachers) card.teacher += (card.teacher.empty() ? "" : ", ") + teacher;
    card.results["examples"] = report.learned;
    if (report.accuracy && report.accuracy->defined())
        card.results[report.learned_too == 0 ? std::string("held-out accuracy")
                                             : message("accuracy on ", report.held_out, " examples, ",
                                                       report.learned_too, " of which it learned from")] =
            detail::shown_share(*report.accuracy);
    for (const std::string& word : options.command_line)
        card.command_line += (card.command_line.empty() ? "" : " ") + word;
    const student_form form{.type = options.written, .keep_adapter = options.keep_adapter};
    if (is_gguf_name(options.out))
        detail::write_beside(options.out, files);
    else
        card.files = std::move(files);
    save_student(model, origin, options.out, std::move(card), form);
}

} // namespace preflearn
