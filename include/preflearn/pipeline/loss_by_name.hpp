/// \file
/// Losses by name at run time, from the compile-time lists of `loss/list.hpp`, `loss/coupled_list.hpp`,
/// `loss/triple_list.hpp`, `loss/token_list.hpp`, `loss/unpaired_list.hpp` and `loss/listwise_list.hpp`: what a
/// program's options need.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <preflearn/core/error.hpp>
#include <preflearn/data/number.hpp>
#include <preflearn/loss/any_loss.hpp>
#include <preflearn/loss/coupled_list.hpp>
#include <preflearn/loss/list.hpp>
#include <preflearn/loss/listwise_list.hpp>
#include <preflearn/loss/token_list.hpp>
#include <preflearn/loss/triple_list.hpp>
#include <preflearn/loss/unpaired_list.hpp>

namespace preflearn {

/// A parameter as it is written on a command line.
struct named_value {
    std::string name, value;
};

/// NAME=VALUE in two. \throws argument_error when there is no name or no `=`.
inline named_value parse_named_value(const std::string& text) {
    const std::size_t at = text.find('=');
    require(at != std::string::npos && at > 0, "'", text, "': NAME=VALUE was expected");
    return {text.substr(0, at), text.substr(at + 1)};
}

namespace detail {

inline double parameter_value(std::string_view loss, const named_value& given) {
    const std::optional<double> value = finite_number(given.value);
    require(value.has_value(), "loss '", loss, "': parameter '", given.name, "' is '", given.value,
            "', a finite number was expected");
    return *value;
}

/// Calls `use` with the loss, its score changed to the divergence of TRL's name.
template <class Loss, class Use>
void use_with_divergence(const Loss& loss, std::string_view divergence, double coefficient, const Use& use) {
    if (divergence == "reverse_kl") return use(loss);
    if constexpr (divergence_family<Loss>::exists) {
        if (divergence == "forward_kl") return use(with_divergence(loss, forward_kl{}));
        if (divergence == "js_divergence") return use(with_divergence(loss, js_divergence{}));
        if (divergence == "alpha_divergence")
            return use(with_divergence(loss, alpha_divergence{.coefficient = coefficient}));
        if (divergence == "chi_squared_kl") return use(with_divergence(loss, chi_squared_kl{}));
    }
    throw argument_error(
        message("f_divergence_type is '", divergence,
                "', expected reverse_kl, forward_kl, js_divergence, alpha_divergence or chi_squared_kl"));
}

/// Of the losses that `for_each_loss` goes through.
template <class ForEach, class Use>
void use_named(std::string_view name, std::span<const named_value> parameters, const ForEach& for_each_loss,
               const Use& use) {
    bool found = false;
    std::string names;
    for_each_loss([&]<class Loss>(Loss loss) {
        constexpr auto about = description_of<Loss>;
        names += (names.empty() ? "" : ", ") + std::string(about.name);
        if (about.name != name) return;
        found = true;
        std::string divergence = "reverse_kl";
        double coefficient = 0.5;
        for (const named_value& given : parameters) {
            std::string known;
            bool taken = false;
            if constexpr (about.count() > 0) {
                for (const auto& [parameter, member] : about.parameters()) {
                    known += (known.empty() ? "" : ", ") + std::string(parameter);
                    if (parameter != given.name) continue;
                    std::invoke(member, loss) = parameter_value(name, given);
                    taken = true;
                }
            }
            if constexpr (divergence_family<Loss>::exists) {
                known += ", f_divergence_type, f_alpha_divergence_coef";
                taken |= given.name == "f_divergence_type" || given.name == "f_alpha_divergence_coef";
                if (given.name == "f_divergence_type") divergence = given.value;
                if (given.name == "f_alpha_divergence_coef") coefficient = parameter_value(name, given);
            }
            require(taken, "loss '", name, "' has no parameter '", given.name,
                    "'; it has: ", known.empty() ? "none" : known);
        }
        use_with_divergence(loss, divergence, coefficient, use);
    });
    require(found, "there is no loss '", name, "'; there are: ", names);
}

} // namespace detail

/// Calls `use(loss)` with every loss that has a name: those on pairs, on triples, on pairs' tokens, on single
/// completions and on ranked lists.
template <class Use> void for_each_loss(const Use& use) {
    for_each_pair_loss(use);
    for_each_triple_loss(use);
    for_each_token_loss(use);
    for_each_unpaired_loss(use);
    for_each_listwise_loss(use);
}

/// Calls `use(loss)` with the loss on pairs of that name, its parameters set. Losses of a score difference with a
/// divergence also take TRL's `f_divergence_type` (and `chi_squared_kl`) and `f_alpha_divergence_coef` (0.5).
/// \throws argument_error for a name or a parameter that does not exist, saying which do, or a value that is no number.
template <class Use>
void use_named_loss(std::string_view name, std::span<const named_value> parameters, const Use& use) {
    detail::use_named(
        name, parameters, [](const auto& each) { for_each_pair_loss(each); }, use);
}

/// The same with the loss of that name of whatever kind.
template <class Use>
void use_loss_of_any_kind(std::string_view name, std::span<const named_value> parameters, const Use& use) {
    detail::use_named(
        name, parameters, [](const auto& each) { for_each_loss(each); }, use);
}

/// The loss on pairs of that name, its parameters set, as one type. \throws as `use_named_loss`.
inline any_loss loss_named(std::string_view name, std::span<const named_value> parameters) {
    any_loss chosen;
    use_named_loss(name, parameters, [&](const auto& loss) { chosen = any_loss(loss); });
    return chosen;
}

/// Whether the loss on pairs of that name has that parameter.
inline bool loss_has_parameter(std::string_view name, std::string_view parameter) {
    bool found = false;
    for_each_pair_loss([&]<class Loss>(const Loss&) {
        if (description_of<Loss>.name != name) return;
        for (const auto& [known, member] : description_of<Loss>.parameters()) found |= known == parameter;
    });
    return found;
}

/// The shortest digits that read back as the same number; zero has no sign.
inline std::string shortest_digits(double value) {
    std::array<char, 32> digits{};
    const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), value == 0 ? 0 : value);
    return {digits.data(), end};
}

} // namespace preflearn
