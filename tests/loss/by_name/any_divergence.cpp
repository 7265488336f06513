#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/any_divergence.hpp>
#include <preflearn/loss/named.hpp>

#include "../pairs.hpp"

using namespace preflearn;

static_assert(ScorePart<any_divergence, float> && ScorePart<any_divergence, double>);

namespace {

/// Loss and gradients of the same pairs.
template <class Real, class Loss> pairs<Real> evaluated(const Loss& loss, double& total) {
    pairs<Real> p = random_pairs<Real>(1300);
    total = loss(p.scores(), p.gradients()).loss;
    return p;
}

template <class Real, template <class> class Family> void check_all_kinds() {
    for (const std::string_view name :
         {"reverse_kl", "forward_kl", "js_divergence", "alpha_divergence", "chi_squared_kl"}) {
        CAPTURE(name);
        const any_divergence chosen = divergence_named(name, 0.3).value();
        chosen.visit([&]<class Divergence>(const Divergence& divergence) {
            double total = 0, expected = 0;
            const pairs<Real> one = evaluated<Real>(Family<any_divergence>{.divergence = chosen}, total),
                              other = evaluated<Real>(Family<Divergence>{.divergence = divergence}, expected);
            CHECK(total == expected);
            CHECK(one.d_chosen == other.d_chosen);
            CHECK(one.d_rejected == other.d_rejected);
        });
    }
}

} // namespace

TEST_CASE_TEMPLATE("a divergence chosen at run time has the bits of the same one by its type", Real, float, double) {
    check_all_kinds<Real, basic_dpo>();
    check_all_kinds<Real, basic_ipo_mean>(); // divides the score by a length
}

TEST_CASE("one point at a time, too") {
    const alpha_divergence same{.coefficient = 0.3};
    const any_divergence chosen{same};
    CHECK(chosen(1.3, 1.0).value == same(1.3, 1.0).value);
    CHECK(chosen(1.3, 1.0).derivative == same(1.3, 1.0).derivative);
    CHECK(scores_of_pair(chosen, pair_point<double>{1, 2, 1, 2, -1, 1, 1}).difference ==
          scores_of_pair(same, pair_point<double>{1, 2, 1, 2, -1, 1, 1}).difference);
    CHECK_FALSE(divergence_named("kl").has_value());
}
