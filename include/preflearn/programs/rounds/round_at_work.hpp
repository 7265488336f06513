/// \file
/// One round as it is made: the student answers, is labelled and aligned, and is then measured, each step into a file
/// of the round's folder, so that a step that is made is not made again.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/programs/generating/generate_file.hpp>
#include <preflearn/programs/generating/judged_responses.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/programs/rounds/round_files.hpp>
#include <preflearn/programs/rounds/round_parameters.hpp>
#include <preflearn/programs/rounds/round_result.hpp>
#include <preflearn/programs/rounds/rounds_options.hpp>

namespace preflearn::detail {

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
        aligning.loss_parameters = parameters_of_round(aligning, round);
        align_file(on_, aligning, losses_, say);
    }
    /// The folder of the implicit reward of the student after a round.
    [[nodiscard]] std::filesystem::path reward_of(std::size_t round) const {
        const align_options& aligning = options_.aligning;
        const std::filesystem::path out = folder(round) / "reward";
        write_implicit_reward(student(round), options_.first(),
                              {.beta = options_.beta,
                               .tokenizer = aligning.tokenizer,
                               .boundary = aligning.boundary == token_boundary::joint ? "joint" : "separate",
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
        for (std::size_t begin = 0, end = 0; begin < lines.size(); begin = end) {
            end = std::min(lines.size(), begin + judge.teacher().block);
            std::vector<candidate_responses> block;
            for (std::size_t i = begin; i < end; ++i)
                block.push_back({.prompt = &lines[i].at("prompt"),
                                 .id = i,
                                 .texts = {lines[i].at("responses").at(0).get<std::string>()}});
            const std::size_t before = judge.tokens();
            for (const candidate_scores& said : judge(block)) {
                if (said.of.empty() || !said.of[0]) continue;
                sum += *said.of[0];
                ++judged;
            }
            if (seen_)
                seen_("gold reward", end, lines.size(), static_cast<double>(judge.tokens() - before),
                      judge.teacher().operations_per_token);
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

} // namespace preflearn::detail
