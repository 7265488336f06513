#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/walk.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

/// factor · (u − v), written by hand; a u below −1000 is a fault, and said so.
struct linear_loss {
    double factor = 1;

    static bool compute(const void* self, const piece_columns<double>& in, piece_steps<double>& steps, double* d_chosen,
                        double* d_rejected) {
        const double factor = static_cast<const linear_loss*>(self)->factor;
        bool sound = true;
        for (std::size_t i = 0; i < in.size; ++i) {
            steps.loss[i] = in.weight[i] * factor * steps.difference[i];
            d_chosen[i] = in.weight[i] * factor;
            d_rejected[i] = -d_chosen[i];
            sound = sound && steps.u[i] >= -1000;
        }
        return sound;
    }
    static std::string refusal(const void* /*self*/, const pair_point<double>& at) {
        return at.u < -1000 ? "too unlikely" : "";
    }
    [[nodiscard]] piece_loss<double> pieces() const { return {this, &compute, &refusal, 0.5, false}; }
};

} // namespace

TEST_CASE("the walk sums a loss's pieces, whatever their number, and hands on their gradients and values") {
    for (const std::size_t size : {0U, 1U, 255U, 256U, 257U, 20'000U}) {
        pairs<double> p = random_pairs<double>(size);
        std::vector<double> values(size);
        const linear_loss loss{.factor = 3};
        pair_gradients<double> out = p.gradients();
        out.values = std::span(values);
        const loss_sums sums = walk_pairs(loss.pieces(), p.scores(), out);
        double expected = 0, weight = 0, rewards = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const double u = p.chosen[i] - p.reference_chosen[i], v = p.rejected[i] - p.reference_rejected[i];
            CHECK(values[i] == doctest::Approx(p.weight[i] * 3 * (u - v)));
            CHECK(p.d_rejected[i] == -3 * p.weight[i]);
            expected += values[i];
            weight += p.weight[i];
            rewards += 0.5 * u;
        }
        CHECK(sums.pairs == size);
        CHECK(sums.loss == doctest::Approx(expected));
        CHECK(sums.weight == doctest::Approx(weight));
        CHECK(sums.chosen_rewards == doctest::Approx(rewards));
    }
}

TEST_CASE("a fault is said by its pair: the columns' own, the loss's refusal, or a result that is no number") {
    pairs<double> p = random_pairs<double>(1000);
    const auto walk = [&](double factor) {
        const linear_loss loss{.factor = factor};
        return walk_pairs(loss.pieces(), p.scores(), pair_gradients<double>{});
    };
    p.chosen[700] = p.reference_chosen[700] - 2000;
    CHECK_THROWS_WITH_AS(walk(1), "pair 700: too unlikely", numeric_error);
    p.weight[300] = -1;
    CHECK_THROWS_WITH_AS(walk(1), doctest::Contains("pair 300: weight is -1"), argument_error);
    p = random_pairs<double>(1000);
    CHECK_THROWS_WITH_AS(walk(std::numeric_limits<double>::quiet_NaN()),
                         doctest::Contains("pair 0: the loss is not a number"), numeric_error);
}
