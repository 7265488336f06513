/// \file
/// The divergence of a preference loss chosen at run time, in one type: a program that knows many losses by name
/// compiles each once instead of once for every divergence. It is chosen once for hundreds of pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string_view>

#include <preflearn/loss/divergence.hpp>
#include <preflearn/loss/score.hpp>

namespace preflearn {

enum class divergence_kind : unsigned char { reverse_kl, forward_kl, js_divergence, alpha_divergence, chi_squared_kl };

/// The names of the kinds, in their order: TRL's `f_divergence_type` and `chi_squared_kl`.
inline constexpr std::array<std::string_view, 5> divergence_names = {"reverse_kl", "forward_kl", "js_divergence",
                                                                     "alpha_divergence", "chi_squared_kl"};

/// The kind of that name, if there is one.
constexpr std::optional<divergence_kind> divergence_named(std::string_view name) {
    for (std::size_t k = 0; k < divergence_names.size(); ++k)
        if (divergence_names[k] == name) return static_cast<divergence_kind>(k);
    return std::nullopt;
}

/// A ScorePart that is one of those of `divergence.hpp`.
struct any_divergence {
    static constexpr bool uses_reference = true, uses_tokens = false, only_differences = true;

    divergence_kind kind = divergence_kind::reverse_kl;
    /// Of `alpha_divergence`.
    double coefficient = 0.5;

    /// Calls `use` with the chosen score part and returns what it returns.
    template <class Use> auto visit(const Use& use) const {
        switch (kind) {
        case divergence_kind::forward_kl:
            return use(forward_kl{});
        case divergence_kind::js_divergence:
            return use(js_divergence{});
        case divergence_kind::alpha_divergence:
            return use(alpha_divergence{.coefficient = coefficient});
        case divergence_kind::chi_squared_kl:
            return use(chi_squared_kl{});
        case divergence_kind::reverse_kl:
            break;
        }
        return use(reverse_kl{});
    }

    template <std::floating_point Real> response_score<Real> operator()(Real u, Real tokens) const {
        return visit([&](const auto& score) { return score(u, tokens); });
    }
    template <class Real> pair_score<Real> pair(const pair_point<Real>& at) const {
        return visit([&](const auto& score) { return scores_of_pair(score, at); });
    }
};

} // namespace preflearn
