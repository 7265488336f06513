/// \file
/// How a teacher is made of labelled pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/teacher_folder/external_command.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

/// The kind `features`.
struct feature_options {
    /// "linear", fitted exactly, or "mlp", with these widths, trained.
    std::string head = "linear";
    std::vector<std::size_t> hidden{64};
    /// Which hidden state stands for a response: "last" or "mean".
    std::string pooling = "last";
    /// The L2 penalty (of an MLP weight decay); nothing: the best of several on held-out pairs.
    std::optional<double> l2{};
    /// A folder that keeps hidden states for other runs; empty: they are kept until the teacher is made.
    std::filesystem::path cache{};
};

/// Of the kind `judge`: how a model is asked.
struct judge_options {
    /// The template (see judge_template.hpp); empty: the library's own of that form.
    std::filesystem::path file{};
    judge_form form = judge_form::pairwise;
    /// Tokens of a reason that it writes before it answers; 0: none. And at which temperature, 0: the likeliest.
    std::size_t reason_tokens = 0;
    double temperature = 0;
};

/// The defaults of training are those of a study's teacher (text_study_options), so that both make the same one.
struct teach_options {
    /// One of teacher_kinds.
    std::string kind = "implicit";
    /// GGUF file or Hugging Face folder; the kinds `longer` and `recorded` have none.
    std::filesystem::path model{};
    /// Another model as reference, instead of the model as it is before preference training; then no fine-tuning.
    std::filesystem::path reference{};
    /// Labelled pairs, JSONL or JSONL.gz; of the kind `recorded` the verdicts.
    std::filesystem::path data{};
    /// Of the kind `ensemble`: teachers' folders, which are copied, and how they are combined (see ensemble.hpp).
    std::vector<std::filesystem::path> members{};
    std::string combination = "mean";
    double spread = 1;
    /// The folder to be made.
    std::filesystem::path out{};

    /// Labelled pairs to hold the teacher against; empty: a share of `data`, whole groups of one prompt.
    std::filesystem::path held_out{};
    double held_out_share = 0.1;
    /// Evaluations while it learns: after every so many steps, 0: every epoch; where there are held-out pairs. The best
    /// by held-out loss is kept, and training ends when so many evaluations in a row were no better (0: never).
    std::size_t evaluate_every = 0, patience = 3;

    preference_options reading{};
    /// How conversations become text: a format's name or "auto"; empty: HH transcripts.
    std::string chat_format{};
    token_boundary boundary = token_boundary::separate;
    tokenizer_options tokenizer{};
    std::size_t maximum_tokens = 512;
    bool needs_tokens = false; ///< the loss divides by lengths
    bool strict = false;

    trained_tensors trained{};
    std::string trained_name = "all";
    std::optional<adapter_options> adapter{};
    bool recompute_activations = false;
    bool eight_bit_moments = false;
    /// On the chosen responses; 0 epochs: none.
    adamw fine_tuning_optimiser{.rate = 1e-5};
    training_options fine_tuning{.batch_size = 8, .micro_batch_size = 2, .schedule = schedule::cosine, .warm_up = 0.1};
    /// On the pairs; 0 epochs: the model is the policy as it is.
    adamw optimiser{.rate = 1e-5};
    training_options training{.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1};
    std::string loss_name = "sigmoid";
    std::vector<std::string> loss_parameters{};
    /// Of the implicit reward.
    double beta = 0.1;
    /// How it labels unless `label` is told otherwise.
    teacher_rule rule{};
    /// The kind `likelihood`: log-probs divided by the number of tokens.
    bool per_token = false;
    /// The kinds `head` and `classifier`: pairs' margins are part of the loss; the model is written whole, as
    /// transformers reads it, where an adapter or the head alone learned, too.
    bool margins = false, whole_model = false;
    /// The kind `classifier`: what stands behind a prompt (see pair_template); empty: as default_pair_template.
    std::string pair_template{};
    feature_options features{};
    judge_options judge{};
    /// The program that a teacher of the kind external asks, or an ensemble's member of it.
    std::optional<external_command> external{};
    std::uint64_t seed = 0;
    /// By which pairs are held out and shown; nothing: `seed`.
    std::optional<std::uint64_t> split_seed{};
    /// So many teachers are made, by `seed` and the numbers behind it; all but the first only for the card, which says
    /// how far they agree.
    std::size_t seeds = 1;
    /// Folders of these others, which `teach` fills in; and whether this is one of them, which is judged with the
    /// first.
    std::vector<std::filesystem::path> repeats{};
    bool is_repeat = false;
    /// A column of the held-out pairs by which the card's accuracy is also given apart (a.b: member b of a); empty:
    /// none.
    std::string category_field{};

    /// Steps between checkpoints, which lie in `OUT.unfinished` until the folder is made; 0: at a training's end.
    std::size_t checkpoint_every = 50;
    /// Makes the observer of a training run with this title.
    std::function<training_observer(std::string_view title)> observe{};
    /// Makes what is told how many pairs have been scored, of so many.
    std::function<std::function<void(std::size_t scored)>(std::string_view title, std::size_t pairs)> scoring{};
    std::vector<std::string> command_line{};

    [[nodiscard]] std::uint64_t split_by() const { return split_seed.value_or(seed); }
};

/// What of the options makes another teacher of the same files.
inline nlohmann::ordered_json settings_of(const teach_options& options) {
    nlohmann::ordered_json json{{"kind", options.kind}, {"seed", options.seed}};
    if (options.split_by() != options.seed) json["split_seed"] = options.split_by();
    if (options.seeds > 1) json["seeds"] = options.seeds;
    if (!options.category_field.empty()) json["category_field"] = options.category_field;
    if (options.kind == "judge") json["max_tokens"] = options.maximum_tokens;
    if (options.model.empty() || options.kind == "judge") return json;
    json["fine_tuning"] = settings_of(options.fine_tuning, options.fine_tuning_optimiser);
    if (options.kind == "implicit" || options.kind == "head" || options.kind == "classifier") {
        json["preferences"] = settings_of(options.training, options.optimiser);
        json["loss"] = {{"name", options.loss_name}, {"parameters", options.loss_parameters}};
        json["beta"] = options.beta;
    }
    json["optimiser"] = options.eight_bit_moments ? "adamw_8bit" : "adamw";
    json["trained"] = options.adapter ? "adapter" : options.trained_name;
    if (options.adapter) json["adapter"] = settings_of(*options.adapter);
    json["held_out"] = {{"share", options.held_out.empty() ? options.held_out_share : 0},
                        {"every", options.evaluate_every},
                        {"patience", options.patience}};
    json["max_tokens"] = options.maximum_tokens;
    return json;
}

} // namespace preflearn
