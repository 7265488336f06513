#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cuda/row_turns.hpp>

#include "../files.hpp"
#include "../parts.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

TEST_CASE("rows turn by their own positions, near and far, repeated and in any order") {
    const std::vector<double> frequencies{1, 0.01};
    const std::vector<std::uint32_t> positions{70000, 0, 3, 3, 69999};
    const auto given = test::normals(5 * 12, 1); // two heads of six, of which four turn
    device_matrix<float> rows(5, 12);
    upload_numbers<float>(std::vector<float>(given.begin(), given.end()), rows.rows());
    row_turns(frequencies, positions, 1.5).turn(rows.rows(), 2);
    std::vector<float> found(5 * 12);
    download_numbers<float>(rows.rows(), found);
    for (std::size_t r = 0; r < 5; ++r)
        for (std::size_t h = 0; h < 2; ++h) {
            const double* const x = &given[r * 12 + h * 6];
            const float* const y = &found[r * 12 + h * 6];
            for (std::size_t i = 0; i < 2; ++i) {
                const double angle = positions[r] * frequencies[i];
                CHECK(std::abs(y[i] - 1.5 * (x[i] * std::cos(angle) - x[2 + i] * std::sin(angle))) < 1e-5);
                CHECK(std::abs(y[2 + i] - 1.5 * (x[2 + i] * std::cos(angle) + x[i] * std::sin(angle))) < 1e-5);
            }
            CHECK(y[4] == static_cast<float>(x[4]));
        }
}

TEST_CASE("other rows than those of the batch are refused; nothing turns where there is nothing") {
    const row_turns turns(std::vector<double>{1, 0.1}, std::vector<std::uint32_t>{0, 1});
    device_matrix<float> rows(2, 6), others(3, 8);
    CHECK(test::error_of([&] { turns.turn(rows.rows(), 2); }) ==
          "rotate: 2 rows of 2 heads that turn in 4 entries do not fit 2 x 6");
    CHECK_THROWS_AS(turns.turn(others.rows(), 2), argument_error);
    row_turns(std::vector<double>{1}, {}).turn(device_rows<float>{nullptr, 0, 6, 6}, 1);
    row_turns({}, std::vector<std::uint32_t>{0, 1}).turn(rows.rows(), 2);
}
