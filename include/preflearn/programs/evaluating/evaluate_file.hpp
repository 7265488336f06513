/// \file
/// Students' responses before evaluators, from files to files. Evaluators come one after the other, so that one model
/// is in memory at a time; what they say is kept beside the JSON file until all is written, and the same command goes
/// on where it was stopped.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/programs/evaluating/evaluation_figures.hpp>
#include <preflearn/programs/evaluating/evaluation_json.hpp>
#include <preflearn/programs/evaluating/evaluation_rows.hpp>
#include <preflearn/programs/evaluating/evaluator.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>
#include <preflearn/programs/evaluating/training_overlap.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_data.hpp>

namespace preflearn {

/// Nothing where the same command made the files before.
struct evaluated_file {
    bool was_there = false; ///< evaluated before by the same command; then the result is empty
    bool defined = false;   ///< whether it has a reward or a win rate to tell, also of one that was there
    evaluation result{};
};

namespace detail {

/// An evaluator's folder, with one of the given models where it is its own.
inline opened_teacher open_evaluator(const std::filesystem::path& folder, const evaluate_options& options,
                                     std::vector<bool>& used) {
    open_options how{.chat_format = options.chat_format, .end_token = options.end_token};
    if (options.external && asks_program(folder)) how.external = options.external;
    for (std::size_t m = 0; m < options.models.size(); ++m) {
        how.model = options.models[m];
        try {
            opened_teacher opened = open_teacher(folder, how);
            used[m] = true;
            return opened;
        } catch (const input_error&) { // another teacher's
        }
    }
    how.model.clear();
    return open_teacher(folder, how);
}

/// Gold ones first. \throws input_error for a model that is nobody's, two evaluators of one name, and as open_teacher.
inline std::vector<opened_teacher> open_evaluators(const evaluate_options& options) {
    std::vector<opened_teacher> opened;
    std::vector<bool> used(options.models.size());
    for (const auto& folders : {options.gold, options.judge})
        for (const std::filesystem::path& folder : folders) opened.push_back(open_evaluator(folder, options, used));
    for (std::size_t m = 0; m < used.size(); ++m) {
        if (used[m]) continue;
        for (const opened_teacher& teacher : opened) // says in what it differs
            open_teacher(teacher.folder, {.model = options.models[m]});
        throw input_error(message(options.models[m].string(), ": no evaluator takes this model"));
    }
    require(!options.external || std::ranges::any_of(opened, [](const auto& one) { return one.external.has_value(); }),
            "no evaluator asks an external program, and one was given");
    std::unordered_set<std::string> names;
    for (const opened_teacher& teacher : opened)
        require<input_error>(names.insert(teacher.name).second, teacher.folder.string(),
                             ": stands twice among the evaluators");
    return opened;
}

inline output_run evaluation_run(const any_backend<float>& on, const evaluate_options& options,
                                 const std::vector<opened_teacher>& evaluators) {
    manifest record{.program = "evaluate", .command_line = options.command_line, .seed = options.seed};
    record.started = std::chrono::system_clock::now();
    nlohmann::ordered_json& settings = record.settings;
    for (const response_source& source : options.responses) {
        settings["responses"].push_back({{"name", source.name}, {"pick", name_of(source.pick)}});
        record.inputs.push_back(hash_file(source.path));
    }
    for (std::size_t e = 0; e < evaluators.size(); ++e) {
        settings["evaluators"].push_back({{"name", evaluators[e].name},
                                          {"role", e < options.gold.size() ? "gold" : "judge"},
                                          {"kind", evaluators[e].description.kind},
                                          {"temperature", evaluators[e].description.temperature},
                                          {"calibrated", evaluators[e].description.calibrated},
                                          {"evaluation", evaluators[e].description.evaluation}});
        record.inputs.push_back(hash_file(evaluators[e].folder / "teacher.json"));
    }
    for (const std::filesystem::path& path : options.training) record.inputs.push_back(hash_file(path));
    if (options.external) settings["external"] = command_hash(*options.external);
    settings["products"] = on.name;
    settings["roles"] = {options.sft, options.ceiling, options.weak_teacher};
    if (options.weak_performance) settings["weak_performance"] = *options.weak_performance;
    settings["against"] = options.against;
    settings["cluster"] = options.cluster;
    settings["length_unit"] = options.length_unit;
    settings["tie_within"] = options.tie_within;
    settings["confidence"] = options.confidence;
    settings["replicates"] = options.replicates;
    settings["strict"] = options.strict;
    settings["outputs"] = {options.games.string(), options.rows.string(), options.report.string()};
    return output_run_of(std::move(record));
}

/// What it cost.
inline void put_costs(manifest& record, const evaluation& of) {
    record.sizes = {{"students", of.students.names.size()},
                    {"prompts", of.students.prompts.size()},
                    {"defined", of.defined() ? 1 : 0}};
    for (const evaluator_result& by : of.evaluators)
        record.settings["cost"].push_back(
            {{"evaluator", by.said.name},
             {"judgements", by.said.judgements},
             {"tokens", by.said.tokens},
             {"operations", static_cast<double>(by.said.tokens) * by.said.operations_per_token},
             {"seconds", by.said.seconds}});
}

/// Before anything is judged. The files that stand elsewhere are own where the manifest, which is written before them,
/// is of the same run. \throws input_error for what is another's, and what cannot be written
inline void check_evaluation_files(const evaluate_options& options, std::string_view key) {
    require_own_beside(options.json, "evaluate", {});
    const bool stopped = is_manifest_of(options.json, key);
    std::error_code ignored;
    for (const std::filesystem::path& out : {options.rows, options.games, options.report}) {
        if (out.empty()) continue;
        if (out != options.report) check_can_be_written(out);
        require<input_error>(stopped || !std::filesystem::exists(out, ignored) || std::filesystem::is_other(out) ||
                                 (out == options.report && std::filesystem::is_empty(out, ignored)),
                             out.string(),
                             ": is there already, made in another way; nothing is written over: remove it or give "
                             "another name");
    }
}

inline void write_evaluation(const evaluation& of, const evaluate_options& options, manifest record) {
    put_costs(record, of);
    write_json(to_json(record), beside(options.json, ".manifest.json"));
    if (!options.rows.empty()) write_csv(response_rows(of), options.rows);
    if (!options.games.empty()) write_csv(game_rows(of, options.seed), options.games);
    if (!options.report.empty()) write_report(of, options.report);
    write_json(to_json(of), options.json);
}

} // namespace detail

/// Does it all. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read or written, students with other prompts than others, a teacher's
/// folder that is refused or can judge nothing, and when another run's results are at `json`; argument_error for
/// options that do not go together; and what teachers throw.
inline evaluated_file evaluate_file(const any_backend<float>& on, const evaluate_options& options, const speaker& say,
                                    const work_progress& seen = {}) {
    check(options);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<opened_teacher> opened = detail::open_evaluators(options);
    output_run run = detail::evaluation_run(on, options, opened);
    evaluated_file found;
    found.was_there = made_before(options.json, run.key);
    for (std::size_t e = 0; found.was_there && e < opened.size(); ++e)
        remove_kept({beside(options.json, message(".", e + 1, ".part"))});
    if (found.was_there) {
        found.defined = count_told(options.json, "defined") > 0;
        return found;
    }
    detail::check_evaluation_files(options, run.key);
    evaluated_students students = read_students(options.responses, options.cluster);
    for (const std::string& told : told_overlaps(opened, students, options)) students.notes.push_back(told);
    const std::vector<std::array<std::size_t, 2>> pairs = compared_pairs(students.names, options);
    roles_of(students.names, options); // refuses wrong names now
    const work_progress watched = with_first_estimate(seen, say);
    std::vector<evaluator_verdicts> said;
    std::vector<std::filesystem::path> parts;
    for (std::size_t e = 0; e < opened.size(); ++e) {
        const text_teacher teacher = load_teacher(opened[e], on);
        for (const std::string& note : teacher.notes) say(opened[e].name + ": " + note);
        parts.push_back(beside(options.json, message(".", e + 1, ".part")));
        said.push_back(judge_students(opened[e], teacher, e < options.gold.size() ? "gold" : "judge", students, pairs,
                                      options, {parts.back(), run.key, "judging by " + opened[e].name}, watched));
    }
    found.result = evaluate_students(std::move(students), std::move(said), options);
    found.defined = found.result.defined();
    run.record.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    detail::write_evaluation(found.result, options, std::move(run.record));
    for (const std::filesystem::path& part : parts) remove_kept({part});
    return found;
}

} // namespace preflearn
