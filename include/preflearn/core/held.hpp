/// \file
/// How an adapter keeps the model it was given: what has a name stays where it is and is referred to, what was
/// moved in or made on the spot is owned. `adapter(T&&) -> adapter<held<T>>` is the deduction guide that says so.
// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

namespace preflearn {

/// For a forwarding parameter T: `const X&` when it was bound to an lvalue, else X. A referred object must outlive
/// the adapter and every copy of it.
template <class T>
using held = std::conditional_t<std::is_lvalue_reference_v<T>, const std::remove_reference_t<T>&, std::remove_cv_t<T>>;

} // namespace preflearn
