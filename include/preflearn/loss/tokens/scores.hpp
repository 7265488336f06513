/// \file
/// The batch of pairs that a token-level loss sees: for the chosen and for the rejected responses one layout (ragged or
/// padded) and columns of per-token numbers in it. Views only; nothing is owned, nothing copied.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <preflearn/core/column.hpp>
#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/tokens/rows.hpp>

namespace preflearn {

/// Columns of one number per position of the layout, of all chosen or of all rejected responses, stored as double,
/// float or in 16 bits. Those that a loss does not need may be empty. Padding is not read.
template <class Real> struct token_columns {
    token_rows rows{};
    /// log π(y_t | x, y_<t) in nats.
    column_view<const Real> policy{};
    /// The same under the reference policy; empty: zero (no reference).
    column_view<const Real> reference{};
    /// log Σ_v π(v | x, y_<t)² over the vocabulary (WPO).
    column_view<const Real> log_sum_squares{};
    /// KL(π_ref ‖ π) of the distributions of the next token, given x and y_<t (TDPO).
    column_view<const Real> divergence{};
    /// log π_weak(y_t | …) − log π_weak,ref(y_t | …) of an aligned weak policy and its reference (WSPO; chosen only).
    column_view<const Real> weak_shift{};
};

template <class Real> struct token_gradients;

/// Tokens of n pairs. The columns of pairs have n entries each or are empty, as in `pair_scores`.
template <class Real> struct token_scores {
    using gradients = token_gradients<Real>;
    using sums = loss_sums;

    token_columns<Real> chosen, rejected;
    column_view<const Real> weight{}, target{}, margin{};

    [[nodiscard]] std::size_t size() const { return chosen.rows.size(); }
};

/// Where a loss writes its derivatives in the columns of the same name; each is as long as the column. Every position
/// of a response is overwritten, with 0 in its padding.
template <class Real> struct token_derivatives {
    column_view<Real> policy{};
    /// Needed by losses in which a gradient flows through the divergence.
    column_view<Real> divergence{};
};

/// Of both responses; empty columns are not wanted.
template <class Real> struct token_gradients {
    token_derivatives<Real> chosen{}, rejected{};
    /// weight · loss of each pair.
    column_view<Real> values{};
};

/// A loss on pairs given token by token: writes the derivative of every token. Numeric errors name the pair and the
/// token's number in the response.
template <class L, class Real = double>
concept TokenLoss = StoredReal<Real> && Loss<L, token_scores<Real>>;

template <class L, class Real> consteval void check_token_loss() {
    static_assert(TokenLoss<L, Real>, "a TokenLoss is called with (token_scores<Real>, token_gradients<Real>), const, "
                                      "and returns preflearn::loss_sums; from_tokens makes one of a PreferenceLoss");
}

/// Which columns a token-level loss says that it needs (`uses_log_sum_squares`, …); one that says nothing needs none.
template <class Loss> inline constexpr bool loss_uses_log_sum_squares = requires {
    requires Loss::uses_log_sum_squares;
};
template <class Loss> inline constexpr bool loss_uses_divergence = requires { requires Loss::uses_divergence; };
template <class Loss> inline constexpr bool loss_uses_weak_shift = requires { requires Loss::uses_weak_shift; };
/// Whether it couples the pairs of a batch.
template <class Loss> inline constexpr bool loss_couples_batch = requires { requires Loss::couples_batch; };

/// A number as it is stored, rounded once more on the way to 16 bits.
template <StoredReal Real> Real stored(double value) { return static_cast<Real>(static_cast<computed_t<Real>>(value)); }

namespace detail {

/// The columns of one side by name.
template <class Real, class See> void for_each_token_column(const token_columns<Real>& side, const See& see) {
    see("policy", side.policy);
    see("reference", side.reference);
    see("log_sum_squares", side.log_sum_squares);
    see("divergence", side.divergence);
    see("weak_shift", side.weak_shift);
}

template <class Real>
void check_side(const token_columns<Real>& side, const token_derivatives<Real>& out, const char* name) {
    check_rows(side.rows, name);
    const std::size_t positions = side.rows.positions();
    const auto check = [&](std::string_view column, std::size_t found, bool may_be_empty) {
        require(found == positions || (may_be_empty && found == 0), name, ": ", column, " has ", found,
                " entries for rows of ", positions, " positions");
    };
    for_each_token_column(side, [&](std::string_view column, std::span<const Real> values) {
        check(column, values.size(), column != "policy");
    });
    check("the gradient of policy", out.policy.size(), true);
    check("the gradient of divergence", out.divergence.size(), true);
}

} // namespace detail

/// Layouts are sound, columns fit them, and both sides' gradients are wanted or neither. \throws argument_error naming
/// the column and both lengths.
template <StoredReal Real>
void check_token_scores(const token_scores<Real>& scores, const token_gradients<Real>& gradients) {
    detail::check_side(scores.chosen, gradients.chosen, "chosen");
    detail::check_side(scores.rejected, gradients.rejected, "rejected");
    require(scores.chosen.rows.size() == scores.rejected.rows.size(), "there are ", scores.chosen.rows.size(),
            " chosen and ", scores.rejected.rows.size(), " rejected responses; as many were expected");
    require(scores.chosen.reference.empty() == scores.rejected.reference.empty() || scores.chosen.policy.empty() ||
                scores.rejected.policy.empty(),
            "the reference of chosen and rejected must both be given or both be empty, found ",
            scores.chosen.reference.size(), " and ", scores.rejected.reference.size(), " entries");
    const bool some = !gradients.chosen.policy.empty() || !gradients.rejected.policy.empty();
    require(!some || ((!gradients.chosen.policy.empty() || scores.chosen.policy.empty()) &&
                      (!gradients.rejected.policy.empty() || scores.rejected.policy.empty())),
            "gradients of chosen and rejected must both be given or both be empty, found ",
            gradients.chosen.policy.size(), " and ", gradients.rejected.policy.size(), " entries");
    const auto check = [&](std::string_view name, std::size_t found) {
        require(found == scores.size() || found == 0, name, " has ", found, " entries for ", scores.size(), " pairs");
    };
    check("weight", scores.weight.size());
    check("target", scores.target.size());
    check("margin", scores.margin.size());
    check("the column of values", gradients.values.size());
}

/// Throws for the first number of a pair's response that is not finite. \throws numeric_error naming the pair, the
/// column and the token's number in the response, from 0; when all are finite, saying that their sum is not.
template <StoredReal Real>
[[noreturn]] void throw_token_fault(const token_columns<Real>& side, std::size_t pair, std::string_view name) {
    detail::for_each_token_column(side, [&](std::string_view column, std::span<const Real> values) {
        if (values.empty()) return;
        const auto value = [&](std::size_t at) { return static_cast<double>(values[at]); };
        const auto found = side.rows.find(pair, [&](std::size_t at) { return !std::isfinite(value(at)); });
        if (found.position < side.rows.end(pair))
            throw numeric_error(message("pair ", pair, ": ", column, " of ", name, " token ", found.number, " is ",
                                        value(found.position), ", a finite number was expected"));
    });
    throw numeric_error(message("pair ", pair, ": the sum over the ", name,
                                " response's tokens exceeds the range of the "
                                "type"));
}

} // namespace preflearn
