/// \file
/// How a student is made of a labelled file.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/learning/watched_training.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

/// What is done with a column of the file. Where a loss can take it or leave it, `automatic` takes probabilities and
/// weights, and margins where the loss is nothing without them; `use` is an error where it cannot be taken.
enum class column_use : std::uint8_t { automatic, use, ignore };
/// What weights do: `plain`, the mean of weight · loss over the examples (CW-PO's E[C ℓ]); `normalised`, their sum
/// divided by that of the weights.
enum class weight_use : std::uint8_t { automatic, plain, normalised, ignore };

inline constexpr std::array<std::string_view, 3> column_use_names{"auto", "use", "ignore"};
inline constexpr std::array<std::string_view, 4> weight_use_names{"auto", "plain", "normalised", "ignore"};

/// \throws argument_error for a word that is none
template <class Enum, std::size_t n>
Enum use_named(const std::array<std::string_view, n>& names, std::string_view name) {
    std::string known;
    for (std::size_t i = 0; i < n; ++i) {
        if (names[i] == name) return static_cast<Enum>(i);
        known += (i == 0 ? "" : ", ") + std::string(names[i]);
    }
    throw argument_error(message("found ", excerpt{name}, ", one of ", known, " was expected"));
}

struct align_options {
    /// GGUF file or Hugging Face folder.
    std::filesystem::path model{};
    /// Another model as reference; empty: the model as it is before preference training.
    std::filesystem::path reference{};
    /// Labels, in any form of records (parse_responses.hpp), JSONL or JSONL.gz.
    std::filesystem::path data{};
    /// A folder, or a file that ends in ".gguf".
    std::filesystem::path out{};

    std::string loss_name = "sigmoid";
    std::vector<std::string> loss_parameters{}; ///< NAME=VALUE
    /// The loss's, where it has one and no parameter says otherwise.
    std::optional<double> beta{};
    /// "teacher", or a number: the share of wrong labels, for losses that correct for it; "pairs": that of each label
    /// by its own probability or margin, for losses that read probabilities; empty: nothing is said of it.
    std::string noise_rate{};
    /// The folder of the teacher whose noise is meant; empty: the manifest beside the data says it.
    std::filesystem::path teacher{};
    /// Of WSPO: a weak policy that was aligned, and what it was before.
    std::filesystem::path weak_policy{}, weak_reference{};

    column_use probabilities = column_use::automatic, margins = column_use::automatic;
    weight_use weights = weight_use::automatic;
    /// See example_rules.
    preflearn::pairing pairing = preflearn::pairing::best_worst;
    std::optional<double> threshold{};
    std::string gold_field = "gold";
    record_options records{};
    /// How conversations become text: a format's name; empty: that of the model's chat template, where the data have
    /// conversations.
    std::string chat_format{};
    token_boundary boundary = token_boundary::separate;
    tokenizer_options tokenizer{};
    std::size_t maximum_tokens = 512;
    bool strict = false;

    /// Labels to hold the student against; empty: a share of `data`, whole groups of one prompt.
    std::filesystem::path held_out{};
    double held_out_share = 0.1;
    watching watched{};

    trained_tensors trained{};
    std::string trained_name = "all";
    std::optional<adapter_options> adapter{};
    bool recompute_activations = false;
    bool eight_bit_moments = false;
    /// On the preferred responses, before; 0 epochs: the model is the fine-tuned one.
    adamw fine_tuning_optimiser{.rate = 1e-5};
    training_options fine_tuning{
        .epochs = 0, .batch_size = 8, .micro_batch_size = 2, .schedule = schedule::cosine, .warm_up = 0.1};
    adamw optimiser{.rate = 1e-5};
    training_options training{.batch_size = 8, .micro_batch_size = 1, .schedule = schedule::cosine, .warm_up = 0.1};
    std::uint64_t seed = 0;

    /// How weights are written, and whether an adapter stays one.
    element_type written = element_type::f32;
    bool keep_adapter = false;

    /// Steps between checkpoints, which lie in `OUT.unfinished` until the student is made; 0: at a training's end.
    std::size_t checkpoint_every = 50;
    /// As of teach_options.
    std::function<training_observer(std::string_view title)> observe{};
    std::function<std::function<void(std::size_t scored)>(std::string_view title, std::size_t pairs)> scoring{};
    std::vector<std::string> command_line{};
};

/// Which columns are read as what.
inline nlohmann::ordered_json settings_of(const record_columns& columns) {
    return {columns.id,    columns.prompt,     columns.system,    columns.chosen,   columns.rejected,
            columns.first, columns.second,     columns.responses, columns.response, columns.scores,
            columns.score, columns.completion, columns.label,     columns.margin,   columns.lower_is_better};
}

/// What of the options makes another student of the same files.
inline nlohmann::ordered_json settings_of(const align_options& options) {
    nlohmann::ordered_json json{{"fine_tuning", settings_of(options.fine_tuning, options.fine_tuning_optimiser)},
                                {"preferences", settings_of(options.training, options.optimiser)},
                                {"optimiser", options.eight_bit_moments ? "adamw_8bit" : "adamw"},
                                {"trained", options.adapter ? "adapter" : options.trained_name},
                                {"adapter", options.adapter ? settings_of(*options.adapter) : nlohmann::ordered_json()},
                                {"probabilities", column_use_names[static_cast<std::size_t>(options.probabilities)]},
                                {"margins", column_use_names[static_cast<std::size_t>(options.margins)]},
                                {"weights", weight_use_names[static_cast<std::size_t>(options.weights)]},
                                {"pairing", static_cast<int>(options.pairing)},
                                {"gold_field", options.gold_field},
                                {"columns", settings_of(options.records.columns)},
                                {"skip_malformed", options.records.reading.skip_malformed},
                                {"boundary", options.boundary == token_boundary::joint ? "joint" : "separate"},
                                {"pretokenizer", options.tokenizer.pretokenizer},
                                {"chat_format", options.chat_format},
                                {"max_tokens", options.maximum_tokens},
                                {"strict", options.strict},
                                {"held_out",
                                 {{"share", options.held_out.empty() ? options.held_out_share : 0},
                                  {"every", options.watched.every},
                                  {"patience", options.watched.patience}}},
                                {"written", std::string(name_of(options.written))},
                                {"keep_adapter", options.keep_adapter}};
    if (options.threshold) json["threshold"] = *options.threshold;
    if (options.noise_rate == "pairs") json["noise_rate"] = options.noise_rate;
    return json;
}

} // namespace preflearn
