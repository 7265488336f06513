#include <preflearn/core/loss_concepts.hpp>

#include <doctest/doctest.h>

using namespace preflearn;

namespace {

/// A kind of loss of a user's own: numbers, a slope each, and a mean.
struct numbers {
    using gradients = double*;
    using sums = double;
    double first = 0, second = 0;
};
struct sum_of_numbers {
    double operator()(const numbers& x, double* const& d) const {
        if (d != nullptr) d[0] = d[1] = 1;
        return x.first + x.second;
    }
};
struct spread {
    [[nodiscard]] double reduce(const numbers& x) const { return x.first + x.second; }
    double map(const numbers& x, double sum, double* const& /*d*/, std::size_t first = 0) const {
        return x.first - x.second + sum + static_cast<double>(first);
    }
    double operator()(const numbers& x, double* const& d) const { return map(x, reduce(x), d); }
};
struct spread_without_place : spread {
    double map(const numbers& x, double sum, double* const& d) const { return spread::map(x, sum, d); }
};

static_assert(Loss<sum_of_numbers, numbers> && Loss<spread, numbers> && !Loss<sum_of_numbers, pair_scores<double>>);
static_assert(!reduces<sum_of_numbers, numbers> && !CoupledLoss<sum_of_numbers, numbers>);
static_assert(reduces<spread, numbers> && CoupledLoss<spread, numbers> && CoupledLoss<spread_without_place, numbers>);

} // namespace

TEST_CASE("the place of a shard is told to a loss that asks for it") {
    const numbers x{5, 3};
    CHECK(map_from(spread{}, x, 10.0, nullptr, 7) == 19);
    CHECK(map_from(spread_without_place{}, x, 10.0, nullptr, 7) == 12);
}
