/// \file
/// Losses by name at run time, their parameters set, from the compile-time lists: what a program's options need.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_divergence.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/loss/parts/about.hpp>

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

/// TRL's parameters of a divergence.
struct divergence_parameters {
    std::string type = "reverse_kl";
    double coefficient = 0.5;

    /// \throws argument_error when there is none of that type.
    [[nodiscard]] any_divergence divergence() const {
        const std::optional<any_divergence> found = divergence_named(type, coefficient);
        require(found.has_value(), "f_divergence_type is '", type,
                "', expected reverse_kl, forward_kl, js_divergence, alpha_divergence or chi_squared_kl");
        return *found;
    }
};

/// Sets what is given; `divergence` is null where the loss has none.
inline void set_parameters(std::string_view loss, std::span<const named_value> given,
                           std::vector<parameter_place> places, divergence_parameters* divergence) {
    if (divergence != nullptr) places.push_back({"f_alpha_divergence_coef", &divergence->coefficient});
    for (const named_value& one : given) {
        require(std::ranges::count(given, one.name, &named_value::name) == 1, "loss '", loss, "': its parameter '",
                one.name, "' is given twice");
        const auto place = std::ranges::find(places, one.name, &parameter_place::name);
        if (place != places.end()) {
            *place->value = parameter_value(loss, one);
        } else if (divergence != nullptr && one.name == "f_divergence_type") {
            divergence->type = one.value;
        } else {
            std::string known;
            for (const parameter_place& other : places) known += (known.empty() ? "" : ", ") + std::string(other.name);
            if (divergence != nullptr) known += ", f_divergence_type";
            throw argument_error(message("loss '", loss, "' has no parameter '", one.name,
                                         "'; it has: ", known.empty() ? "none" : known));
        }
    }
}

} // namespace detail

/// Calls `use(loss)` with the loss of a row of the table, which is one of `List`, its parameters set. Losses of a score
/// difference with a divergence also take TRL's `f_divergence_type` (and `chi_squared_kl`) and
/// `f_alpha_divergence_coef` (0.5). \throws argument_error for a parameter that does not exist, saying which do, or a
/// value that is no number.
template <class List, class Use>
void use_loss_of(const listed_loss& row, std::span<const named_value> parameters, const Use& use) {
    bool found = false;
    for_each_loss_of<List>([&]<class Loss>(Loss loss) {
        if (description_of<Loss>.name != row.about.name) return;
        found = true;
        if constexpr (divergence_family<Loss>::exists) {
            detail::divergence_parameters divergence;
            detail::set_parameters(row.about.name, parameters, parameters_of(loss), &divergence);
            use(with_divergence(loss, divergence.divergence()));
        } else {
            detail::set_parameters(row.about.name, parameters, parameters_of(loss), nullptr);
            use(loss);
        }
    });
    require(found, "the loss '", row.about.name, "' is none of those that were looked through");
}

/// The same with the loss on pairs of that name or alias. \throws argument_error also for a name that does not exist,
/// saying which do.
template <class Use>
void use_named_loss(std::string_view name, std::span<const named_value> parameters, const Use& use) {
    use_loss_of<pair_losses>(loss_listed_as(name, loss_kind::pairs), parameters, use);
}

/// The same with the loss of that name of whatever kind.
template <class Use>
void use_loss_of_any_kind(std::string_view name, std::span<const named_value> parameters, const Use& use) {
    use_loss_of<all_losses>(loss_listed_as(name), parameters, use);
}

/// The loss on pairs of that name, its parameters set, as one type. \throws as `use_named_loss`.
template <std::floating_point Real = double>
any_loss<Real> loss_named(std::string_view name, std::span<const named_value> parameters = {}) {
    any_loss<Real> chosen;
    use_named_loss(name, parameters, [&](const auto& loss) { chosen = any_loss<Real>::of_parts(loss); });
    return chosen;
}

} // namespace preflearn
