/// \file
/// A listed loss of whatever kind, chosen at run time: one type for each kind of batch, what the loss reads of it, and
/// where it takes the rate of wrong labels. Nothing here compiles a loss; `kind_named.hpp` does.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <preflearn/core/scores.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/single/completions.hpp>
#include <preflearn/loss/single/kto.hpp>
#include <preflearn/loss/tokens/scores.hpp>

namespace preflearn {

/// Any token-level loss that needs these columns of a model's pass. A TokenLoss, and a CoupledLoss as `any_loss_of` is.
template <bool SumSquares, bool Divergence> struct any_token_loss {
    static constexpr bool uses_log_sum_squares = SumSquares, uses_divergence = Divergence;
    using state = any_loss_of<token_scores<double>>::state;

    any_loss_of<token_scores<double>> held{};

    [[nodiscard]] bool couples_pairs() const { return held.couples_pairs(); }
    [[nodiscard]] state reduce(const token_scores<double>& scores) const { return held.reduce(scores); }
    loss_sums map(const token_scores<double>& scores, const state& batch, const token_gradients<double>& gradients,
                  std::size_t first = 0) const {
        return held.map(scores, batch, gradients, first);
    }

    loss_sums operator()(const token_scores<double>& scores, const token_gradients<double>& gradients) const {
        return held(scores, gradients);
    }
    [[nodiscard]] std::string identity() const { return held.identity(); }
};

/// A loss of one of these kinds. KTO with responses to other prompts has a type of its own: its state is made of them.
using loss_of_any_kind =
    std::variant<any_loss<double>, any_loss_of<triple_scores<double>>, any_token_loss<false, false>,
                 any_token_loss<true, false>, any_token_loss<false, true>, any_loss_of<completion_scores<double>>,
                 kto<>, any_loss_of<ranked_scores<double>>>;

/// What a loss reads beside the policy's own scores.
struct loss_reads {
    bool reference = true, target = true, weight = true, margin = true;
    /// It divides by lengths, so that responses have at least a token.
    bool lengths = false;
    /// Token by token the shift of a weak policy (WSPO).
    bool weak_shift = false;
    /// The λ by which the policy is extrapolated from its reference (SPA): then the column `divergence` is that of
    /// `forward_with_divergence(…, λ)`.
    std::optional<double> extrapolation{};
};

struct kind_of_loss {
    listed_loss listed{};
    loss_reads reads{};
    loss_of_any_kind loss{};

    [[nodiscard]] std::string name() const { return std::string(listed.about.name); }
    [[nodiscard]] loss_kind kind() const { return listed.kind; }
    /// By which the loss and its parameters are told from others.
    [[nodiscard]] std::string identity() const {
        return std::visit([](const auto& held) { return identity_of(held); }, loss);
    }
    /// Whether the loss is nothing without margins, which most others could also subtract.
    [[nodiscard]] bool is_of_margins() const {
        return detail::has_word("odpo distilled_dpo reward_regression", listed.about.name);
    }
};

/// The parameter of a listed loss that is the probability of a wrong label (cDPO, robust DPO, …); empty where it has
/// none.
inline std::string_view noise_parameter(const listed_loss& loss) {
    for (const std::string_view name : {std::string_view("label_smoothing"), std::string_view("filtered")})
        if (std::ranges::find(loss.parameters, name) != loss.parameters.end()) return name;
    return {};
}

/// The loss that stands in place of one by its listed name where a noise rate is told: the same with filtering for
/// `ropo`, which tolerates wrong labels without knowing how many there are; else that loss itself.
inline std::string_view loss_with_noise_rate(std::string_view listed) {
    return listed == "ropo" ? std::string_view("ropo_filtered") : listed;
}

/// The same where the noise rate of each pair is told: `robust`, which has one for all, corrects by pair.
inline std::string_view loss_with_noise_by_pair(std::string_view listed) {
    return listed == "robust" ? std::string_view("robust_by_pair") : listed;
}

} // namespace preflearn
