#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/vocabulary/linear_preference.hpp>

using namespace preflearn;

namespace {

std::vector<double> normal_numbers(std::size_t count, std::uint64_t stream) {
    generator random(4, "pairs", stream);
    std::vector<double> values(count);
    for (double& value : values) value = random.normal();
    return values;
}

/// Two pairs: chosen responses of 3 and 5 tokens, rejected ones of 4 and 1.
struct preference_problem {
    static constexpr std::size_t width = 4, vocabulary = 60;
    std::vector<std::size_t> offsets{0, 3, 8, 12, 13};
    std::vector<double> hidden = normal_numbers(13 * width, 1), head = normal_numbers(vocabulary * width, 2);
    std::vector<double> bias = normal_numbers(vocabulary, 3);
    std::vector<token_id> targets{5, 0, 59, 7, 7, 12, 30, 2, 41, 5, 18, 9, 3};
    std::vector<double> reference_chosen{-10, -19}, reference_rejected{-14, -4}, weight{1, 0.5};

    [[nodiscard]] linear_pairs<double> pairs() const {
        return {.hidden = {hidden.data(), hidden.size() / width, width},
                .head = {head.data(), vocabulary, width},
                .targets = targets,
                .responses = {.offsets = offsets},
                .columns = {.reference_chosen = reference_chosen,
                            .reference_rejected = reference_rejected,
                            .weight = weight},
                .transform = {.bias = bias, .soft_cap = 6, .temperature = 0.9}};
    }
};

struct gradient_arrays {
    std::vector<double> hidden, head = std::vector<double>(preference_problem::vocabulary * preference_problem::width),
                                bias = std::vector<double>(preference_problem::vocabulary);
    explicit gradient_arrays(std::size_t rows) : hidden(rows * preference_problem::width) {}
    linear_gradients<double> where() {
        return {{hidden.data(), hidden.size() / preference_problem::width, preference_problem::width},
                {head.data(), preference_problem::vocabulary, preference_problem::width},
                bias};
    }
};

template <class Loss> double value_of_problem(const Loss& loss, const preference_problem& of) {
    return linear_preference_loss<cpu_backend>(loss, of.pairs(), {}).loss;
}

template <class Loss> void check_gradients(const Loss& loss, preference_problem of) {
    gradient_arrays found(13);
    const loss_sums sums = linear_preference_loss<cpu_backend>(loss, of.pairs(), found.where());
    CHECK(sums.pairs == 2);
    CHECK(sums.weight == 1.5);
    const auto check = [&](std::vector<double>& inputs, const std::vector<double>& gradient, std::size_t stride) {
        for (std::size_t i = 0; i < inputs.size(); i += stride) {
            const double centre = inputs[i], step = 1e-5;
            inputs[i] = centre + step;
            const double up = value_of_problem(loss, of);
            inputs[i] = centre - step;
            const double down = value_of_problem(loss, of);
            inputs[i] = centre;
            CHECK(gradient[i] == doctest::Approx((up - down) / (2 * step)).epsilon(1e-6));
        }
    };
    check(of.hidden, found.hidden, 1);
    check(of.head, found.head, 7);
    check(of.bias, found.bias, 5);
}

} // namespace

TEST_CASE("gradients of any loss are finite differences through the whole chain") {
    check_gradients(dpo{.beta = 0.3}, {});
    check_gradients(ipo_mean{.beta = 0.2}, {}); // needs lengths, which the layout gives
}

TEST_CASE("value and log-probs are those of the parts one after another") {
    const preference_problem of;
    std::vector<double> tokens(13), log_probs(4), expected(4);
    linear_pairs<double> pairs = of.pairs();
    pairs.log_probs = log_probs;
    linear_log_probs<double, cpu_backend>(pairs.hidden, pairs.head, of.targets, {}, pairs.transform)
        .forward({.log_probs = tokens});
    for (std::size_t r = 0; r < 4; ++r)
        for (std::size_t p = of.offsets[r]; p < of.offsets[r + 1]; ++p) expected[r] += tokens[p];
    const loss_sums sums = linear_preference_loss<cpu_backend>(dpo{.beta = 0.3}, pairs, {});
    for (std::size_t r = 0; r < 4; ++r) CHECK(log_probs[r] == doctest::Approx(expected[r]).epsilon(1e-14));
    pair_scores<double> scores = pairs.columns;
    scores.chosen = std::span(log_probs).first(2);
    scores.rejected = std::span(log_probs).last(2);
    CHECK(sums.loss == dpo{.beta = 0.3}(scores, {}).loss);
}

TEST_CASE("padded responses give what ragged ones give, and padding is not read") {
    const preference_problem of;
    gradient_arrays ragged(13), padded(4 * 6);
    const double value = linear_preference_loss<cpu_backend>(dpo{}, of.pairs(), ragged.where()).loss;
    std::vector<double> hidden(4 * 6 * 4, std::numeric_limits<double>::quiet_NaN());
    std::vector<token_id> targets(4 * 6, -100);
    std::vector<std::uint32_t> lengths;
    for (std::size_t r = 0; r < 4; ++r) {
        const std::size_t begin = of.offsets[r], count = of.offsets[r + 1] - begin;
        lengths.push_back(static_cast<std::uint32_t>(count));
        std::copy_n(of.hidden.data() + begin * 4, count * 4, hidden.data() + r * 24);
        std::copy_n(of.targets.data() + begin, count, targets.data() + r * 6);
    }
    linear_pairs<double> pairs = of.pairs();
    pairs.hidden = {hidden.data(), 24, 4};
    pairs.targets = targets;
    pairs.responses = {.length = 6, .lengths = lengths};
    CHECK(linear_preference_loss<cpu_backend>(dpo{}, pairs, padded.where()).loss == value);
    CHECK(padded.head == ragged.head);
    CHECK(padded.bias == ragged.bias);
    for (std::size_t r = 0; r < 4; ++r)
        for (std::size_t i = 0; i < 24; ++i)
            CHECK(padded.hidden[r * 24 + i] == (i < 4 * lengths[r] ? ragged.hidden[of.offsets[r] * 4 + i] : 0.0));
}

TEST_CASE("a head that equals its reference costs log 2 a pair") {
    preference_problem of;
    std::vector<double> log_probs(4);
    linear_pairs<double> pairs = of.pairs();
    pairs.log_probs = log_probs;
    linear_preference_loss<cpu_backend>(dpo{}, pairs, {});
    pairs.columns = {.reference_chosen = std::span(log_probs).first(2),
                     .reference_rejected = std::span(log_probs).last(2)};
    pairs.log_probs = {};
    CHECK(linear_preference_loss<cpu_backend>(dpo{}, pairs, {}).loss == doctest::Approx(2 * std::log(2.0)));
}

TEST_CASE("a response without tokens has log-prob 0 and no gradient") {
    preference_problem of;
    of.offsets = {0, 3, 8, 12, 12}; // the last position is no one's
    std::vector<double> log_probs(4);
    linear_pairs<double> pairs = of.pairs();
    pairs.log_probs = log_probs;
    gradient_arrays found(13);
    linear_preference_loss<cpu_backend>(dpo{}, pairs, found.where());
    CHECK(log_probs[3] == 0);
    CHECK(std::all_of(found.hidden.end() - 4, found.hidden.end(), [](double g) { return g == 0; }));
    CHECK(found.hidden[0] != 0);
}

TEST_CASE("bad input is named") {
    preference_problem of;
    linear_pairs<double> pairs = of.pairs();
    const auto refused = [&](const char* sentence) {
        CHECK_THROWS_WITH_AS(linear_preference_loss<cpu_backend>(dpo{}, pairs, {}), sentence, argument_error);
    };
    SUBCASE("an odd number of responses") {
        pairs.responses.offsets = std::span(of.offsets).first(4);
        refused("responses of pairs are an even number, found 3");
    }
    SUBCASE("responses beyond the hidden states") {
        pairs.hidden.rows = 12;
        refused("responses reach position 13 of 12 hidden states");
    }
    SUBCASE("targets") {
        pairs.targets = std::span(of.targets).first(12);
        refused("found 12 targets for 13 hidden states");
    }
    SUBCASE("columns of another batch") {
        of.weight.push_back(1);
        pairs.columns.weight = of.weight;
        CHECK_THROWS_WITH_AS(linear_preference_loss<cpu_backend>(dpo{}, pairs, {}), doctest::Contains("weight"),
                             argument_error);
    }
    SUBCASE("a hidden state that is not finite") {
        of.hidden[17] = std::nan("");
        CHECK_THROWS_WITH_AS(linear_preference_loss<cpu_backend>(dpo{}, of.pairs(), {}),
                             doctest::Contains("row 4: feature 1 of the hidden state is nan"), numeric_error);
    }
}
