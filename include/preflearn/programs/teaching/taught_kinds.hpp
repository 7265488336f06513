/// \file
/// How the teachers of each kind are made. A new kind is a file in teacher_kinds with a line in kinds.hpp, by which a
/// folder is loaded, and a file here with a line in this list, by which one is made.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/programs/teaching/taught_judge.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/teach_features.hpp>
#include <preflearn/programs/teaching/teach_head.hpp>
#include <preflearn/programs/teaching/without_model.hpp>

namespace preflearn {

inline constexpr std::array taught_kinds{
    taught_kind{.name = "implicit", .has_model = true, .fine_tunes = true},
    taught_kind{.name = "likelihood", .has_model = true, .fine_tunes = true},
    taught_kind{.name = "head",
                .has_model = true,
                .loss = "bradley_terry",
                .make = teach_head,
                .check = check_head,
                .settings = head_settings},
    taught_kind{.name = "classifier",
                .has_model = true,
                .loss = "pair_classifier",
                .make = teach_classifier,
                .check = check_head,
                .settings = head_settings},
    taught_kind{.name = "features",
                .has_model = true,
                .loss = "bradley_terry",
                .make = teach_features,
                .check = check_features,
                .settings = feature_settings},
    taught_kind{
        .name = "judge", .has_model = true, .needs_data = false, .make = teach_judge, .settings = judge_settings},
    taught_kind{.name = "longer", .needs_data = false, .make = teach_without_model},
    taught_kind{.name = "recorded", .make = teach_without_model},
    taught_kind{.name = "external", .needs_data = false, .make = teach_without_model, .settings = external_settings},
    taught_kind{.name = "ensemble", .needs_data = false, .make = teach_without_model}};

/// \throws argument_error for a name that is none.
inline const taught_kind& taught_kind_named(std::string_view name) {
    const auto found = std::ranges::find(taught_kinds, name, &taught_kind::name);
    require(found != taught_kinds.end(), "the kind ", excerpt{name}, " is not known; there are ", teacher_kind_names());
    return *found;
}

} // namespace preflearn
