/// \file
/// The divergence of a preference loss chosen at run time, in one type: a program that knows many losses by name
/// compiles each once instead of once for every divergence. It is chosen once for hundreds of pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <optional>
#include <string_view>
#include <variant>

#include <preflearn/loss/parts/divergence.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// A ScorePart that is one of those of `divergence.hpp`.
struct any_divergence {
    static constexpr bool uses_reference = true, uses_tokens = false, only_differences = true;

    std::variant<reverse_kl, forward_kl, js_divergence, alpha_divergence, chi_squared_kl> chosen{};

    /// Calls `use` with the chosen score part and returns what it returns.
    template <class Use> auto visit(const Use& use) const { return std::visit(use, chosen); }

    template <std::floating_point Real> response_score<Real> operator()(Real u, Real tokens) const {
        return visit([&](const auto& score) { return score(u, tokens); });
    }
    template <class Real> pair_score<Real> pair(const pair_point<Real>& at) const {
        return visit([&](const auto& score) { return scores_of_pair(score, at); });
    }
};

/// The divergence of that name, if there is one: TRL's `f_divergence_type`, and `chi_squared_kl`. `coefficient` is that
/// of the alpha divergence.
constexpr std::optional<any_divergence> divergence_named(std::string_view name, double coefficient = 0.5) {
    if (name == "reverse_kl") return any_divergence{reverse_kl{}};
    if (name == "forward_kl") return any_divergence{forward_kl{}};
    if (name == "js_divergence") return any_divergence{js_divergence{}};
    if (name == "alpha_divergence") return any_divergence{alpha_divergence{.coefficient = coefficient}};
    if (name == "chi_squared_kl") return any_divergence{chi_squared_kl{}};
    return std::nullopt;
}

} // namespace preflearn
