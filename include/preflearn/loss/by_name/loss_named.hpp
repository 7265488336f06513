/// \file
/// Losses by name at run time, from the compile-time lists of `loss/list.hpp`, `loss/coupled_list.hpp`,
/// `loss/triple_list.hpp`, `loss/token_list.hpp`, `loss/unpaired_list.hpp` and `loss/listwise_list.hpp`: what a
/// program's options need.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/alias_list.hpp>
#include <preflearn/loss/by_name/any_divergence.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/coupled_list.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/listwise_list.hpp>
#include <preflearn/loss/by_name/token_list.hpp>
#include <preflearn/loss/by_name/triple_list.hpp>
#include <preflearn/loss/by_name/unpaired_list.hpp>

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

/// Calls `use(loss)` with every loss that has a name: those on pairs, on triples, on pairs' tokens, on single
/// completions and on ranked lists.
template <class Use> void for_each_loss(const Use& use) {
    for_each_pair_loss(use);
    for_each_triple_loss(use);
    for_each_token_loss(use);
    for_each_unpaired_loss(use);
    for_each_listwise_loss(use);
}

/// The name under which the lists have the loss that is also called `given` ("dpo" is "sigmoid", see
/// `loss/alias_list.hpp`); a name that nobody knows comes back in small letters.
/// \throws argument_error for a name that is used for several losses, naming them.
inline std::string loss_name(std::string_view given) {
    return listed_loss_name(given, [](std::string_view name) {
        bool listed = false;
        for_each_loss([&]<class Loss>(const Loss&) { listed |= description_of<Loss>.name == name; });
        return listed;
    });
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

/// What the losses of a name work on, as it stands behind "one"; empty where there is none of that name.
inline std::string_view loss_kind(std::string_view name) {
    std::string_view kind;
    const auto look = [&](std::string_view words) {
        return [&kind, name, words]<class Loss>(const Loss&) {
            if (description_of<Loss>.name == name) kind = words;
        };
    };
    for_each_pair_loss(look("on pairs"));
    for_each_triple_loss(look("on triples"));
    for_each_token_loss(look("on pairs' tokens"));
    for_each_unpaired_loss(look("on single completions"));
    for_each_listwise_loss(look("on ranked lists"));
    return kind;
}

/// Looks for one name among those of a list.
struct name_search {
    std::string_view wanted;
    bool found = false;
    std::string seen{};

    bool is(std::string_view name) {
        seen.append(seen.empty() ? "" : ", ").append(name);
        found |= name == wanted;
        return name == wanted;
    }
};

/// Of the losses that `for_each` goes through.
template <class ForEach, class Use>
void use_named(std::string_view given, std::span<const named_value> parameters, const ForEach& for_each,
               const Use& use) {
    const std::string name = loss_name(given);
    name_search search{name};
    for_each([&]<class Loss>(Loss loss) {
        if (!search.is(description_of<Loss>.name)) return;
        if constexpr (divergence_family<Loss>::exists) {
            divergence_parameters divergence;
            set_parameters(name, parameters, parameters_of(loss), &divergence);
            use(with_divergence(loss, divergence.divergence()));
        } else {
            set_parameters(name, parameters, parameters_of(loss), nullptr);
            use(loss);
        }
    });
    if (search.found) return;
    const std::string_view kind = loss_kind(name);
    require(kind.empty(), "there is no loss '", given, "' here, it is one ", kind, "; there are: ", search.seen);
    throw argument_error(message("there is no loss '", given, "'; there are: ", search.seen));
}

} // namespace detail

/// Calls `use(loss)` with the loss on pairs of that name or alias, its parameters set. Losses of a score difference
/// with a divergence also take TRL's `f_divergence_type` (and `chi_squared_kl`) and `f_alpha_divergence_coef` (0.5).
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
template <std::floating_point Real = double>
any_loss<Real> loss_named(std::string_view name, std::span<const named_value> parameters) {
    any_loss<Real> chosen;
    use_named_loss(name, parameters, [&](const auto& loss) { chosen = any_loss<Real>(loss); });
    return chosen;
}

/// Whether the loss on pairs of that name has that parameter.
inline bool loss_has_parameter(std::string_view given, std::string_view parameter) {
    const std::string name = loss_name(given);
    bool found = false;
    for_each_pair_loss([&]<class Loss>(Loss loss) {
        if (description_of<Loss>.name != name) return;
        for (const parameter_place& known : parameters_of(loss)) found |= known.name == parameter;
    });
    return found;
}

/// Whether the loss on pairs of that name divides by the lengths of responses, none of which may then be empty.
template <std::same_as<bool> Answer = bool> Answer loss_reads_lengths(std::string_view name) {
    Answer reads = false;
    use_named_loss(name, {}, [&]<class Loss>(const Loss&) { reads = loss_uses_tokens<Loss>; });
    return reads;
}

/// The shortest digits that read back as the same number; zero has no sign.
inline std::string shortest_digits(double value) {
    std::array<char, 32> digits{};
    const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), value == 0 ? 0 : value);
    return {digits.data(), end};
}

} // namespace preflearn
