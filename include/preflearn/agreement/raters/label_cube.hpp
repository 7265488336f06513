/// \file
/// Labels of several sources, each asked several times: a cube [source, repeat, unit] of categories, as an xtensor
/// expression of any layout. Cut along one axis it is the ratings that every coefficient of agreement takes: sources
/// against each other in one repeat, or the repeats of one source.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include <xtensor/xtensor.hpp>

#include <preflearn/agreement/raters/repeats.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Categories from 0, `no_rating` where a source gave no label.
using label_cube = xt::xtensor<category, 3>;

namespace detail {

template <class Cube> void check_cube(const Cube& cube) {
    require(cube.dimension() == 3, "a label cube has the axes [source, repeat, unit], found ", cube.dimension(),
            " axes");
}

/// Rows of `raters` entries, one per unit; at(rater, unit) is the cube's cell.
template <class At>
rating_counts ratings_of_cells(std::size_t raters, std::size_t units, std::size_t categories, const At& at) {
    rating_counts ratings(raters, categories);
    std::vector<category> row(raters);
    for (std::size_t u = 0; u < units; ++u) {
        for (std::size_t r = 0; r < raters; ++r) row[r] = static_cast<category>(at(r, u));
        ratings.add(row);
    }
    return ratings;
}

} // namespace detail

/// The sources as raters of the units, in one repeat.
/// \throws argument_error when the expression has not three axes, there is no such repeat, or naming unit and rater of
/// an unknown category.
template <class Expression>
rating_counts ratings_of_sources(const xt::xexpression<Expression>& labels, std::size_t repeat,
                                 std::size_t categories) {
    const Expression& cube = labels.derived_cast();
    detail::check_cube(cube);
    require(repeat < cube.shape(1), "there is no repeat ", repeat, ", found ", cube.shape(1));
    return detail::ratings_of_cells(cube.shape(0), cube.shape(2), categories,
                                    [&](std::size_t source, std::size_t unit) { return cube(source, repeat, unit); });
}

/// The repeats of one source as raters of the units. \throws argument_error as `ratings_of_sources`.
template <class Expression>
rating_counts ratings_of_repeats(const xt::xexpression<Expression>& labels, std::size_t source,
                                 std::size_t categories) {
    const Expression& cube = labels.derived_cast();
    detail::check_cube(cube);
    require(source < cube.shape(0), "there is no source ", source, ", found ", cube.shape(0));
    return detail::ratings_of_cells(cube.shape(1), cube.shape(2), categories,
                                    [&](std::size_t repeat, std::size_t unit) { return cube(source, repeat, unit); });
}

/// How consistent each source is with itself, in the order of the first axis. \throws argument_error as
/// `ratings_of_sources`.
template <class Expression>
std::vector<repeat_consistency> consistency_of_sources(const xt::xexpression<Expression>& labels,
                                                       std::size_t categories, double confidence = 0.95) {
    const Expression& cube = labels.derived_cast();
    detail::check_cube(cube);
    std::vector<repeat_consistency> sources;
    for (std::size_t s = 0; s < cube.shape(0); ++s)
        sources.push_back(consistency_of_repeats(ratings_of_repeats(labels, s, categories), confidence));
    return sources;
}

} // namespace preflearn
