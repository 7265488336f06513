#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/backend/cuda/low_rank.hpp>

#include "../files.hpp"
#include "../parts.hpp"
#include "host_gemm.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

TEST_CASE("two thin products add what an adapter's parts say, each to its outputs") {
    const auto x = test::normals(3 * 5, 1), a = test::normals(3 * 5, 2), b1 = test::normals(4 * 2, 3),
               b2 = test::normals(2 * 1, 4), y = test::normals(3 * 7, 5);
    const auto on_device_as = [](const std::vector<double>& numbers, std::size_t rows, std::size_t columns) {
        device_matrix<float> made(rows, columns);
        upload_numbers<float>(std::vector<float>(numbers.begin(), numbers.end()), made.rows());
        return made;
    };
    const auto dx = on_device_as(x, 3, 5), da = on_device_as(a, 3, 5), db1 = on_device_as(b1, 4, 2),
               db2 = on_device_as(b2, 2, 1);
    auto dy = on_device_as(y, 3, 7);
    low_rank<float> adapter{da.rows(), {{0, db1.rows(), 0.5F}, {5, db2.rows(), 2}}};
    add_low_rank<test::host_gemm<>>(dx.rows(), adapter, dy.rows());
    std::vector<float> found(3 * 7);
    download_numbers<float>(dy.rows(), found);
    for (std::size_t r = 0; r < 3; ++r) {
        std::vector<double> t(3), expected(y.begin() + static_cast<std::ptrdiff_t>(r * 7),
                                           y.begin() + static_cast<std::ptrdiff_t>(r * 7 + 7));
        for (std::size_t k = 0; k < 3; ++k)
            for (std::size_t c = 0; c < 5; ++c) t[k] += x[r * 5 + c] * a[k * 5 + c];
        for (std::size_t o = 0; o < 4; ++o) expected[o] += 0.5 * (t[0] * b1[o * 2] + t[1] * b1[o * 2 + 1]);
        for (std::size_t o = 0; o < 2; ++o) expected[5 + o] += 2 * t[2] * b2[o];
        for (std::size_t c = 0; c < 7; ++c) CHECK(std::abs(found[r * 7 + c] - expected[c]) < 1e-5);
    }
    adapter.parts[1].first = 6;
    CHECK(test::contains(test::error_of([&] { add_low_rank<test::host_gemm<>>(dx.rows(), adapter, dy.rows()); }),
                         "2 outputs from 6 on and rank 1 does not fit 7 outputs and ranks of 3 together"));
}
