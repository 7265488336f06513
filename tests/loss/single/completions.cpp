#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/single/completions.hpp>

#include "../completions.hpp"

using namespace preflearn;

namespace {

/// A user's own unpaired loss: (u − s)², u without a reference.
struct own_unpaired_loss {
    unpaired_sums operator()(const completion_scores<double>& c, std::span<double> gradient) const {
        unpaired_sums sums{.weight = static_cast<double>(c.size()), .completions = c.size()};
        for (std::size_t i = 0; i < c.size(); ++i) {
            const double x = c.log_prob[i] - (c.desirable[i] != 0 ? 1 : -1);
            sums.loss += x * x;
            if (!gradient.empty()) gradient[i] = 2 * x;
        }
        return sums;
    }
};
static_assert(UnpairedLoss<own_unpaired_loss, double> && !UnpairedLoss<own_unpaired_loss, float>);
static_assert(!CoupledUnpairedLoss<own_unpaired_loss, double> && !PreferenceLoss<own_unpaired_loss, double>);

using classifier = singlewise<logistic>;

} // namespace

TEST_CASE("value, gradient and sums are the definition, on sizes that fill no piece and no block") {
    const classifier loss{.beta = 0.3, .desirable_weight = 1.5, .undesirable_weight = 0.25};
    const class_baselines baselines{2, -1};
    for (const std::size_t n : {0U, 1U, 511U, 513U, 5000U, 300'001U}) {
        completions<double> c = random_completions<double>(n, n);
        const unpaired_sums sums = loss(c.scores(), baselines, c.out());
        unpaired_sums expected;
        bool same = true;
        for (std::size_t i = 0; i < n; ++i) {
            const bool good = c.desirable[i] != 0;
            const double u = c.log_prob[i] - c.reference[i], x = (good ? 0.3 : -0.3) * (u - (good ? 2 : -1));
            const double w = c.weight[i] * (good ? 1.5 : 0.25);
            expected.loss += w * softplus(-x);
            expected.weight += c.weight[i];
            (good ? expected.desirable_rewards : expected.undesirable_rewards) += 0.3 * u;
            (good ? expected.desirable_log_probs : expected.undesirable_log_probs) += c.log_prob[i];
            expected.desirable += good ? 1 : 0;
            expected.baselines += good ? 2 : -1;
            const double d = -w * (good ? 0.3 : -0.3) * sigmoid(-x);
            same = same && std::abs(c.gradient[i] - d) <= 1e-14 * std::abs(d);
        }
        CHECK(same);
        const auto near = [](double x) { return doctest::Approx(x).epsilon(1e-11); };
        CHECK(sums.loss == near(expected.loss));
        CHECK(sums.weight == near(expected.weight));
        CHECK(sums.completions == n);
        CHECK(sums.desirable == expected.desirable);
        CHECK(sums.desirable_rewards == near(expected.desirable_rewards));
        CHECK(sums.undesirable_rewards == near(expected.undesirable_rewards));
        CHECK(sums.desirable_log_probs == near(expected.desirable_log_probs));
        CHECK(sums.undesirable_log_probs == near(expected.undesirable_log_probs));
        CHECK(sums.baselines == near(expected.baselines));
        CHECK(loss(c.scores(), baselines, std::span<double>()).loss == sums.loss);
    }
}

TEST_CASE("turning a class around mirrors the log-ratio and the baseline") {
    completions<double> c = random_completions<double>(300), turned = c;
    for (std::size_t i = 0; i < 300; ++i) {
        turned.desirable[i] = c.desirable[i] != 0 ? 0 : 1;
        std::swap(turned.log_prob[i], turned.reference[i]);
    }
    const classifier loss{};
    CHECK(loss(c.scores(), {0.5, -2}, c.out()).loss ==
          doctest::Approx(loss(turned.scores(), {2, -0.5}, turned.out()).loss).epsilon(1e-14));
    for (std::size_t i = 0; i < 300; ++i) CHECK(c.gradient[i] == doctest::Approx(-turned.gradient[i]).epsilon(1e-13));
}

TEST_CASE("float agrees with double; empty columns stand for no reference and weight one") {
    completions<double> c = random_completions<double>(3000);
    completions<float> f = random_completions<float>(3000);
    CHECK(classifier{}(f.scores(), {1, 1}, f.out()).loss ==
          doctest::Approx(classifier{}(c.scores(), {1, 1}, c.out()).loss).epsilon(1e-6));
    completions<double> zeros = c;
    c.reference.clear();
    c.weight.clear();
    zeros.reference.assign(3000, 0);
    zeros.weight.assign(3000, 1);
    CHECK(classifier{}(c.scores(), {}, c.out()).loss == classifier{}(zeros.scores(), {}, zeros.out()).loss);
    CHECK(c.gradient == zeros.gradient);
}

TEST_CASE("what is wrong is named by completion and column") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto complaint = [](auto change) {
        completions<double> c = random_completions<double>(9000);
        change(c);
        try {
            classifier{}(c.scores(), {}, c.out());
        } catch (const error& failure) {
            return std::string(failure.what());
        }
        return std::string("no complaint");
    };
    using columns = completions<double>&;
    CHECK(complaint([=](columns c) { c.log_prob[8123] = nan; }) ==
          "completion 8123: log_prob is nan, a finite number was expected");
    CHECK(complaint([=](columns c) {
              c.reference[77] = -std::numeric_limits<double>::infinity();
          }).starts_with("completion 77: reference is -inf"));
    CHECK(complaint([=](columns c) { c.weight[5] = -1; }).starts_with("completion 5: weight is -1"));
    CHECK(complaint([=](columns c) { c.log_prob[3] = 1.5e308, c.reference[3] = -1.5e308; }).find("exceeds the range") !=
          std::string::npos);
    CHECK(complaint([=](columns c) { c.desirable.pop_back(); }) == "desirable has 8999 entries for 9000 completions");
    completions<double> c = random_completions<double>(3);
    CHECK_THROWS_AS(classifier{.beta = 0}(c.scores(), {}, c.out()), argument_error);
    CHECK_THROWS_WITH_AS(classifier{.desirable_weight = -1}(c.scores(), {}, c.out()),
                         doctest::Contains("desirable_weight is -1"), argument_error);
    CHECK_THROWS_AS(classifier{}(c.scores(), {nan, 0}, c.out()), numeric_error);
}
