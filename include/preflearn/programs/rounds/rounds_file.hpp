/// \file
/// Rounds of generate, label and align, each a folder `round-K` of OUT with its files: responses of the student that
/// the round began with, labels, what was learned from, the new student, and what it was found to be worth. Stopped,
/// the same call goes on where it was, to the same bits: every step does, and whole rounds are kept as lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/aligning/told_noise.hpp>
#include <preflearn/programs/generating/generation_setup.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/rounds/round_at_work.hpp>
#include <preflearn/programs/rounds/round_result.hpp>
#include <preflearn/programs/rounds/rounds_options.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

struct rounds_made {
    std::vector<round_result> rounds{}; ///< with round 0, the student as it came, in front
    std::size_t best = 0;
    std::string stopped{}; ///< why before the last round; empty: it was not
    bool was_there = false;

    /// Where the best round's student is.
    [[nodiscard]] std::filesystem::path student(const rounds_options& options) const {
        return best == 0 ? options.model : options.out / message("round-", best) / "student";
    }
};

namespace detail {

/// What the rounds are, whatever their number; with fresh prompts their number says which prompts each has.
inline output_run run_of(const any_backend<float>& on, const rounds_options& options, const loss_maker& losses) {
    generate_options generating = options.generating;
    generating.model = options.model;
    generating.data = options.data;
    const align_options& aligning = options.aligning;
    manifest record{.program = "rounds", .command_line = options.command_line, .seed = options.seed};
    record.settings = {
        {"generate", generation_run(generating, on.name, model_name(generating)).key},
        {"align", settings_of(aligning)},
        {"loss", losses(loss_asked_for(aligning), parameters_with_noise(aligning, std::nullopt)).identity()},
        {"rule", options.labelling.rule ? name_of(options.labelling.rule->kind) : "teacher's"},
        {"amount", options.labelling.rule ? options.labelling.rule->amount : 0},
        {"weight", name_of(options.labelling.weight)},
        {"reference", identify_model(options.first()).weights},
        {"beta", options.beta},
        {"fresh_prompts", options.fresh_prompts ? options.rounds : 0},
        {"first_reference", options.first_reference},
        {"replay_share", options.replay.empty() ? 0 : options.replay_share},
        {"patience", options.patience},
        {"longest", options.longest}};
    const auto add = [&](const char* name, const std::filesystem::path& path) {
        if (path.empty()) return;
        record.settings[name] = true;
        record.inputs.push_back(hash_file(path));
    };
    add("data", options.data);
    add("replay", options.replay);
    add("held_out", options.held_out);
    add("test", options.test);
    add("calibrate", options.labelling.calibrate);
    add("teacher", options.teacher.empty() ? options.teacher : options.teacher / "teacher.json");
    add("gold", options.gold.empty() ? options.gold : options.gold / "teacher.json");
    return output_run_of(std::move(record));
}

inline nlohmann::ordered_json json_of(const rounds_made& made, const rounds_options& options, const std::string& key) {
    nlohmann::ordered_json json{{"key", key}, {"rounds", nlohmann::ordered_json::array()}};
    for (const round_result& round : made.rounds) json["rounds"].push_back(to_json(round));
    json["best_round"] = made.best;
    json["best_student"] = made.student(options).string();
    if (!made.stopped.empty()) json["stopped"] = made.stopped;
    return json;
}

} // namespace detail

/// Does it all. More rounds than before go on from those that were made. \param say takes each sentence for the user
/// \throws input_error when another run's rounds are in the folder; argument_error for options that do not go together;
/// and what generate_file, label_file and align_file throw.
inline rounds_made rounds_file(const any_backend<float>& on, const rounds_options& options, const loss_maker& losses,
                               const speaker& say, const work_progress& seen = {}) {
    check(options);
    output_run run = detail::run_of(on, options, losses);
    const std::filesystem::path kept_at = options.out / "rounds.kept";
    make_folder(options.out);
    require<input_error>(std::filesystem::is_empty(options.out) || std::filesystem::exists(kept_at),
                         options.out.string(),
                         ": is there already and holds no rounds; nothing is written into it: remove it or give "
                         "another name");
    rounds_made made;
    const stop_rule rule{.patience = options.patience, .longest = options.longest};
    kept_lines kept(kept_at, message("# preflearn rounds ", run.key));
    made.rounds = kept.read_lines(round_of);
    require<input_error>(made.rounds.size() <= options.rounds + 1, options.out.string(), ": holds ",
                         made.rounds.size() - 1, " rounds already, more than the ", options.rounds, " asked for");
    const std::size_t before = made.rounds.size();
    detail::rounds_at_work work(on, options, losses, say, seen);
    while (made.rounds.size() <= options.rounds) {
        made.stopped = why_stop(made.rounds, rule);
        if (!made.stopped.empty()) break;
        const round_result found = work.play(made.rounds.size());
        kept.append(std::vector<std::string>{to_json(found).dump()});
        made.rounds.push_back(found);
        say(message("round ", found.round, ": ", found.labels, " labels, answers of ", found.tokens, " tokens"));
    }
    made.best = best_round(made.rounds, rule);
    std::error_code ignored;
    made.was_there = made.rounds.size() == before && std::filesystem::exists(options.out / "rounds.json", ignored);
    if (made.was_there) return made;
    write_json(detail::json_of(made, options, run.key), options.out / "rounds.json");
    run.record.sizes = {{"rounds", made.rounds.size() - 1}};
    write_json(to_json(run.record), options.out / "manifest.json");
    return made;
}

} // namespace preflearn
