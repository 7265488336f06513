/// \file
/// How a teacher's judgements become labels, and of which pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/pipeline/scoring/shard.hpp>
#include <preflearn/pipeline/teacher_folder/external_command.hpp>

namespace preflearn {

enum class label_rule_kind : std::uint8_t {
    hard,    ///< the better response, with probability 1 (Tao & Li 2025, step 2)
    soft,    ///< the better response, with its calibrated probability
    abstain, ///< hard, where the likelier response has at least the probability `amount`
    top,     ///< hard, for the `amount` percent of the pairs with the largest |margin|
};

struct label_rule {
    label_rule_kind kind = label_rule_kind::hard;
    double amount = 0;
};

/// What a label counts for in training.
enum class label_weight : std::uint8_t {
    none,       ///< 1
    confidence, ///< 2 (σ(margin) − ½) of the teacher's own margin (CW-PO, arXiv:2603.04968)
    noise,      ///< 1 − 2ε, ε the calibrated probability that the label is wrong
};

enum class flip_kind : std::uint8_t {
    uniform, ///< every label alike
    margin,  ///< with probability σ(−|margin| / T), T such that the mean over the labels is the rate
    length,  ///< of labels whose chosen response is the shorter one, so many that the rate holds over all labels
};

/// Labels turned on purpose.
struct label_flips {
    flip_kind kind = flip_kind::uniform;
    double rate = 0; ///< share of all labels, in [0, 1/2) by margin, else in [0, 1]
};

enum class calibration_kind : std::uint8_t { temperature, isotonic };

struct label_options {
    std::filesystem::path teacher{};
    /// Where its base model is, and its reference; empty: the folder says it.
    std::filesystem::path model{}, reference{};
    /// Pairs or prompts with n responses, JSONL or JSONL.gz.
    std::filesystem::path data{};
    /// The JSONL file to be written.
    std::filesystem::path out{};
    /// Nothing: the teacher's own.
    std::optional<label_rule> rule{};
    /// Labelled pairs by which probabilities are made honest; empty: as the folder says.
    std::filesystem::path calibrate{};
    calibration_kind calibration = calibration_kind::temperature;
    std::optional<label_flips> flips{};
    label_weight weight = label_weight::none;
    /// How often people are wrong, where that is known: a share below 1/2. 0: their labels are the truth.
    double human_noise = 0;
    /// The program that a teacher of the kind external asks.
    std::optional<external_command> external{};
    preflearn::shard shard{}; ///< of the records
    /// Takes the teacher's liking for length off its scores (see length_debiasing.hpp).
    bool debias_length = false;
    /// Writes the judgements themselves to `out`, of a shard or of all; and labels by such files of all shards.
    bool judge_only = false;
    std::vector<std::filesystem::path> merge{};
    /// Of the order in which responses are shown, and of flips.
    std::uint64_t seed = 0;
    preference_options reading{};
    /// Nothing: the teacher's own; anything else is refused.
    std::optional<std::string> chat_format{};
    std::optional<bool> end_token{};
    /// Whether leaving any pair out that cannot be judged is an error.
    bool strict = false;
    std::vector<std::string> command_line{};
};

namespace detail {

template <class Enum, std::size_t n>
Enum named_choice(const std::array<std::string_view, n>& names, std::string_view name, std::string_view what) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<Enum>(found - names.begin());
    std::string known;
    for (const std::string_view one : names) known += (known.empty() ? "" : ", ") + std::string(one);
    throw argument_error(message(what, " is ", excerpt{name}, ", one of ", known, " was expected"));
}

inline constexpr std::array<std::string_view, 4> rule_names{"hard", "soft", "abstain", "top"};
inline constexpr std::array<std::string_view, 3> weight_names{"none", "confidence", "noise"};
inline constexpr std::array<std::string_view, 3> flip_names{"uniform", "margin", "length"};
inline constexpr std::array<std::string_view, 2> calibration_names{"temperature", "isotonic"};

} // namespace detail

constexpr std::string_view name_of(label_rule_kind kind) { return detail::rule_names[static_cast<std::size_t>(kind)]; }
constexpr std::string_view name_of(label_weight kind) { return detail::weight_names[static_cast<std::size_t>(kind)]; }
constexpr std::string_view name_of(flip_kind kind) { return detail::flip_names[static_cast<std::size_t>(kind)]; }
constexpr std::string_view name_of(calibration_kind kind) {
    return detail::calibration_names[static_cast<std::size_t>(kind)];
}

/// \param threshold of `abstain`, a probability in [1/2, 1] \param top of `top`, percent in (0, 100]
/// \throws argument_error naming the rule, and for a number that is missing or has no rule that it belongs to.
inline label_rule label_rule_named(std::string_view name, std::optional<double> threshold = {},
                                   std::optional<double> top = {}) {
    const auto kind = detail::named_choice<label_rule_kind>(detail::rule_names, name, "the label rule");
    require(threshold.has_value() == (kind == label_rule_kind::abstain),
            "a threshold belongs to the rule abstain: ", "below this probability of the likelier response it abstains");
    require(top.has_value() == (kind == label_rule_kind::top),
            "a share of the most confident pairs, in percent, belongs to the rule top");
    require(!threshold || (*threshold >= 0.5 && *threshold <= 1), "the threshold is ", threshold.value_or(0),
            ", a probability of the likelier response, from 0.5 to 1, was expected");
    require(!top || (*top > 0 && *top <= 100), "the share of most confident pairs is ", top.value_or(0),
            ", above 0 to 100 percent was expected");
    return {kind, threshold.value_or(top.value_or(0))};
}

/// \throws argument_error for a name that is none.
inline label_weight label_weight_named(std::string_view name) {
    return detail::named_choice<label_weight>(detail::weight_names, name, "the weight");
}
inline calibration_kind calibration_named(std::string_view name) {
    return detail::named_choice<calibration_kind>(detail::calibration_names, name, "the calibration");
}

/// "uniform:0.1". \throws argument_error
inline label_flips label_flips_named(std::string_view text) {
    const std::size_t colon = text.find(':');
    const auto kind = detail::named_choice<flip_kind>(detail::flip_names, text.substr(0, colon), "the kind of flips");
    const auto rate = colon == std::string_view::npos ? std::nullopt : finite_number(text.substr(colon + 1));
    const double most = kind == flip_kind::margin ? 0.5 : 1;
    require(rate && *rate >= 0 && (kind == flip_kind::margin ? *rate < most : *rate <= most), "flips are ",
            excerpt{text}, ", KIND:RATE was expected with a rate from 0 to ", most);
    return {kind, *rate};
}

} // namespace preflearn
