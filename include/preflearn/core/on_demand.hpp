/// \file
/// Functions that are compiled on demand: where they are called, and nowhere else.
// SPDX-License-Identifier: MIT
#pragma once

namespace preflearn {

/// `template <int = on_demand>` before a function, which is called like any other, makes it a template that nobody ever
/// gives an argument. It is for the few entry points behind which much has to be compiled, as reading a model's files:
/// a program that includes their headers compiles no more than what it calls; and where `extern template` declares them
/// (preflearn/compiled/, examples/models/loading.hpp), nothing of them, since they are not inline either. As with any
/// template, a place that takes a callable of whatever type gets `name<>`; one that says the type of the function takes
/// the name.
inline constexpr int on_demand = 0;

} // namespace preflearn
