#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/named.hpp>

using namespace preflearn;

namespace {

struct rankings {
    std::vector<double> score, reference, weight, gradient;
    std::vector<std::size_t> offsets{0};
    std::vector<std::uint32_t> ranked;

    [[nodiscard]] ranked_scores<double> scores() const { return {score, offsets, reference, ranked, weight}; }
    std::span<double> out() {
        gradient.resize(score.size());
        return gradient;
    }
};

rankings random_rankings(std::size_t groups, std::size_t most = 7) {
    generator random(4, "rankings");
    rankings r;
    for (std::size_t g = 0; g < groups; ++g) {
        const std::size_t size = random.below(most + 1);
        for (std::size_t i = 0; i < size; ++i) {
            r.score.push_back(-20 * random.uniform());
            r.reference.push_back(-20 * random.uniform());
        }
        r.offsets.push_back(r.score.size());
        r.ranked.push_back(static_cast<std::uint32_t>(random.below(size + 1)));
        r.weight.push_back(2 * random.uniform());
    }
    return r;
}

/// Σ over ranks of log Σ_{j ≥ i} e^{s_j} − s_i, as it is written.
long double naive_loss(double beta, const rankings& r, std::size_t g) {
    const std::size_t begin = r.offsets[g], end = r.offsets[g + 1];
    const std::size_t ranks = r.ranked.empty() ? end - begin : r.ranked[g];
    long double sum = 0;
    for (std::size_t i = begin; i < begin + ranks; ++i) {
        const auto s = [&](std::size_t j) {
            return static_cast<long double>(beta) * (r.score[j] - (r.reference.empty() ? 0 : r.reference[j]));
        };
        long double rest = 0;
        for (std::size_t j = i; j < end; ++j) rest += std::exp(s(j));
        sum += std::log(rest) - s(i);
    }
    return (r.weight.empty() ? 1 : r.weight[g]) * sum;
}

} // namespace

TEST_CASE("value is the definition, for full and top-k rankings of any size") {
    rankings r = random_rankings(900);
    for (const bool full : {false, true}) {
        if (full) r.ranked.clear();
        long double expected = 0;
        for (std::size_t g = 0; g < 900; ++g) expected += naive_loss(0.5, r, g);
        const ranked_sums sums = plackett_luce_loss{.beta = 0.5}(r.scores(), r.out());
        CHECK(sums.loss == doctest::Approx(static_cast<double>(expected)).epsilon(1e-13));
        CHECK(sums.groups == 900);
        CHECK(sums.weight == doctest::Approx(std::accumulate(r.weight.begin(), r.weight.end(), 0.0)));
        CHECK(plackett_luce_loss{.beta = 0.5}(r.scores(), std::span<double>()).loss == sums.loss);
    }
}

TEST_CASE("gradients agree with finite differences and add up to nothing in each group") {
    rankings r = random_rankings(40);
    const plackett_luce_loss loss{.beta = 0.7};
    loss(r.scores(), r.out());
    for (std::size_t g = 0; g < 40; ++g) {
        double sum = 0;
        for (std::size_t i = r.offsets[g]; i < r.offsets[g + 1]; ++i) {
            const double at = r.score[i];
            r.score[i] = at + 1e-5;
            const long double above = naive_loss(0.7, r, g);
            r.score[i] = at - 1e-5;
            const long double below = naive_loss(0.7, r, g);
            r.score[i] = at;
            CHECK(std::abs(static_cast<double>((above - below) / 2e-5L) - r.gradient[i]) < 1e-8);
            sum += r.gradient[i];
        }
        CHECK(std::abs(sum) < 1e-13);
    }
}

TEST_CASE("two responses are Bradley-Terry, in both tails too, with references DPO") {
    generator random(1, "two");
    for (const double size : {0.1, 5.0, 40.0, 500.0, 1e30}) {
        for (int turn = 0; turn < 20; ++turn) {
            const std::vector<double> c{size * (random.uniform() - 0.5)}, r{size * (random.uniform() - 0.5)};
            const std::vector<double> c0{-1.5}, r0{-2.25}, two{c[0], r[0]}, both{-1.5, -2.25};
            const std::vector<std::size_t> offsets{0, 2};
            std::vector<double> dc(1), dr(1), d(2);
            const loss_sums pair = bradley_terry{}({.chosen = c, .rejected = r}, pair_gradients<double>{dc, dr});
            ranked_sums list = plackett_luce_loss{}({.score = two, .offsets = offsets}, std::span(d));
            CHECK(list.loss == doctest::Approx(pair.loss).epsilon(1e-14));
            CHECK(d[0] == doctest::Approx(dc[0]).epsilon(1e-13));
            CHECK(d[1] == doctest::Approx(dr[0]).epsilon(1e-13));
            CHECK(list.best_first == pair.correct);
            CHECK(list.first_rewards == pair.chosen_rewards);
            CHECK(list.rest_rewards == pair.rejected_rewards);
            const double with = dpo{.beta = 0.3}({c, r, c0, r0}, pair_gradients<double>{dc, dr}).loss;
            list = plackett_luce_loss{.beta = 0.3}({two, offsets, both}, std::span(d));
            CHECK(list.loss == doctest::Approx(with).epsilon(1e-12));
            CHECK(d[0] == doctest::Approx(dc[0]).epsilon(1e-12));
        }
    }
}

TEST_CASE("the probabilities of all rankings add up to one") {
    std::vector<double> s{-1, 0.5, 2, 0.25};
    std::vector<std::size_t> order{0, 1, 2, 3};
    const std::vector<std::size_t> offsets{0, 4};
    for (const std::uint32_t ranked : {1U, 2U, 4U}) {
        double total = 0;
        std::ranges::sort(order);
        do {
            std::vector<double> permuted;
            for (const std::size_t i : order) permuted.push_back(s[i]);
            const std::vector<std::uint32_t> count{ranked};
            total += std::exp(-plackett_luce_loss{}({permuted, offsets, {}, count}, std::span<double>()).loss);
        } while (std::ranges::next_permutation(order).found);
        // A top-k ranking is met once for every order of the rest.
        CHECK(total == doctest::Approx(ranked == 1 ? 6 : ranked == 2 ? 2 : 1).epsilon(1e-14));
    }
}

TEST_CASE("the order of responses behind the ranked ones changes nothing but where their gradient stands") {
    rankings r;
    r.score = {-1, -2, 0.5, -4, 3};
    r.offsets = {0, 5};
    r.ranked = {2};
    rankings turned = r;
    std::reverse(turned.score.begin() + 2, turned.score.end());
    const plackett_luce_loss loss{};
    CHECK(loss(r.scores(), r.out()).loss == doctest::Approx(loss(turned.scores(), turned.out()).loss).epsilon(1e-15));
    for (std::size_t i = 2; i < 5; ++i) CHECK(r.gradient[i] == doctest::Approx(turned.gradient[6 - i]).epsilon(1e-13));
}

TEST_CASE("adding one number to all scores of a prompt changes nothing") {
    rankings r;
    r.score = {-1, -2, 0.5, -4};
    r.offsets = {0, 4};
    rankings shifted = r;
    for (double& s : shifted.score) s += 1024;
    const plackett_luce_loss loss{};
    CHECK(loss(r.scores(), r.out()).loss == doctest::Approx(loss(shifted.scores(), shifted.out()).loss).epsilon(1e-12));
}

TEST_CASE_TEMPLATE("scores to ±1e30 saturate; empty and single groups cost nothing", Real, float, double) {
    const std::vector<Real> score{Real(1e30), 0, Real(-1e30), Real(-1e30), 0, Real(1e30), 7};
    const std::vector<std::size_t> offsets{0, 3, 6, 6, 7};
    std::vector<Real> d(7);
    const ranked_sums sums = plackett_luce_loss{}({.score = score, .offsets = offsets}, std::span<Real>(d));
    CHECK(sums.loss == doctest::Approx(3e30)); // 1e30 − (−1e30), then 1e30 − 0
    CHECK(d == std::vector<Real>{0, 0, 0, -1, -1, 2, 0});
    CHECK(sums.groups == 4);
    CHECK(sums.best_first == 1);
    CHECK(plackett_luce_loss{}({}, std::span<Real>()).groups == 0);
}

TEST_CASE("sums add up over groups and the threads change no bit") {
#if defined(_OPENMP)
    rankings r = random_rankings(20'000);
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const double one = plackett_luce_loss{}(r.scores(), r.out()).loss;
    const std::vector<double> gradient = r.gradient;
    for (const int threads : {2, 5}) {
        omp_set_num_threads(threads);
        CHECK(plackett_luce_loss{}(r.scores(), r.out()).loss == one);
        CHECK(r.gradient == gradient);
    }
    omp_set_num_threads(before);
#endif
}

TEST_CASE("what does not fit or is not finite is named") {
    const auto complaint = [](auto change) {
        rankings r = random_rankings(30);
        change(r);
        try {
            plackett_luce_loss{}(r.scores(), r.out());
        } catch (const error& failure) {
            return std::string(failure.what());
        }
        return std::string("no complaint");
    };
    CHECK(complaint([](rankings& r) {
              r.score[r.offsets[5]] = std::numeric_limits<double>::quiet_NaN();
          }).find(", response 0: score is nan") != std::string::npos);
    CHECK(complaint([](rankings& r) { r.ranked[3] = 99; }).starts_with("group 3: 99 of its"));
    CHECK(complaint([](rankings& r) { r.weight[4] = -1; }).starts_with("group 4: weight is -1"));
    CHECK(complaint([](rankings& r) { r.offsets.back() += 1; }).starts_with("offsets reach from 0 to"));
    CHECK(complaint([](rankings& r) { r.offsets[3] = r.offsets[4] + 1; }).find("was expected") != std::string::npos);
    CHECK(complaint([](rankings& r) { r.reference.pop_back(); }).starts_with("reference has"));
}
