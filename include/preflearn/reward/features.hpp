/// \file
/// What a reward model on features sees of a completion: φ(x, y), a vector that a feature map makes of prompt and
/// response. By default the response *is* its feature vector and the prompt is ignored; a map may combine the two.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// Called with (prompt, response), const, returns a Column of floating-point numbers, a view or a value.
///
/// Semantics: deterministic, of one length for all completions; const calls from several threads are safe.
template <class F, class C>
concept FeatureMap = Comparison<C> && requires(const F& features, const C& c) {
    requires Column<decltype(features(c.prompt, c.first))>;
    requires std::floating_point<column_element<decltype(features(c.prompt, c.first))>>;
};

/// φ(x, y) = y: the response's features given its prompt were computed beforehand. They are a Column: std::vector, a
/// span, Eigen's or xtensor's vector. \throws argument_error as `as_column`.
struct response_features {
    template <class Prompt, Column Response>
        requires std::floating_point<column_element<const Response>>
    auto operator()(const Prompt& /*prompt*/, const Response& response) const { return as_column(response); }
};

/// Features of completions, one row each.
template <std::floating_point Real>
using feature_rows = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The rows as products take them.
template <std::floating_point Real> matrix_view<Real> view(feature_rows<Real>& rows) {
    return {rows.data(), static_cast<std::size_t>(rows.rows()), static_cast<std::size_t>(rows.cols())};
}
template <std::floating_point Real> matrix_view<const Real> view(const feature_rows<Real>& rows) {
    return {rows.data(), static_cast<std::size_t>(rows.rows()), static_cast<std::size_t>(rows.cols())};
}

/// φ of every completion, `count` features each. \throws argument_error for another number of features, numeric_error
/// for one that is not finite, naming completion and feature.
template <std::floating_point Real, class Features, class Prompt, class Response>
feature_rows<Real> rows_of(const Features& features, std::span<const completion<Prompt, Response>> completions,
                           std::size_t count) {
    feature_rows<Real> rows(static_cast<Eigen::Index>(completions.size()), static_cast<Eigen::Index>(count));
    parallel_for(completions.size(), [&](std::size_t i) {
        const auto& held_values = features(completions[i].prompt, completions[i].response);
        const auto values = as_column(held_values);
        const std::size_t found = values.size();
        require(found == count, "completion ", i, ": ", count, " features were expected, found ", found);
        for (std::size_t j = 0; j < count; ++j) {
            const auto value = static_cast<Real>(values[j]);
            require<numeric_error>(std::isfinite(value), "completion ", i, ": feature ", j, " is ", value);
            rows(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = value;
        }
    });
    return rows;
}

} // namespace preflearn
