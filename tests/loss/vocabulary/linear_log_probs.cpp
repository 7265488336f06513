#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

template <class T> std::vector<T> normals(std::size_t count, std::uint64_t stream, double scale = 1) {
    generator random(9, "linear", stream);
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(scale * random.normal());
    return values;
}

/// Hidden states, a head, targets and derivatives; some rows without a prediction, some with several.
template <class T> struct head_problem {
    std::size_t rows, width, vocabulary;
    std::vector<T> hidden, head, bias;
    std::vector<token_id> targets;
    std::vector<std::size_t> sources;
    std::vector<double> derivatives;

    head_problem(std::size_t row_count, std::size_t features, std::size_t tokens)
        : rows(row_count), width(features), vocabulary(tokens), hidden(normals<T>(rows * width, 1)),
          head(normals<T>(vocabulary * width, 2)), bias(normals<T>(vocabulary, 3)) {
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t k = 0; k < 1 + r % 3 - (r % 5 == 4 ? 1 + r % 3 : 0); ++k) {
                targets.push_back(static_cast<token_id>((r * 7919 + k * 4093) % vocabulary));
                sources.push_back(r);
            }
        derivatives = normals<double>(targets.size(), 4);
    }
    [[nodiscard]] linear_log_probs<T, cpu_backend> object(const logit_transform<T>& transform = {},
                                                          std::size_t kept_bytes = 1 << 20) const {
        return {
            {hidden.data(), rows, width}, {head.data(), vocabulary, width}, targets, sources, transform, kept_bytes};
    }
};

template <class T> struct head_results {
    std::vector<double> log_probs, normalisers, entropies, log_sum_squares;
    std::vector<T> d_hidden, d_head, d_bias;
    explicit head_results(const head_problem<T>& of)
        : log_probs(of.targets.size()), normalisers(of.rows), entropies(of.rows), log_sum_squares(of.rows),
          d_hidden(of.hidden.size()), d_head(of.head.size()), d_bias(of.vocabulary) {}
    [[nodiscard]] vocabulary_scores scores() { return {log_probs, normalisers, entropies, log_sum_squares}; }
    [[nodiscard]] linear_gradients<T> gradients(const head_problem<T>& of) {
        return {{d_hidden.data(), of.rows, of.width}, {d_head.data(), of.vocabulary, of.width}, d_bias};
    }
};

/// All logits at once, by the functions on logits, and products in plain loops.
template <class T> head_results<T> unfused(const head_problem<T>& of, const logit_transform<T>& transform = {}) {
    head_results<T> found(of);
    for (std::size_t p = 0; p < of.targets.size(); ++p) {
        const std::size_t r = of.sources[p];
        std::vector<double> z(of.vocabulary);
        for (std::size_t v = 0; v < of.vocabulary; ++v)
            for (std::size_t k = 0; k < of.width; ++k)
                z[v] +=
                    static_cast<double>(of.hidden[r * of.width + k]) * static_cast<double>(of.head[v * of.width + k]);
        const std::vector<double> bias(transform.bias.begin(), transform.bias.end());
        const logit_transform<double> extended{bias, transform.soft_cap, transform.temperature};
        const std::span<const token_id> target(&of.targets[p], 1);
        const std::span<const double> weight(&of.derivatives[p], 1);
        log_softmax_and_gradient(matrix_view<double>(z.data(), 1, of.vocabulary), target, weight,
                                 {.log_probs = std::span(found.log_probs).subspan(p, 1),
                                  .normalisers = std::span(found.normalisers).subspan(r, 1),
                                  .entropies = std::span(found.entropies).subspan(r, 1),
                                  .log_sum_squares = std::span(found.log_sum_squares).subspan(r, 1)},
                                 extended);
        for (std::size_t v = 0; v < of.vocabulary; ++v) {
            found.d_bias[v] += static_cast<T>(z[v]);
            for (std::size_t k = 0; k < of.width; ++k) {
                found.d_hidden[r * of.width + k] += static_cast<T>(z[v] * double(of.head[v * of.width + k]));
                found.d_head[v * of.width + k] += static_cast<T>(z[v] * double(of.hidden[r * of.width + k]));
            }
        }
    }
    return found;
}

template <class A, class B> double difference(const std::vector<A>& a, const std::vector<B>& b) {
    REQUIRE(a.size() == b.size());
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
        worst = std::max(worst, std::isnan(x) ? test::infinity : std::abs(x - y) / std::max(1.0, std::abs(y)));
    }
    return worst;
}

/// Of what both have: rows without a prediction have no naive normaliser.
template <class T> double difference(const head_problem<T>& of, const head_results<T>& a, const head_results<T>& b) {
    double worst = std::max({difference(a.log_probs, b.log_probs), difference(a.d_hidden, b.d_hidden),
                             difference(a.d_head, b.d_head), difference(a.d_bias, b.d_bias)});
    for (const std::size_t r : of.sources)
        worst =
            std::max({worst, std::abs(a.normalisers[r] - b.normalisers[r]), std::abs(a.entropies[r] - b.entropies[r]),
                      std::abs(a.log_sum_squares[r] - b.log_sum_squares[r])});
    return worst;
}

template <class T> head_results<T> in_two_passes(const head_problem<T>& of, const logit_transform<T>& transform = {}) {
    head_results<T> found(of);
    const auto object = of.object(transform);
    object.forward(found.scores());
    object.backward(found.normalisers, of.derivatives, found.gradients(of));
    return found;
}

template <class T> head_results<T> in_one_pass(const head_problem<T>& of, const logit_transform<T>& transform = {}) {
    head_results<T> found(of);
    of.object(transform).forward_backward(of.derivatives, found.scores(), found.gradients(of));
    return found;
}

} // namespace

TEST_CASE(
    "tiles give what all logits at once give, in one pass and in two, for shapes that are no multiples of tiles") {
    for (const auto& [rows, width, vocabulary] :
         {std::array<std::size_t, 3>{1, 1, 1}, {1, 5, 8300}, {7, 3, 2}, {33, 4, 700}, {515, 2, 1100}, {1030, 3, 513}}) {
        const head_problem<double> of(rows, width, vocabulary);
        const head_results<double> expected = unfused(of);
        CHECK(difference(of, in_two_passes(of), expected) < 1e-12);
        CHECK(difference(of, in_one_pass(of), expected) < 1e-12);
    }
    const head_problem<float> narrow(70, 16, 3000);
    CHECK(difference(narrow, in_two_passes(narrow), unfused(narrow)) < 2e-5);
    CHECK(difference(narrow, in_one_pass(narrow), unfused(narrow)) < 2e-5);
}

TEST_CASE("bias, soft cap and temperature enter values and gradients") {
    const head_problem<double> of(40, 6, 1300);
    for (const logit_transform<double>& transform :
         {logit_transform<double>{.bias = of.bias}, logit_transform<double>{.temperature = 0.4},
          logit_transform<double>{.bias = of.bias, .soft_cap = 2.5, .temperature = 1.3}}) {
        const head_results<double> expected = unfused(of, transform);
        CHECK(difference(of, in_two_passes(of, transform), expected) < 1e-12);
        CHECK(difference(of, in_one_pass(of, transform), expected) < 1e-12);
    }
}

TEST_CASE("the room for logits changes nothing but the rounding") {
    const head_problem<double> of(70, 4, 700);
    const head_results<double> expected = unfused(of);
    for (const std::size_t bytes : {0UL, 100'000UL, 1UL << 30}) { // panels of 16 rows, of 16, of all
        head_results<double> found(of);
        of.object({}, bytes).forward_backward(of.derivatives, found.scores(), found.gradients(of));
        CHECK(difference(of, found, expected) < 1e-12);
    }
}

TEST_CASE("gradients are finite differences of the weighted log-probs, and are added") {
    head_problem<double> of(6, 4, 90);
    logit_transform<double> transform{.bias = of.bias, .soft_cap = 5, .temperature = 0.9};
    const auto value = [&] {
        std::vector<double> log_probs(of.targets.size());
        of.object(transform).forward({.log_probs = log_probs});
        double sum = 0;
        for (std::size_t p = 0; p < log_probs.size(); ++p) sum += log_probs[p] * of.derivatives[p];
        return sum;
    };
    head_results<double> found(of);
    std::ranges::fill(found.d_hidden, 3);
    std::ranges::fill(found.d_head, -2);
    std::ranges::fill(found.d_bias, 1);
    of.object(transform).forward_backward(of.derivatives, {}, found.gradients(of));
    const auto check = [&](std::vector<double>& inputs, const std::vector<double>& gradient, double before) {
        for (std::size_t i = 0; i < inputs.size(); i += 1 + inputs.size() / 25) {
            const double centre = inputs[i], step = 1e-5;
            inputs[i] = centre + step;
            const double up = value();
            inputs[i] = centre - step;
            const double down = value();
            inputs[i] = centre;
            CHECK(gradient[i] - before == doctest::Approx((up - down) / (2 * step)).epsilon(1e-7));
        }
    };
    check(of.hidden, found.d_hidden, 3);
    check(of.head, found.d_head, -2);
    check(of.bias, found.d_bias, 1);
}

TEST_CASE("derivatives that follow from the log-probs, kept or computed again") {
    const head_problem<double> of(30, 4, 600), large(60, 4, 3000);
    const auto agree = [](const head_problem<double>& with, double tolerance) {
        head_results<double> found(with), expected(with);
        std::vector<double> derivatives(with.targets.size());
        const auto derive = [&] {
            for (std::size_t p = 0; p < derivatives.size(); ++p) derivatives[p] = 1 / found.log_probs[p];
            return std::span<const double>(derivatives);
        };
        with.object().forward_backward(derive, found.scores(), found.gradients(with));
        with.object().forward(expected.scores());
        with.object().backward(expected.normalisers, derivatives, expected.gradients(with));
        CHECK(difference(with, found, expected) < tolerance);
    };
    agree(of, 1e-13);
    agree(large, 1e-13); // more than 1 MB of logits: computed again
}

TEST_CASE("a gradient that is not wanted is not needed") {
    const head_problem<double> of(20, 4, 600);
    head_results<double> found(of), expected = in_one_pass(of);
    of.object().forward_backward(of.derivatives, {}, {.hidden = found.gradients(of).hidden});
    CHECK(found.d_hidden == expected.d_hidden);
    of.object().backward(expected.normalisers, of.derivatives, {.head = found.gradients(of).head});
    CHECK(difference(found.d_head, expected.d_head) < 1e-14);
    CHECK(found.d_bias == std::vector<double>(600));
    const head_problem<double> none(0, 4, 600);
    head_results<double> nothing(none);
    none.object().forward_backward(none.derivatives, nothing.scores(), nothing.gradients(none));
    CHECK(nothing.d_head == std::vector<double>(2400));
}

#if defined(_OPENMP)
TEST_CASE("any number of threads gives the same bits") {
    const head_problem<float> of(530, 8, 5000);
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const head_results<float> alone[] = {in_one_pass(of), in_two_passes(of)};
    omp_set_num_threads(5);
    const head_results<float> together[] = {in_one_pass(of), in_two_passes(of)};
    omp_set_num_threads(before);
    for (const int i : {0, 1}) {
        CHECK(alone[i].log_probs == together[i].log_probs);
        CHECK(alone[i].entropies == together[i].entropies);
        CHECK(alone[i].d_hidden == together[i].d_hidden);
        CHECK(alone[i].d_head == together[i].d_head);
    }
}
#endif

TEST_CASE("bad input is named") {
    head_problem<double> of(8, 4, 50);
    head_results<double> found(of);
    const auto refused = [&](const char* sentence, auto error) {
        using wanted = decltype(error);
        CHECK_THROWS_WITH_AS(in_one_pass(of), sentence, wanted);
        CHECK_THROWS_WITH_AS(in_two_passes(of), sentence, wanted);
    };
    const argument_error argument("");
    const numeric_error numeric("");
    SUBCASE("a target outside the vocabulary") {
        of.targets[3] = 50;
        refused("prediction 3 (row 2): target is 50, expected a token of a vocabulary of 50", argument);
    }
    SUBCASE("a source that is no row") {
        of.sources[0] = 8;
        refused("prediction 0: source is 8, expected one of 8 rows", argument);
    }
    SUBCASE("shapes") {
        CHECK_THROWS_WITH_AS((linear_log_probs<double, cpu_backend>({of.hidden.data(), 8, 4}, {of.head.data(), 40, 5},
                                                                    of.targets, of.sources)),
                             "hidden states of width 4 do not fit a head of width 5", argument_error);
        CHECK_THROWS_WITH_AS((linear_log_probs<double, cpu_backend>({of.hidden.data(), 8, 4}, {of.head.data(), 50, 4},
                                                                    std::span(of.targets).first(7))),
                             "found 7 targets for 8 rows", argument_error);
        of.derivatives.pop_back();
        CHECK_THROWS_AS(in_one_pass(of), argument_error);
        found.normalisers.pop_back();
        CHECK_THROWS_WITH_AS(of.object().forward(found.scores()), "normalisers has 7 entries for 8 rows",
                             argument_error);
        CHECK_THROWS_WITH_AS(of.object().backward(std::vector<double>(8), std::vector<double>(of.targets.size()),
                                                  {.hidden = {found.d_hidden.data(), 4, 8}}),
                             "the gradient of hidden is 4 x 8, expected 8 x 4", argument_error);
    }
    SUBCASE("NaN in a hidden state") {
        of.hidden[5 * 4 + 2] = std::nan("");
        refused("row 5: feature 2 of the hidden state is nan, a finite number was expected", numeric);
    }
    SUBCASE("an infinity in the head") {
        of.head[17 * 4 + 1] = test::infinity;
        of.hidden[1] = 1; // times −1 it would only be excluded
        refused("row 0: feature 1 of token 17 in the head is inf, a finite number was expected", numeric);
    }
    SUBCASE("logits that overflow") {
        std::ranges::fill(of.hidden, 1e200);
        std::ranges::fill(of.head, 1e200);
        refused("row 0: its logits hold NaN or +inf, or are all -inf, which leaves no distribution", numeric);
    }
    SUBCASE("a derivative that is not finite") {
        of.derivatives[1] = std::nan("");
        refused("prediction 1: derivative is nan, a finite number was expected", numeric);
    }
    SUBCASE("unchecked, a row without a distribution has log-probs of NaN and the others their own") {
        of.hidden[5 * 4 + 2] = std::nan("");
        const std::vector<softmax_sums> sums = of.object().forward_unchecked(found.scores());
        for (std::size_t p = 0; p < of.targets.size(); ++p)
            CHECK(std::isnan(found.log_probs[p]) == (of.sources[p] == 5));
        CHECK_FALSE(sums[5].is_sound());
        CHECK(sums[4].is_sound());
    }
}

TEST_CASE("a stored head gives the bits of its numbers, in one pass and in two, and its faults are found") {
    head_problem<double> of(8, 4, 1100); // three tiles
    for (const std::size_t kept : {std::size_t{1} << 20, std::size_t{1}}) {
        const stored_matrix stored = stored_numbers(std::vector(of.head), of.vocabulary, of.width);
        const linear_log_probs<double, cpu_backend, stored_matrix> frozen({of.hidden.data(), of.rows, of.width}, stored,
                                                                          of.targets, of.sources, {}, kept);
        head_results<double> expected(of), found(of), again(of);
        const auto d_hidden = [&](head_results<double>& of_which) {
            return linear_gradients<double>{.hidden = {of_which.d_hidden.data(), of.rows, of.width}};
        };
        of.object({}, kept).forward_backward(of.derivatives, expected.scores(), d_hidden(expected));
        frozen.forward_backward(of.derivatives, found.scores(), d_hidden(found));
        CHECK(found.log_probs == expected.log_probs);
        CHECK(found.entropies == expected.entropies);
        CHECK(found.d_hidden == expected.d_hidden);
        frozen.forward(again.scores());
        frozen.backward(again.normalisers, of.derivatives, d_hidden(again));
        CHECK(again.log_probs == expected.log_probs);
        CHECK(difference(again.d_hidden, expected.d_hidden) < 1e-12);
    }
    of.head[17 * 4 + 1] = test::infinity;
    of.hidden[1] = 1;
    head_results<double> found(of);
    CHECK_THROWS_WITH_AS((linear_log_probs<double, cpu_backend, stored_matrix>(
                              {of.hidden.data(), of.rows, of.width},
                              stored_numbers(std::vector(of.head), of.vocabulary, of.width), of.targets, of.sources)
                              .forward(found.scores())),
                         "row 0: feature 1 of token 17 in the head is inf, a finite number was expected",
                         numeric_error);
}
