#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <preflearn/backend/cpu/matrix.hpp>

using namespace preflearn;

TEST_CASE("a matrix is aligned to 64 bytes, copies its values and moves its memory") {
    cpu_matrix<float> a(3, 5);
    CHECK(reinterpret_cast<std::uintptr_t>(a.view().data) % 64 == 0);
    for (std::size_t i = 0; i < 15; ++i) a.view().data[i] = static_cast<float>(i);
    cpu_matrix<float> b = a;
    b.view()(2, 4) = -1;
    CHECK(a.view()(2, 4) == 14);
    CHECK(b.view()(1, 1) == 6);
    const float* const place = a.view().data;
    const cpu_matrix<float> c = std::move(a);
    CHECK(c.view().data == place);
    CHECK(c.view().rows == 3);
    const cpu_matrix<float> none;
    CHECK(cpu_matrix<float>(none).view().rows == 0);
    CHECK_THROWS_AS(cpu_matrix<float>(std::size_t{1} << 40, std::size_t{1} << 40), std::bad_alloc);
}
