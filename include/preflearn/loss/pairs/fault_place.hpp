/// \file
/// A loss names what is at fault by its place in the batch ("pair 3: …"). Callers know it by another name: its line in
/// a file, its id, its place in a larger batch. They rename it on the way.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// `what` with "KIND N" at its beginning replaced by name(N); unchanged where it does not begin so, or N is not below
/// `count`.
template <std::invocable<std::size_t> Name>
std::string renamed_place(std::string_view what, std::string_view kind, std::size_t count, const Name& name) {
    std::size_t place = 0;
    if (what.starts_with(kind) && what.substr(kind.size()).starts_with(' ')) {
        const char* const first = what.data() + kind.size() + 1;
        const auto [end, failure] = std::from_chars(first, what.data() + what.size(), place);
        if (failure == std::errc() && end != first && place < count && end != what.data() + what.size() && *end == ':')
            return message(name(place), what.substr(static_cast<std::size_t>(end - what.data())));
    }
    return std::string(what);
}

/// What `evaluate` returns; argument_errors and numeric_errors that it throws are renamed, and keep their type.
template <std::invocable<std::size_t> Name, std::invocable<> Evaluate>
decltype(auto) with_renamed_places(std::string_view kind, std::size_t count, const Name& name,
                                   const Evaluate& evaluate) {
    return rewording_errors(evaluate, [&](std::string_view what) { return renamed_place(what, kind, count, name); });
}

} // namespace preflearn
