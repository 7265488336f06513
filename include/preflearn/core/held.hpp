/// \file
/// How an adapter keeps what it was given. A teacher or a reward is a value: it is owned, so that an adapter may
/// outlive the scope that made it. A policy is large and goes on learning, so one that has a name is referred to.
/// Whatever is given in std::cref is referred to. `adapter(T&&) -> adapter<owned<T>>` is the deduction guide that says
/// so.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <type_traits>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

namespace detail {
template <class T> struct unwrapped { using type = T; };
template <class T> struct unwrapped<std::reference_wrapper<T>> { using type = const T&; };
} // namespace detail

/// For a forwarding parameter T: `const X&` when it was given a std::reference_wrapper of X, else X, copied or moved
/// in.
template <class T> using owned = typename detail::unwrapped<std::decay_t<T>>::type;

/// For a forwarding parameter T: `const X&` when it was bound to an lvalue, or given a std::reference_wrapper of X;
/// else X. A referred object must outlive the adapter and every copy of it.
template <class T>
using held = std::conditional_t<std::is_lvalue_reference_v<T> && std::is_same_v<owned<T>, std::decay_t<T>>,
                                const std::remove_reference_t<T>&, owned<T>>;

} // namespace preflearn
