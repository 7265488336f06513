/// \file
/// Every coefficient of agreement of one table, by name, each with its error, interval and status: what a report
/// prints. At the nominal level coefficients are unweighted. At higher levels the weighted forms come beside them:
/// ordinal weights (Gwet) for ordinal ratings, quadratic ones for interval, ratio ones for ratio ratings.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/icc_bootstrap.hpp>
#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/raters/marginal_tests.hpp>
#include <preflearn/agreement/ratings/coded_ratings.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// What differences between categories mean (Stevens 1946).
enum class measurement_level : std::uint8_t { nominal, ordinal, interval, ratio };

struct named_estimate {
    std::string name;
    estimate value;
};

namespace detail {

template <AgreementWeight W>
void add_weighted(std::vector<named_estimate>& all, const rating_counts& ratings, const W& w, double confidence) {
    all.push_back({"weighted_agreement", raw_agreement(ratings, w, confidence)});
    all.push_back({"weighted_cohen_kappa", cohen_kappa(ratings, w, confidence).coefficient});
    all.push_back({"weighted_scott_pi", scott_pi(ratings, w, confidence).coefficient});
    all.push_back({"weighted_fleiss_kappa", fleiss_kappa(ratings, w, confidence).coefficient});
    all.push_back({"weighted_conger_kappa", conger_kappa(ratings, w, confidence).coefficient});
    all.push_back({"weighted_brennan_prediger", brennan_prediger(ratings, w, confidence).coefficient});
    all.push_back({"gwet_ac2", gwet_ac(ratings, w, confidence).coefficient});
}

/// The numbers of the units that every rater rated, row by row. An incomplete one stands for all of them, NaN where
/// missing: it tells ratings of nobody from too few.
inline std::vector<double> numbers_for_icc(const coded_ratings& coded, const category_scale& scale) {
    std::vector<double> numbers;
    const given_ratings own = coded.columns.empty() ? given_ratings{} : given_in(coded.views());
    const given_ratings& given = coded.columns.empty() ? coded.given : own;
    bool incomplete = false;
    for (std::size_t u = 0; u < given.units(); ++u) {
        const auto unit = given.of(u);
        const bool complete = unit.size() == given.raters;
        if (unit.empty() || (!complete && incomplete)) continue;
        incomplete = incomplete || !complete;
        const std::size_t row = numbers.size();
        numbers.resize(row + given.raters, undefined);
        for (const auto& [rater, value] : unit) numbers[row + rater] = scale[value];
    }
    return numbers;
}

} // namespace detail

/// The names are: raw_agreement, cohen_kappa, scott_pi, fleiss_kappa, conger_kappa, brennan_prediger, gwet_ac1,
/// krippendorff_alpha (at the level given), pabak, at higher levels weighted_agreement, weighted_cohen_kappa,
/// weighted_scott_pi, weighted_fleiss_kappa, weighted_conger_kappa, weighted_brennan_prediger and gwet_ac2, and
/// icc_1_1, icc_2_1, icc_3_1, icc_1_k, icc_2_k, icc_3_k. Coefficients of two raters are not_applicable for more, ICCs
/// for nominal ratings; all are empty without a rating. \throws argument_error for texts above the nominal level, or
/// negative numbers at the ratio level.
inline std::vector<named_estimate> every_coefficient(const coded_ratings& coded, measurement_level level,
                                                     const bootstrap_options& options = {.replicates = 1000}) {
    require(level == measurement_level::nominal || coded.names.empty() || !coded.positions.empty(),
            "ordinal, interval and ratio levels need ratings that are numbers, or texts whose order is declared");
    if (coded.raters() == 0) // nobody: two raters who have said nothing
        return every_coefficient({{{}, {}}, coded.names, coded.positions}, level, options);
    const double confidence = options.confidence;
    const std::size_t categories = std::max<std::size_t>(coded.categories(), 1);
    const rating_counts ratings = coded.counts();
    std::vector<named_estimate> all;
    all.push_back({"raw_agreement", raw_agreement(ratings, identity_weights{}, confidence)});
    all.push_back({"cohen_kappa", cohen_kappa(ratings, identity_weights{}, confidence).coefficient});
    all.push_back({"scott_pi", scott_pi(ratings, identity_weights{}, confidence).coefficient});
    all.push_back({"fleiss_kappa", fleiss_kappa(ratings, identity_weights{}, confidence).coefficient});
    all.push_back({"conger_kappa", conger_kappa(ratings, identity_weights{}, confidence).coefficient});
    all.push_back({"brennan_prediger", brennan_prediger(ratings, identity_weights{}, confidence).coefficient});
    all.push_back({"gwet_ac1", gwet_ac(ratings, identity_weights{}, confidence).coefficient});
    all.push_back({"pabak", prevalence_and_bias(ratings, confidence).pabak});
    const category_scale scale = coded.categories() == 0 ? category_scale(1) : coded.scale();
    agreement_coefficient alpha;
    switch (level) {
    case measurement_level::nominal:
        alpha = krippendorff_alpha(ratings, nominal_distance{}, confidence);
        break;
    case measurement_level::ordinal:
        alpha = krippendorff_alpha(ratings, ordinal_distance{}, confidence);
        detail::add_weighted(all, ratings, ordinal_weights{categories}, confidence);
        break;
    case measurement_level::interval:
        alpha = krippendorff_alpha(ratings, interval_distance{scale}, confidence);
        detail::add_weighted(all, ratings, quadratic_weights{scale}, confidence);
        break;
    case measurement_level::ratio:
        alpha = krippendorff_alpha(ratings, ratio_distance(scale), confidence);
        detail::add_weighted(all, ratings, ratio_weights(scale), confidence);
        break;
    }
    all.push_back({"krippendorff_alpha", alpha.coefficient});

    const std::vector<double> numbers =
        level == measurement_level::nominal ? std::vector<double>() : detail::numbers_for_icc(coded, scale);
    const char* const names[] = {"icc_1_1", "icc_2_1", "icc_3_1", "icc_1_k", "icc_2_k", "icc_3_k"};
    const matrix_view<const double> table(numbers.data(), numbers.size() / coded.raters(), coded.raters());
    std::array<estimate, icc_forms.size()> correlations;
    correlations.fill(estimate::none(estimate_status::not_applicable, coded.units()));
    if (level != measurement_level::nominal) correlations = every_icc(table, options);
    for (std::size_t f = 0; f < icc_forms.size(); ++f) all.push_back({names[f], correlations[f]});
    return all;
}

} // namespace preflearn
