/// \file
/// What a loss says of itself, in its own struct: a description, and the names of its parameters. That is all it takes
/// to be listed, to be chosen by name and to be told from another loss when a training goes on.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

namespace preflearn {

/// `static constexpr loss_about about{…}` of a loss: name (TRL's where TRL has the loss), formula, source, and the
/// other names that papers and libraries give it, with blanks between them. `by_name/list.hpp` says what the letters
/// mean.
struct loss_about {
    std::string_view name{}, formula{}, source{}, aliases{};
};

/// `static constexpr loss_parameter<my_loss> parameters[]{{"beta", &my_loss::beta}, …}` of a loss or of a part of one.
/// In a class template clang needs their number between the brackets.
template <class Owner> struct loss_parameter {
    std::string_view name{};
    double Owner::*member = nullptr;
};

namespace detail {

template <class Loss> constexpr loss_about about_of() {
    if constexpr (requires { Loss::about; })
        return Loss::about;
    else
        return {};
}

} // namespace detail

/// What a loss says of itself; without a name where it says nothing. A composition that has a name is described by a
/// specialisation beside it.
template <class Loss> inline constexpr loss_about description_of = detail::about_of<Loss>();

/// A parameter of a loss: its name and where it stands in it.
struct parameter_place {
    std::string_view name;
    double* value;
};

namespace detail {

/// A list of known length, which clang asks for here; a span of it would cost every loss a type.
template <class Loss, class Owner, std::size_t Count, class See>
constexpr void for_each_listed(const loss_parameter<Owner> (&list)[Count], Loss& loss, const See& see) {
    for (const loss_parameter<Owner>& parameter : list) see(parameter.name, loss.*parameter.member);
}

} // namespace detail

/// Calls `see(name, number)` with the parameters of a loss in their order: its own, then those of the losses and parts
/// that stand in it under the names `loss`, `part` and `estimator`.
template <class Loss, class See> constexpr void for_each_parameter(Loss& loss, const See& see) {
    if constexpr (requires { loss.loss; }) for_each_parameter(loss.loss, see);
    if constexpr (requires { loss.parameters; })
        detail::for_each_listed(std::remove_const_t<Loss>::parameters, loss, see);
    if constexpr (requires { loss.part; }) for_each_parameter(loss.part, see);
    if constexpr (requires { loss.estimator; }) for_each_parameter(loss.estimator, see);
}

/// The parameters of a loss, in their order.
template <class Loss> std::vector<parameter_place> parameters_of(Loss& loss) {
    std::vector<parameter_place> all;
    for_each_parameter(loss, [&](std::string_view name, double& value) { all.push_back({name, &value}); });
    return all;
}

} // namespace preflearn
