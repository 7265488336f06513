/// \file
/// How a student learns in rounds from responses of its own: drawn, labelled, aligned to, again and again (iterative
/// DPO; with its own implicit reward as the teacher DICE, Chen et al. 2024, arXiv:2406.09760, and with new prompts in
/// every round SPA, Kim et al. 2024, arXiv:2406.04412).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/generating/generate_options.hpp>
#include <preflearn/programs/labelling/label_options.hpp>

namespace preflearn {

struct rounds_options {
    /// The student: a GGUF file or Hugging Face folder.
    std::filesystem::path model{};
    /// What the student's implicit reward is measured against in all rounds; empty: the student as it is at first.
    std::filesystem::path reference{};
    /// Prompts, alone or of any file of pairs.
    std::filesystem::path data{};
    /// Labels the responses; empty: the implicit reward of the student itself, which then needs a reference.
    std::filesystem::path teacher{};
    /// Where the teacher's base model is, and its reference; empty: its folder says it.
    std::filesystem::path teacher_model{}, teacher_reference{};
    /// The folder that is to hold `round-1`, `round-2`, ….
    std::filesystem::path out{};
    std::size_t rounds = 3;
    /// Every round has its own share of the prompts.
    bool fresh_prompts = false;
    /// Training refers to `reference` (or the first student), not to the student before the round.
    bool first_reference = false;
    double beta = 0.1; ///< of the student's implicit reward

    /// Labelled pairs that are mixed under the new ones, so that they are this share of all; empty: none.
    std::filesystem::path replay{};
    double replay_share = 0.5;

    /// Labelled pairs on which the student's implicit reward is held against their labels after every round.
    std::filesystem::path held_out{};
    /// Prompts that the student answers after every round: how long, and how good where there is a gold reward. Empty:
    /// those of `held_out`, else `data`.
    std::filesystem::path test{};
    /// A teacher's folder that scores these answers; empty: none.
    std::filesystem::path gold{}, gold_model{}, gold_reference{};
    /// So many rounds without a better gold reward (else held-out accuracy) end it; 0: none do.
    std::size_t patience = 1;
    /// Answers so many times as long as the first student's end it; 0: none do.
    double longest = 2;

    /// How responses are drawn, labelled and learned from; models, files, seeds and teachers are set here.
    generate_options generating{.count = 2};
    label_options labelling{};
    align_options aligning{};
    std::uint64_t seed = 0;
    std::vector<std::string> command_line{};

    [[nodiscard]] bool labels_itself() const { return teacher.empty(); }
    [[nodiscard]] const std::filesystem::path& first() const { return reference.empty() ? model : reference; }
    [[nodiscard]] const std::filesystem::path& asked() const {
        return !test.empty() ? test : !held_out.empty() ? held_out : data;
    }
};

/// \throws argument_error for what does not go together.
inline void check(const rounds_options& options) {
    require(options.rounds > 0, "at least one round is needed");
    require(!options.labels_itself() || !options.reference.empty(),
            "a student that labels for itself needs a reference: the model that it was aligned from; at first its "
            "implicit reward is zero otherwise");
    require(options.generating.count >= 2, "at least two responses to a prompt are needed to prefer one, found ",
            options.generating.count);
    require(options.replay_share > 0 && options.replay_share < 1, "the share of replayed pairs is ",
            options.replay_share, ", above 0 and below 1 was expected");
    require(options.longest == 0 || options.longest > 1, "the limit of lengths is ", options.longest,
            " times the first, above 1 was expected");
    require(
        options.replay.empty() || options.aligning.noise_rate != "teacher",
        "replayed pairs are not labelled by the teacher, and its noise rate is not theirs; give a number, or pairs");
    require(options.beta > 0, "beta is ", options.beta, ", above 0 was expected");
}

} // namespace preflearn
