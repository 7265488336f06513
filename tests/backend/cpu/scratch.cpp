#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cpu/scratch.hpp>
#include <preflearn/core/system/parallel.hpp>

using namespace preflearn;

TEST_CASE("tasks that run at once never share a piece, and every piece is aligned alike") {
    constexpr std::size_t size = 67;
    scratch_pool<float> pool(size);
    std::vector<char> undisturbed(500), aligned(500);
    parallel_for(undisturbed.size(), [&](std::size_t task) {
        const auto piece = pool.borrow();
        aligned[task] = reinterpret_cast<std::uintptr_t>(piece.data()) % 64 == 0;
        std::fill_n(piece.data(), size, static_cast<float>(task));
        float sum = 0;
        for (int work = 0; work < 50; ++work) sum += *std::min_element(piece.data(), piece.data() + size);
        undisturbed[task] = sum == 50 * static_cast<float>(task) && piece.data()[size - 1] == static_cast<float>(task);
    });
    CHECK(std::ranges::count(undisturbed, 0) == 0);
    CHECK(std::ranges::count(aligned, 0) == 0);
}

TEST_CASE("a piece that was given back is lent again") {
    scratch_pool<double> pool(1);
    for (std::size_t i = 0; i < 10 * thread_count(); ++i) *pool.borrow().data() = 1; // would not end if none came back
    double* first = pool.borrow().data();
    CHECK(pool.borrow().data() == first);
}
