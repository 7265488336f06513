/// \file
/// Which loss it is, said in one line: its name and its parameters, of a composition those of its parts. Two losses of
/// one identity compute the same, so that a training goes on under the loss that it began with and under no other.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

#include <preflearn/core/fields.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/divergence.hpp>

namespace preflearn {

namespace detail {

/// A type's name as the compiler writes it, without blanks, `preflearn::` and unnamed namespaces, so that compilers
/// agree.
template <class T> std::string type_name() {
    std::string name = __PRETTY_FUNCTION__; // "… [with T = X; …]", or "… [T = X]"
    name.erase(0, name.find("T = ") + 4);
    name.erase(name.find_first_of(";]"));
    for (const std::string_view left_out :
         {"preflearn::", "{anonymous}::", "(anonymous namespace)::", "<unnamed>::", " "})
        for (std::size_t at = 0; (at = name.find(left_out, at)) != std::string::npos;) name.erase(at, left_out.size());
    return name;
}

template <class T> inline constexpr bool is_std_array = false;
template <class T, std::size_t N> inline constexpr bool is_std_array<std::array<T, N>> = true;
template <class T> inline constexpr bool is_tuple = false;
template <class... T> inline constexpr bool is_tuple<std::tuple<T...>> = true;
template <class T> inline constexpr bool is_variant = false;
template <class... T> inline constexpr bool is_variant<std::variant<T...>> = true;

} // namespace detail

template <class Loss> std::string identity_of(const Loss& loss);

namespace detail {

/// Whether what a loss says of itself is what a base of it said of itself.
template <class Loss> constexpr bool inherits_description() {
    if constexpr (requires { Loss::parameters[0].member; })
        return !std::same_as<std::remove_cv_t<decltype(Loss::parameters[0].member)>, double Loss::*>;
    else
        return false;
}

/// What the members of a loss say, with commas between them.
class identity_of_members {
  public:
    /// \param whole the loss, of whose parameters some members are
    template <class Loss> void add_members(const Loss& whole) {
        for_each_field(whole, [&](const auto& member) { add(name_of(whole, member), member); });
    }
    template <class Member> void add(std::string_view name, const Member& member) {
        if constexpr (std::same_as<Member, reverse_kl>) {
            return; // what a loss has unless it is said
        } else if constexpr (is_std_array<Member>) {
            for (const auto& one : member) add(name, one);
        } else if constexpr (is_tuple<Member>) {
            std::apply([&](const auto&... one) { (add(name, one), ...); }, member);
        } else if constexpr (is_variant<Member>) {
            std::visit([&](const auto& one) { add(name, one); }, member);
        } else if constexpr (requires { requires is_variant<std::remove_cvref_t<decltype(member.chosen)>>; }) {
            add(name, member.chosen); // a part chosen at run time is that part
        } else {
            text += text.empty() ? "" : ", ";
            if (!name.empty()) text.append(name).append("=");
            if constexpr (std::floating_point<Member>)
                text += shortest_digits(static_cast<double>(member));
            else if constexpr (std::is_enum_v<Member>)
                text += std::to_string(static_cast<long long>(member));
            else if constexpr (std::integral<Member>)
                text += std::to_string(member);
            else if constexpr (std::convertible_to<const Member&, std::string_view>)
                text.append("'").append(std::string_view(member)).append("'");
            else
                text += identity_of(member);
        }
    }

    std::string text{};

  private:
    template <class Loss, class Member> static std::string_view name_of(const Loss& whole, const Member& member) {
        if constexpr (std::same_as<Member, double> && requires { Loss::parameters; })
            for (const auto& parameter : Loss::parameters)
                if (&(whole.*parameter.member) == &member) return parameter.name;
        return {};
    }
};

} // namespace detail

/// The name of a loss or of a part of one and, in brackets, its parameters and parts in the shortest digits that read
/// back as the same numbers: "sigmoid(beta=0.1)". Where it has no `about` or `name`, that of its type stands for it. A
/// loss that hides its members, or has more than eight, names its parameters, or says itself which it is, by a member
/// `identity()` that returns a text. \throws argument_error that says so where it does neither.
template <class Loss> std::string identity_of(const Loss& loss) {
    if constexpr (requires {
                      { loss.identity() } -> std::convertible_to<std::string>;
                  }) {
        return loss.identity();
    } else {
        constexpr bool inherited = detail::inherits_description<Loss>();
        std::string name(inherited ? std::string_view() : description_of<Loss>.name);
        if constexpr (requires { std::string_view(Loss::name); })
            if (name.empty()) name = Loss::name;
        if (name.empty()) name = detail::type_name<Loss>();
        detail::identity_of_members members;
        if constexpr (SmallAggregate<Loss>) {
            members.add_members(loss);
        } else if constexpr (!std::is_empty_v<Loss>) {
            if constexpr (!inherited && requires { Loss::parameters; })
                for (const auto& parameter : Loss::parameters) members.add(parameter.name, loss.*parameter.member);
            else
                require(false, "the loss '", name,
                        "' does not show its parameters, so that a training cannot tell it "
                        "from another: give it `static constexpr preflearn::loss_about about{\"its name\"}` and "
                        "`static constexpr preflearn::loss_parameter<…> parameters[]`, or a member identity() "
                        "that returns its name and parameters");
        }
        return members.text.empty() ? name : name + "(" + members.text + ")";
    }
}

} // namespace preflearn
