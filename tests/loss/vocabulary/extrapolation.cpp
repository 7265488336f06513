#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/vocabulary/extrapolation.hpp>

using namespace preflearn;

namespace {

std::vector<double> extrapolation_normals(std::size_t count, std::uint64_t stream) {
    generator random(8, "extrapolation", stream);
    std::vector<double> values(count);
    for (double& value : values) value = random.normal();
    return values;
}

/// log Σ_v p_v^{1+λ} p⁰_v^{−λ} of the softmaxes of these logits, as it is written.
double naive_extrapolation(std::span<const double> z0, std::span<const double> z, double lambda) {
    long double sum0 = 0, sum = 0, found = 0;
    for (const double x : z0) sum0 += std::exp(static_cast<long double>(x));
    for (const double x : z) sum += std::exp(static_cast<long double>(x));
    for (std::size_t v = 0; v < z.size(); ++v)
        found += std::pow(std::exp(static_cast<long double>(z[v])) / sum, 1 + static_cast<long double>(lambda)) *
                 std::pow(std::exp(static_cast<long double>(z0[v])) / sum0, -static_cast<long double>(lambda));
    return static_cast<double>(std::log(found));
}

} // namespace

TEST_CASE("tiles give the normaliser of the extrapolated softmax of every row") {
    for (const auto& [rows, vocabulary] : {std::pair{1UL, 3UL}, {3UL, 9000UL}, {40UL, 1300UL}}) {
        const std::vector<double> reference_hidden = extrapolation_normals(rows * 3, 1),
                                  reference_head = extrapolation_normals(vocabulary * 3, 2),
                                  hidden = extrapolation_normals(rows * 4, 3),
                                  head = extrapolation_normals(vocabulary * 4, 4);
        const linear_model<double> reference{{reference_hidden.data(), rows, 3},
                                             {reference_head.data(), vocabulary, 3}},
            policy{{hidden.data(), rows, 4}, {head.data(), vocabulary, 4}, {.soft_cap = 6}};
        const auto logits_of = [&](const linear_model<double>& model, std::size_t r) {
            std::vector<double> z(vocabulary);
            for (std::size_t v = 0; v < vocabulary; ++v)
                for (std::size_t k = 0; k < model.head.columns; ++k) z[v] += model.hidden(r, k) * model.head(v, k);
            model.transform.apply(std::span(z), 0);
            return z;
        };
        for (const double lambda : {0.0, 0.125, 0.5}) {
            std::vector<double> found(rows);
            linear_extrapolation<cpu_backend>(reference, policy, lambda, found);
            for (std::size_t r = 0; r < rows; ++r) {
                const std::vector<double> z0 = logits_of(reference, r), z = logits_of(policy, r);
                CHECK(std::abs(found[r] - naive_extrapolation(z0, z, lambda)) < 1e-11);
            }
        }
    }
}

TEST_CASE("of two equal models it is 0, and it is at least 0") {
    const std::vector<double> z = extrapolation_normals(500, 7), other = extrapolation_normals(500, 8);
    CHECK(extrapolation_of_logits(std::span<const double>(z), std::span<const double>(z), 0.5).value(0.5) < 1e-14);
    CHECK(extrapolation_of_logits(std::span<const double>(z), std::span<const double>(other), 0.5).value(0.5) > 0.1);
    CHECK(extrapolation_of_logits(std::span<const double>(z), std::span<const double>(other), 0.0).value(0) < 1e-14);
}

TEST_CASE("what the policy excludes counts nothing, what the reference alone excludes has no distribution") {
    constexpr double none = -std::numeric_limits<double>::infinity();
    const std::vector<double> z{1, 2, none}, z0{1, 1, none}, excluding{1, none, 1};
    const double expected = naive_extrapolation(std::vector<double>{1, 1}, std::vector<double>{1, 2}, 0.5);
    CHECK(extrapolation_of_logits(std::span<const double>(z0), std::span<const double>(z), 0.5).value(0.5) ==
          doctest::Approx(expected));
    CHECK_FALSE(
        extrapolation_of_logits(std::span<const double>(excluding), std::span<const double>(z), 0.5).is_sound());
}
