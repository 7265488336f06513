// Every loss of the list: against its paper's formula in long double, against finite differences, its names.
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>
#include <preflearn/loss/by_name/list.hpp>

#include "../naive.hpp"
#include "../pairs.hpp"

using namespace preflearn;

namespace {

/// Relative, or 0 where the exact result is no normal double. `noise` is how far the exact one may be off.
double relative_error(double found, extended exact, extended noise = 0) {
    if (std::abs(exact) < DBL_MIN || std::abs(exact) > DBL_MAX) return 0;
    return static_cast<double>(std::max<extended>(std::abs(found - exact) - noise, 0) / std::abs(exact));
}

struct worst_errors {
    double value = 0, derivative = 0;
};

template <class Loss> worst_errors errors(const Loss& loss, pairs<double> p) {
    worst_errors worst;
    loss(p.scores(), p.gradients());
    for (std::size_t i = 0; i < p.chosen.size(); ++i) {
        const auto at = [i](const auto& column) { return column.empty() ? column : column.subspan(i, 1); };
        const pair_scores<double> all = p.scores();
        const double value =
            loss(pair_scores<double>{at(all.chosen), at(all.rejected), at(all.reference_chosen),
                                     at(all.reference_rejected), at(all.chosen_tokens), at(all.rejected_tokens),
                                     at(all.weight), at(all.target), at(all.margin)},
                 pair_gradients<double>{})
                .loss;
        const auto given = [i](const auto& column, extended otherwise) {
            return column.empty() ? otherwise : static_cast<extended>(column[i]);
        };
        const dual exact = naive_loss(loss, naive_pair{p.chosen[i], p.rejected[i], given(p.reference_chosen, 0),
                                                       given(p.reference_rejected, 0), given(p.chosen_tokens, 0),
                                                       given(p.rejected_tokens, 0), given(p.weight, 1),
                                                       given(p.target, 1), given(p.margin, 0)});
        const double e = relative_error(value, exact.value);
        // The naive gradient is a difference of terms; where the loss exceeds the type nothing is promised of it.
        const extended noise = 1e-16L * std::max(std::abs(exact.d_chosen), std::abs(exact.d_rejected)) +
                               1e-19L * std::min<extended>(std::abs(exact.value), 1);
        const double d = exact.value > DBL_MAX ? 0
                                               : std::max(relative_error(p.d_chosen[i], exact.d_chosen, noise),
                                                          relative_error(p.d_rejected[i], exact.d_rejected, noise));
        INFO(description_of<Loss>.name, " pair ", i, ": ", p.chosen[i], " ", p.rejected[i], " ",
             given(p.reference_chosen, 0), " ", given(p.reference_rejected, 0), " value ", value, " for ",
             double(exact.value), ", gradient ", p.d_chosen[i], " ", p.d_rejected[i], " for ", double(exact.d_chosen),
             " ", double(exact.d_rejected));
        CHECK(e < 1e-12);
        CHECK(d < 1e-12);
        worst.value = std::max(worst.value, e);
        worst.derivative = std::max(worst.derivative, d);
    }
    return worst;
}

template <class Loss> constexpr bool pointwise = requires(const Loss& l) { l.parts().link(1.0, 1.0); }
|| requires(const Loss& l) { l.parts().loss.link(1.0, 1.0); };

/// Log-probs whose log-ratios and differences reach from nothing to several thousands, on no grid.
pairs<double> far_pairs() {
    pairs<double> p;
    const double sizes[] = {0, 1e-8, 0.3, 1, 4.6, 21, 88.8, 701, 3217.3, 5000};
    generator random(3, "far pairs");
    for (const double du : sizes) {
        for (const double dv : sizes) {
            for (int sign = 0; sign < 4; ++sign) {
                // Negative, as log-probs are; the reference takes what makes the ratio.
                const double low = -5200 - 100 * random.uniform();
                const double u = sign % 2 == 0 ? du : -du, v = sign < 2 ? dv : -dv;
                p.reference_chosen.push_back(du < 2 ? -1.5 - random.uniform() : low);
                p.reference_rejected.push_back(dv < 2 ? -1.5 - random.uniform() : low - 7 * random.uniform());
                p.chosen.push_back(p.reference_chosen.back() + u);
                p.rejected.push_back(p.reference_rejected.back() + v);
                p.chosen_tokens.push_back(static_cast<std::uint32_t>(1 + random.below(300)));
                p.rejected_tokens.push_back(static_cast<std::uint32_t>(1 + random.below(300)));
            }
        }
    }
    return p;
}

/// The shape of one loss's parameters away from their defaults.
template <class Loss> Loss changed(Loss loss) {
    for (const auto& [name, value] : parameters_of(loss)) {
        if (name == "label_smoothing")
            *value = 0.125;
        else if (name == "beta")
            *value = 0.7;
        else if (name == "alpha" && *value == 0)
            *value = 0.25;
        else
            *value *= 1.5;
    }
    return loss;
}

template <class Loss, class Use> void with_divergences(const Loss& loss, const Use& use) {
    use(loss);
    if constexpr (divergence_family<Loss>::exists) {
        use(with_divergence(loss, forward_kl{}));
        use(with_divergence(loss, js_divergence{}));
        use(with_divergence(loss, alpha_divergence{}));
        use(with_divergence(loss, chi_squared_kl{}));
    }
}

/// The exact number where the type holds it; beyond its range a share of the largest, as of a target or a length.
template <class Real> void check_number(Real found, extended exact) {
    constexpr extended largest = std::numeric_limits<Real>::max(), smallest = std::numeric_limits<Real>::min();
    CHECK(std::isfinite(found));
    if (std::abs(exact) > largest)
        CHECK(found * std::copysign(1, exact) > largest / 32);
    else if (std::abs(exact) >= smallest)
        CHECK(std::abs(found / exact - 1) < 16 * std::numeric_limits<Real>::epsilon());
    else
        CHECK(std::abs(found) <= smallest);
}

} // namespace

TEST_CASE("names differ, every loss has a formula and a source, and all are preference losses of float and double") {
    std::set<std::string_view> names;
    for_each_named_loss([&]<class Loss>(Loss loss) {
        static_assert(PreferenceLoss<Loss, float> && PreferenceLoss<Loss, double>);
        const loss_about about = description_of<Loss>;
        CHECK(names.insert(about.name).second);
        CHECK_FALSE(about.formula.empty());
        CHECK_FALSE(about.source.empty());
        for (const auto& [name, value] : parameters_of(loss)) CHECK_FALSE(name.empty());
    });
    for (const char* name : {"sigmoid", "hinge", "ipo", "exo_pair", "robust", "nca_pair", "bco_pair", "sppo_hard",
                             "apo_zero", "apo_down", "discopop", "cdpo", "simpo", "orpo"})
        CHECK_MESSAGE(names.contains(name), name);
}

TEST_CASE("value and gradient are the papers' to 1e-12 from log-ratios of nothing to several thousands") {
    for_each_named_loss([&]<class Loss>(const Loss& named) {
        with_divergences(named, [](const auto& loss) {
            errors(loss, far_pairs());
            errors(changed(loss), far_pairs());
        });
    });
}

TEST_CASE("with all columns value and gradient are the papers', too") {
    for_each_named_loss([&]<class Loss>(const Loss& named) {
        with_divergences(named, [](const auto& loss) {
            pairs<double> p = random_pairs<double>(200);
            if (pointwise<std::decay_t<decltype(loss)>> || std::is_same_v<Loss, mpo>) p.margin.clear();
            errors(loss, p);
            errors(changed(loss), p);
        });
    });
}

TEST_CASE_TEMPLATE("squares about 1/(2 beta) are right for every beta, or the type's largest number", Real, float,
                   double) {
    const auto check = [](const auto& loss, const std::vector<Real>& margin) {
        // One pair: u = 5.25, v = -2.5, q = 0.75.
        const std::vector<Real> chosen{-12.75}, rejected{-30.5}, reference_chosen{-18}, reference_rejected{-28},
            target{0.75};
        const std::vector<std::uint32_t> chosen_tokens{3}, rejected_tokens{5};
        std::vector<Real> d_chosen(1), d_rejected(1), value(1);
        const loss_sums sums =
            loss(pair_scores<Real>{chosen, rejected, reference_chosen, reference_rejected, chosen_tokens,
                                   rejected_tokens, std::span<const Real>(), target, margin},
                 pair_gradients<Real>{d_chosen, d_rejected, value});
        const dual exact =
            naive_loss(loss, {-12.75L, -30.5L, -18, -28, 3, 5, 1, 0.75L, margin.empty() ? 0 : extended(margin[0])});
        INFO("beta ", loss.beta, ": ", value[0], " ", d_chosen[0], " ", d_rejected[0], " for ", double(exact.value),
             " ", double(exact.d_chosen), " ", double(exact.d_rejected));
        check_number(value[0], exact.value);
        check_number(d_chosen[0], exact.d_chosen);
        check_number(d_rejected[0], exact.d_rejected);
        check_number(sums.chosen_rewards, 5.25L * loss.beta);
    };
    for (int power = -300; power <= 300; power += 5) {
        const double beta = 0.7 * std::pow(10.0, power);
        for (const std::vector<Real>& margin : {std::vector<Real>{}, {Real(1.5)}}) {
            check(ipo_sum{.beta = beta}, margin);
            check(ipo_mean{.beta = beta}, margin);
        }
        check(sppo_hard{.beta = beta}, {});
    }
}

TEST_CASE("the least beta of all leaves no NaN") {
    pairs<double> p = random_pairs<double>(20);
    for (const double target : {0.0, 0.5, 1.0}) {
        p.target.assign(20, target);
        for (const double weight : {0.0, 1.0}) {
            p.weight.assign(20, weight);
            const auto check = [&](const auto& loss) {
                pairs<double> of = p;
                if constexpr (std::is_same_v<decltype(loss), const sppo_hard&>) of.margin.clear();
                CHECK(!std::isnan(loss(of.scores(), of.gradients()).loss));
                for (std::size_t i = 0; i < 20; ++i)
                    CHECK(!(std::isnan(of.d_chosen[i]) || std::isnan(of.d_rejected[i])));
            };
            check(ipo_sum{.beta = std::numeric_limits<double>::denorm_min()});
            check(ipo_mean{.beta = std::numeric_limits<double>::denorm_min()});
            check(sppo_hard{.beta = std::numeric_limits<double>::denorm_min()});
        }
    }
}
