/// \file
/// Rounds of generate, label and align, each a folder `round-K` of OUT with its files: responses of the student that
/// the round began with, labels, what was learned from, the new student, and what it was found to be worth. Stopped,
/// the same call goes on where it was, to the same bits: every step does, and whole rounds are kept as lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/programs/generating/generate_file.hpp>
#include <preflearn/programs/generating/judged_responses.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/programs/rounds/round_files.hpp>
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
    record.settings = {{"generate", generation_run(generating, on.name, model_name(generating)).key},
                       {"align", settings_of(aligning)},
                       {"loss", losses(aligning.loss_name, parameters_with_noise(aligning, std::nullopt)).identity()},
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

/// One run's rounds while they are made.
class rounds_at_work {
  public:
    rounds_at_work(const any_backend<float>& on, const rounds_options& options, const loss_maker& losses,
                   const speaker& say, const work_progress& seen)
        : on_(on), options_(options), losses_(losses), say_(say), seen_(seen) {}

    /// The student after a round, and the folder of it.
    [[nodiscard]] std::filesystem::path folder(std::size_t round) const {
        return options_.out / message("round-", round);
    }
    [[nodiscard]] std::filesystem::path student(std::size_t round) const {
        return round == 0 ? options_.model : folder(round) / "student";
    }

    round_result play(std::size_t round) {
        make_folder(folder(round));
        round_result found{.round = round};
        if (round > 0) learn(round, found);
        measure(round, found);
        return found;
    }

  private:
    [[nodiscard]] speaker in_round(std::size_t round) const {
        return [say = say_, round](const std::string& told) { say(message("round ", round, ": ", told)); };
    }
    void learn(std::size_t round, round_result& found) const {
        const speaker say = in_round(round);
        const std::filesystem::path here = folder(round);
        generate_options drawing = options_.generating;
        drawing.model = student(round - 1);
        drawing.data = options_.data;
        drawing.out = here / "responses.jsonl";
        drawing.seed = options_.seed + round; // other responses of a student that hardly moved
        if (options_.fresh_prompts) {
            drawing.data = here / "prompts.jsonl";
            const std::size_t own =
                write_own_prompts(options_.data, round, options_.rounds, drawing.columns.id, drawing.data);
            require<input_error>(own > 0, options_.data.string(), ": has fewer prompts than there are rounds");
        }
        generate_file(on_, drawing, say, seen_);

        label_options labelling = options_.labelling;
        labelling.teacher = options_.labels_itself() ? reward_of(round - 1) : options_.teacher;
        labelling.model = options_.teacher_model;
        labelling.reference = options_.teacher_reference;
        labelling.data = drawing.out;
        labelling.out = here / "labels.jsonl";
        labelling.seed = options_.seed;
        label_file(on_, labelling, say, seen_);
        found.labels = read_json_file(beside(labelling.out, ".manifest.json")).at("sizes").at("written");
        require<input_error>(found.labels > 0, labelling.out.string(),
                             ": the teacher labels none of the responses; see labels.left-out.jsonl");

        align_options aligning = options_.aligning;
        aligning.model = drawing.model;
        if (options_.first_reference) aligning.reference = options_.first();
        if (!options_.labels_itself() && aligning.noise_rate == "teacher") aligning.teacher = options_.teacher;
        aligning.data = labelling.out;
        if (!options_.replay.empty()) {
            aligning.data = here / "training.jsonl";
            found.replayed = write_replay(labelling.out, options_.replay, options_.replay_share, options_.seed + round,
                                          aligning.data);
        }
        aligning.out = student(round);
        aligning.seed = options_.seed;
        align_file(on_, aligning, losses_, say);
    }
    /// The folder of the implicit reward of the student after a round.
    [[nodiscard]] std::filesystem::path reward_of(std::size_t round) const {
        const align_options& aligning = options_.aligning;
        const std::filesystem::path out = folder(round) / "reward";
        write_implicit_reward(student(round), options_.first(),
                              {.beta = options_.beta,
                               .tokenizer = aligning.learning.tokenizer,
                               .boundary = aligning.learning.boundary == token_boundary::joint ? "joint" : "separate",
                               .chat_format = aligning.chat_format},
                              out);
        return out;
    }
    void measure(std::size_t round, round_result& found) const {
        const speaker say = in_round(round);
        const std::filesystem::path here = folder(round);
        if (!options_.held_out.empty() && !(round == 0 && options_.reference.empty())) { // zero against itself
            const std::filesystem::path out = here / "held-out.jsonl";
            label_file(on_,
                       {.teacher = reward_of(round),
                        .data = options_.held_out,
                        .out = out,
                        .rule = label_rule{},
                        .seed = options_.seed,
                        .reading = options_.labelling.reading},
                       say, seen_);
            const nlohmann::json result = read_json_file(beside(out, ".manifest.json")).at("settings").at("result");
            require<input_error>(result.contains("human_agreement"), options_.held_out.string(),
                                 ": holds no labelled pair to hold a student against");
            if (const auto& value = result.at("human_agreement").at("value"); value.is_number())
                found.accuracy = value.get<double>();
        }
        generate_options answering = options_.generating;
        answering.model = student(round);
        answering.data = options_.asked();
        answering.out = here / "answers.jsonl";
        answering.count = 1;
        answering.best_of = 0;
        answering.seed = options_.seed;
        generate_file(on_, answering, say, seen_);
        const nlohmann::json result =
            read_json_file(beside(answering.out, ".manifest.json")).at("settings").at("result");
        require<input_error>(result.contains("mean_tokens"), options_.asked().string(), ": no prompt is answered");
        found.tokens = result.at("mean_tokens").get<double>();
        found.ended = result.at("ended_share").get<double>();
        if (!options_.gold.empty()) found.gold = gold_reward(answering.out);
    }
    [[nodiscard]] std::optional<double> gold_reward(const std::filesystem::path& answers) const {
        const opened_teacher opened =
            open_teacher(options_.gold, {.model = options_.gold_model, .reference = options_.gold_reference});
        response_judge judge(load_teacher(opened, on_), opened.chat, options_.seed);
        const std::vector<nlohmann::json> lines = all_objects(answers);
        double sum = 0;
        std::size_t judged = 0;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const candidate_responses one{.prompt = &lines[i].at("prompt"),
                                          .id = i,
                                          .texts = {lines[i].at("responses").at(0).get<std::string>()}};
            const std::vector<candidate_scores> said = judge({&one, 1});
            if (seen_) seen_("gold reward", i + 1, lines.size(), 0, 0);
            if (said[0].of.empty() || !said[0].of[0]) continue;
            sum += *said[0].of[0];
            ++judged;
        }
        require<input_error>(judged > 0, options_.gold.string(),
                             ": gives no single response a score, as a gold reward must");
        return sum / static_cast<double>(judged);
    }

    const any_backend<float>& on_;
    const rounds_options& options_;
    const loss_maker& losses_;
    const speaker& say_;
    const work_progress& seen_;
};

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
    make_folder(options.out);
    rounds_made made;
    const stop_rule rule{.patience = options.patience, .longest = options.longest};
    kept_lines kept(options.out / "rounds.kept", message("# preflearn rounds ", run.key));
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
