#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/vocabulary/linear_divergence.hpp>

using namespace preflearn;

namespace {

std::vector<double> normals(std::size_t count, std::uint64_t stream) {
    generator random(8, "divergence", stream);
    std::vector<double> values(count);
    for (double& value : values) value = random.normal();
    return values;
}

/// A reference of width 3 and a policy of width 4.
struct divergence_problem {
    std::size_t rows, vocabulary;
    std::vector<double> reference_hidden, reference_head, hidden, head, bias, weights;
    std::vector<double> divergences, d_hidden, d_head, d_bias;

    divergence_problem(std::size_t row_count, std::size_t tokens)
        : rows(row_count), vocabulary(tokens), reference_hidden(normals(rows * 3, 1)),
          reference_head(normals(tokens * 3, 2)), hidden(normals(rows * 4, 3)), head(normals(tokens * 4, 4)),
          bias(normals(tokens, 5)), weights(normals(rows, 6)), divergences(rows), d_hidden(hidden.size()),
          d_head(head.size()), d_bias(tokens) {}

    [[nodiscard]] linear_model<double> reference() const {
        return {{reference_hidden.data(), rows, 3}, {reference_head.data(), vocabulary, 3}};
    }
    [[nodiscard]] linear_model<double> policy() const {
        return {
            {hidden.data(), rows, 4}, {head.data(), vocabulary, 4}, {.bias = bias, .soft_cap = 6, .temperature = 0.8}};
    }
    void run() {
        linear_kl_from_reference<cpu_backend>(reference(), policy(), divergences, weights,
                                              {{d_hidden.data(), rows, 4}, {d_head.data(), vocabulary, 4}, d_bias});
    }
};

std::vector<double> logits_of(const linear_model<double>& model) {
    std::vector<double> z(model.hidden.rows * model.head.rows);
    for (std::size_t r = 0; r < model.hidden.rows; ++r) {
        const std::span<double> row = std::span(z).subspan(r * model.head.rows, model.head.rows);
        for (std::size_t v = 0; v < row.size(); ++v)
            for (std::size_t k = 0; k < model.head.columns; ++k) row[v] += model.hidden(r, k) * model.head(v, k);
        model.transform.apply(row, 0);
    }
    return z;
}

} // namespace

TEST_CASE("tiles give the divergences of all logits at once") {
    for (const auto& [rows, vocabulary] : {std::pair{1UL, 1UL}, {1UL, 9000UL}, {40UL, 1300UL}, {520UL, 700UL}}) {
        divergence_problem of(rows, vocabulary);
        of.run();
        std::vector<double> expected(rows);
        const std::vector<double> z0 = logits_of(of.reference()), z = logits_of(of.policy());
        kl_from_reference(matrix_view<const double>(z0.data(), rows, vocabulary),
                          matrix_view<const double>(z.data(), rows, vocabulary), expected);
        for (std::size_t r = 0; r < rows; ++r) CHECK(of.divergences[r] == doctest::Approx(expected[r]).epsilon(1e-11));
    }
}

TEST_CASE("gradients are finite differences") {
    divergence_problem of(6, 600);
    of.run();
    const auto value = [&] {
        std::vector<double> divergences(of.rows);
        linear_kl_from_reference<cpu_backend>(of.reference(), of.policy(), divergences);
        double sum = 0;
        for (std::size_t r = 0; r < of.rows; ++r) sum += of.weights[r] * divergences[r];
        return sum;
    };
    const auto check = [&](std::vector<double>& inputs, const std::vector<double>& gradient) {
        for (std::size_t i = 0; i < inputs.size(); i += 1 + inputs.size() / 20) {
            const double centre = inputs[i], step = 1e-5;
            inputs[i] = centre + step;
            const double up = value();
            inputs[i] = centre - step;
            const double down = value();
            inputs[i] = centre;
            CHECK(gradient[i] == doctest::Approx((up - down) / (2 * step)).epsilon(1e-6));
        }
    };
    check(of.hidden, of.d_hidden);
    check(of.head, of.d_head);
    check(of.bias, of.d_bias);
}

TEST_CASE("a policy that is its reference diverges by nothing, without a gradient") {
    divergence_problem of(30, 700);
    const linear_model<double> model = of.policy();
    linear_kl_from_reference<cpu_backend>(model, model, of.divergences, of.weights,
                                          {{of.d_hidden.data(), 30, 4}, {of.d_head.data(), 700, 4}});
    CHECK(of.divergences == std::vector<double>(30));
    CHECK(std::ranges::all_of(of.d_hidden, [](double g) { return g == 0; }));
    CHECK(std::ranges::all_of(of.d_head, [](double g) { return g == 0; }));
}

#if defined(_OPENMP)
TEST_CASE("any number of threads gives the same bits") {
    divergence_problem alone(60, 3000), together(60, 3000);
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    alone.run();
    omp_set_num_threads(5);
    together.run();
    omp_set_num_threads(before);
    CHECK(alone.divergences == together.divergences);
    CHECK(alone.d_hidden == together.d_hidden);
    CHECK(alone.d_head == together.d_head);
}
#endif

TEST_CASE("bad input is named") {
    divergence_problem of(5, 20);
    SUBCASE("vocabularies that differ") {
        linear_model<double> reference = of.reference();
        reference.head.rows = 19;
        CHECK_THROWS_WITH_AS(linear_kl_from_reference<cpu_backend>(reference, of.policy(), of.divergences),
                             "the reference has 5 rows and a vocabulary of 19, the policy 5 and 20", argument_error);
    }
    SUBCASE("a hidden state of the reference") {
        of.reference_hidden[3 * 3 + 1] = std::nan("");
        CHECK_THROWS_WITH_AS(of.run(), "row 3: feature 1 of the hidden state is nan, a finite number was expected",
                             numeric_error);
    }
    SUBCASE("a weight") {
        of.weights[4] = std::nan("");
        CHECK_THROWS_WITH_AS(of.run(), "row 4: weight is nan, a finite number was expected", numeric_error);
    }
    SUBCASE("a gradient of another shape") {
        CHECK_THROWS_WITH_AS(linear_kl_from_reference<cpu_backend>(of.reference(), of.policy(), of.divergences,
                                                                   of.weights, {.hidden = {of.d_hidden.data(), 4, 5}}),
                             "the gradient of hidden is 4 x 5, expected 5 x 4", argument_error);
    }
}
