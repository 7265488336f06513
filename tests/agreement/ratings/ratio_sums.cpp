#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ratings/ratio_sums.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"

using namespace preflearn;

namespace {

/// The largest relative error of the fast sums.
double worst(std::vector<double> at) {
    std::ranges::sort(at);
    generator random(1, "times");
    std::vector<double> times(at.size());
    for (double& n : times) n = static_cast<double>(random.below(4));
    const std::vector<double> sums = detail::relative_differences(at, times);
    double error = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < at.size(); ++j) {
            if (at[i] == at[j]) continue;
            const double share = (at[i] - at[j]) / (at[i] + at[j]);
            sum += times[j] * share * share;
        }
        error = std::max(error, sum > 0 ? std::abs(sums[i] - sum) / sum : sums[i]);
    }
    return error;
}

template <class Draw> std::vector<double> many(std::size_t count, const Draw& draw) {
    generator random(2, "values");
    std::vector<double> all(count);
    for (double& x : all) x = draw(random);
    return all;
}

} // namespace

TEST_CASE("sums of relative differences equal those pair by pair, for numbers of any spread") {
    CHECK(worst(many(1500, [](generator& r) { return r.uniform(); })) < 2e-14);
    CHECK(worst(many(1500, [](generator& r) { return std::exp(30 * r.normal()); })) < 2e-14);
    CHECK(worst(many(1500, [](generator& r) { return 1e6 + r.uniform(); })) < 2e-14);
    CHECK(worst(many(1500, [](generator& r) { return 1 + 0x1p-45 * static_cast<double>(r.below(3000)); })) < 2e-13);
    CHECK(worst(many(1500, [](generator& r) { return r.bernoulli(0.3) ? 1000.0 : 1 + 1e-6 * r.uniform(); })) < 2e-14);
    CHECK(worst(many(700, [](generator& r) { return r.bernoulli(0.1) ? 0 : std::floor(5 * r.uniform()); })) < 2e-14);
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{33}, std::size_t{65}})
        CHECK(worst(many(count, [](generator& r) { return r.uniform(); })) < 2e-14);
    CHECK(detail::relative_differences({}, {}).empty());
}
