#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/backend/cpu/normalise.hpp>

#include "../../policy/parts.hpp"

using namespace preflearn;

TEST_CASE("a normalised row has unit root mean square times the weight, whatever its scale") {
    for (const double scale : {1e-3, 1.0, 1e6}) {
        std::vector<double> x = test::normals(70, 1, scale), y(70), weight(70, 2.0), inverse(1);
        rms_norm<>::forward<double>({x.data(), 1, 70}, weight.data(), 1e-12, {y.data(), 1, 70}, inverse.data());
        CHECK(test::dot(y, y) / 70 == doctest::Approx(4).epsilon(1e-5));
        CHECK(y[3] == doctest::Approx(2 * x[3] * inverse[0]));
    }
}

TEST_CASE("a row of zeros stays zero and has a finite gradient") {
    std::vector<double> x(4), y(4, 1.0), weight(4, 1.0), inverse(1), dy(4, 1.0), dx(4), dw(4);
    rms_norm<>::forward<double>({x.data(), 1, 4}, weight.data(), 1e-5, {y.data(), 1, 4}, inverse.data());
    rms_norm<>::backward<double>({x.data(), 1, 4}, weight.data(), inverse.data(), {dy.data(), 1, 4}, {dx.data(), 1, 4},
                                 dw.data());
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(y[i] == 0);
        CHECK(dx[i] == doctest::Approx(1 / std::sqrt(1e-5)));
    }
}

TEST_CASE_TEMPLATE("gradients are finite differences and are added to what is there", norm, rms_norm<>, rms_norm<1>) {
    const std::size_t rows = 5, columns = 67;
    std::vector<double> x = test::normals(rows * columns, 1), weight = test::normals(columns, 2), y(x.size()),
                        inverse(rows), dy = test::normals(x.size(), 3), dx(x.size(), 1.0), dw(columns, 2.0);
    const auto value = [&] {
        norm::template forward<double>({x.data(), rows, columns}, weight.data(), 1e-5, {y.data(), rows, columns},
                                       inverse.data());
        return test::dot(y, dy);
    };
    value();
    norm::template backward<double>({x.data(), rows, columns}, weight.data(), inverse.data(),
                                    {dy.data(), rows, columns}, {dx.data(), rows, columns}, dw.data());
    for (double& d : dx) d -= 1;
    for (double& d : dw) d -= 2;
    CHECK(test::gradient_error(x, dx, value) < 1e-8);
    CHECK(test::gradient_error(weight, dw, value) < 1e-8);
}
