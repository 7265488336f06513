#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/uncertainty/symmetric_system.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE("A symmetric system is solved whatever its pivots' order and scale") {
    for (const std::size_t n : {1U, 2U, 3U, 7U, 20U}) {
        CAPTURE(n);
        generator random(n, "symmetric system");
        std::vector<double> a(n * n), h(n * n), x(n), b(n);
        for (double& v : a) v = random.normal();
        for (double& v : x) v = random.normal();
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                const double scale = std::pow(10.0, static_cast<double>((i * 5 + 2) % 7 + (j * 5 + 2) % 7) - 6);
                for (std::size_t k = 0; k < n; ++k) h[j * n + i] += scale * a[k * n + i] * a[k * n + j];
                if (i == j) h[j * n + i] += scale;
                b[i] += h[j * n + i] * x[j];
            }
        }
        const symmetric_system system(n, h);
        CHECK(system.smallest_pivot() > 0);
        CHECK(system.smallest_pivot() <= system.largest_pivot());
        const std::vector<double> found = system.solve(b);
        for (std::size_t i = 0; i < n; ++i) CHECK(found[i] == doctest::Approx(x[i]).epsilon(1e-6));
    }
}

TEST_CASE("A singular system is known by its pivots, and an indefinite one by its signs") {
    const symmetric_system singular(2, {4, 2, 2, 1});
    CHECK(singular.smallest_pivot() == 0);
    CHECK(singular.solve({4, 2}) == std::vector<double>{1, 0});
    CHECK(symmetric_system(2, {0, 0, 0, 0}).solve({1, 1}) == std::vector<double>{0, 0});
    CHECK(symmetric_system(3, {2, 0, 0, 0, -3, 0, 0, 0, 1}).smallest_pivot() == -3);
}
