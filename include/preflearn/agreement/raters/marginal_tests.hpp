/// \file
/// Do two raters use the categories equally often? McNemar's test (1947) for two categories, exact or asymptotic, and
/// its generalisations to more: Stuart (1955) & Maxwell (1970), and Bhapkar (1966), which estimates the variance
/// without the hypothesis. Also the two-by-two indices that explain a low kappa beside a high agreement (Byrt et al.
/// 1993).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/agreement/uncertainty/symmetric_system.hpp>
#include <preflearn/core/numbers/distribution.hpp>

namespace preflearn {

/// A test of a hypothesis. `statistic` and `p_value` are NaN unless `status` is ok.
struct test_result {
    double statistic = undefined;
    double degrees = undefined;
    double p_value = undefined;
    estimate_status status = estimate_status::empty;
};

/// How McNemar's p-value is taken.
enum class mcnemar_form : std::uint8_t {
    exact,      ///< binomial; the statistic is the smaller discordant count
    asymptotic, ///< (b - c)² / (b + c) against χ²₁
    corrected   ///< (|b - c| - 1)² / (b + c), Edwards' continuity correction
};

/// From the discordant counts alone. No discordant pair: p = 1 (the hypothesis cannot be doubted), no statistic.
inline test_result mcnemar(std::size_t b, std::size_t c, mcnemar_form form = mcnemar_form::exact) {
    const auto [x, y] = std::pair{static_cast<double>(b), static_cast<double>(c)};
    if (form == mcnemar_form::exact) return {std::min(x, y), undefined, sign_test(b, b + c), estimate_status::ok};
    if (b + c == 0) return {undefined, 1, 1, estimate_status::ok};
    const double gap = std::max(0.0, std::abs(x - y) - (form == mcnemar_form::corrected ? 1 : 0));
    const double statistic = gap * gap / (x + y);
    return {statistic, 1, chi_square_tail(statistic, 1), estimate_status::ok};
}

namespace detail {

/// Whether two raters have rated a unit in common; if not, why.
inline estimate_status rater_pair_status(const rating_counts& ratings) {
    if (ratings.raters() > 2) return estimate_status::not_applicable;
    bool paired = false;
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t) { paired |= given.size() == 2; });
    return paired ? estimate_status::ok : ratings.rated() ? estimate_status::too_few : estimate_status::empty;
}

/// The categories, rising, that two raters use on the units that both rated, and the table of these, row by row.
struct used_table {
    std::vector<category> categories;
    std::vector<double> cells;
};

/// The table is left empty where more than `most` categories are used, before memory is taken.
inline used_table table_of_used(const rating_counts& ratings, std::size_t most) {
    std::vector<std::uint8_t> used(ratings.categories());
    const auto for_each_pair = [&](const auto& visit) {
        ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
            if (given.size() == 2) visit(given[0].value, given[1].value, count);
        });
    };
    for_each_pair([&](category a, category b, std::uint64_t) {
        used[static_cast<std::size_t>(a)] = used[static_cast<std::size_t>(b)] = 1;
    });
    used_table table;
    std::vector<std::size_t> place(used.size());
    for (std::size_t k = 0; k < used.size(); ++k) {
        place[k] = table.categories.size();
        if (used[k] != 0) table.categories.push_back(static_cast<category>(k));
    }
    const std::size_t size = table.categories.size();
    if (size > most) return table;
    table.cells.resize(size * size);
    for_each_pair([&](category a, category b, std::uint64_t count) {
        table.cells[place[static_cast<std::size_t>(a)] * size + place[static_cast<std::size_t>(b)]] +=
            static_cast<double>(count);
    });
    return table;
}

/// The table of two raters in two categories: those that occur, or the two that are declared.
struct two_by_two {
    std::vector<double> cells{};
    estimate_status status = estimate_status::ok;
};

inline two_by_two two_by_two_of(const rating_counts& ratings) {
    const estimate_status paired = rater_pair_status(ratings);
    if (paired == estimate_status::empty && ratings.categories() > 2) return {{}, estimate_status::not_applicable};
    if (paired != estimate_status::ok) return {{}, paired};
    if (ratings.categories() == 2) return {contingency(ratings)};
    used_table table = table_of_used(ratings, 2);
    const std::size_t used = table.categories.size();
    return {std::move(table.cells), used > 2   ? estimate_status::not_applicable
                                    : used < 2 ? estimate_status::single_category
                                               : estimate_status::ok};
}

} // namespace detail

/// McNemar's test of two raters in two categories, which are those that occur where more are declared (a tie that
/// nobody said, say); not_applicable where more occur, or for more raters.
inline test_result mcnemar(const rating_counts& ratings, mcnemar_form form = mcnemar_form::exact) {
    const detail::two_by_two table = detail::two_by_two_of(ratings);
    if (table.status == estimate_status::single_category) return mcnemar(0, 0, form);
    if (table.status != estimate_status::ok) return {.status = table.status};
    return mcnemar(static_cast<std::size_t>(table.cells[1]), static_cast<std::size_t>(table.cells[2]), form);
}

/// Which variance of the marginal differences is used.
enum class homogeneity_form : std::uint8_t { stuart_maxwell, bhapkar };

/// χ² test that two raters have the same distribution over q categories, with (used categories - 1) degrees of freedom.
/// Categories on which all disagreements are missing carry no information and are left out.
/// \throws argument_error where more than 2000 categories are used.
inline test_result marginal_homogeneity(const rating_counts& ratings,
                                        homogeneity_form form = homogeneity_form::stuart_maxwell) {
    const estimate_status status = detail::rater_pair_status(ratings);
    if (status != estimate_status::ok) return {.status = status};
    constexpr std::size_t most = 2000;
    const detail::used_table both = detail::table_of_used(ratings, most);
    const std::size_t q = both.categories.size();
    require(q <= most, "a test of the marginals of ", q,
            " categories, which takes the square of their number: at most ", most);
    const std::vector<double>& table = both.cells;
    double total = 0;
    std::vector<double> row(q), column(q);
    for (std::size_t i = 0; i < q * q; ++i) {
        row[i / q] += table[i];
        column[i % q] += table[i];
        total += table[i];
    }
    std::vector<std::size_t> used; // off-diagonal counts present
    for (std::size_t k = 0; k < q; ++k)
        if (row[k] + column[k] > 2 * table[k * q + k]) used.push_back(k);
    if (used.empty()) return {undefined, 0, 1, estimate_status::ok};
    const std::size_t size = used.size() - 1; // the last difference is minus the sum of the others
    std::vector<double> difference(size), variance(size * size);
    double scale = 0;
    for (std::size_t i = 0; i < size; ++i) difference[i] = row[used[i]] - column[used[i]];
    for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = 0; j < size; ++j) {
            const std::size_t k = used[i], l = used[j];
            double& entry = variance[i * size + j];
            entry = k == l ? row[k] + column[k] - 2 * table[k * q + k] : -(table[k * q + l] + table[l * q + k]);
            scale = std::max(scale, entry);
            if (form == homogeneity_form::bhapkar) entry -= difference[i] * difference[j] / total;
        }
    }
    const symmetric_system system(size, std::move(variance));
    if (!(system.smallest_pivot() > 1e-10 * scale))
        return {.status = estimate_status::constant_input}; // the disagreements fall apart into groups of categories
    const std::vector<double> solved = system.solve(difference);
    const double statistic = std::inner_product(solved.begin(), solved.end(), difference.begin(), 0.0),
                 degrees = static_cast<double>(size);
    return {statistic, degrees, chi_square_tail(statistic, degrees), estimate_status::ok};
}

/// A two-by-two table's kappa taken apart: kappa = (pabak - prevalence² + bias²) / (1 - prevalence² + bias²).
struct two_by_two_indices {
    /// Prevalence- and bias-adjusted kappa, 2 p_o - 1, with the standard error 2 √(p_o (1 - p_o) / n).
    estimate pabak{};
    /// (a - d) / n: how unequal the two agreements are.
    double prevalence = undefined;
    /// (b - c) / n: how unequal the two raters' marginals are.
    double bias = undefined;
};

/// Of the two categories that occur where more are declared, the lower one first.
inline two_by_two_indices prevalence_and_bias(const rating_counts& ratings, double confidence = 0.95) {
    const detail::two_by_two table = detail::two_by_two_of(ratings);
    if (table.status != estimate_status::ok)
        return {estimate::none(table.status, static_cast<std::size_t>(ratings.units()))};
    const std::vector<double>& t = table.cells;
    const double n = t[0] + t[1] + t[2] + t[3];
    const estimate agreed = proportion(static_cast<std::size_t>(t[0] + t[3]), static_cast<std::size_t>(n), confidence);
    return {{2 * agreed.value - 1,
             2 * agreed.standard_error,
             {2 * agreed.bounds.low - 1, 2 * agreed.bounds.high - 1},
             agreed.count,
             estimate_status::ok},
            (t[0] - t[3]) / n,
            (t[1] - t[2]) / n};
}

} // namespace preflearn
