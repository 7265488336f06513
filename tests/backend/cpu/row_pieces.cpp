#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include <preflearn/backend/cpu/row_pieces.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE_TEMPLATE("exponentials of a row and their sum are right, wherever the row lies in memory", T, float, double) {
    for (const std::size_t size : {1UL, 7UL, 64UL, 65UL, 200UL}) {
        generator random(1, "row", size);
        std::vector<T> row(size);
        for (T& value : row) value = static_cast<T>(5 * random.normal());
        std::vector<T> first;
        for (const std::size_t offset : {0UL, 1UL, 5UL}) {
            std::vector<T> memory(offset + size + 1, T(-3));
            std::copy(row.begin(), row.end(), memory.begin() + static_cast<std::ptrdiff_t>(offset));
            const auto [high, sum] = exponentials_of_row(memory.data() + offset, size);
            std::vector<T> found(memory.begin() + static_cast<std::ptrdiff_t>(offset), memory.end() - 1);
            double total = 0;
            for (std::size_t i = 0; i < size; ++i) {
                CHECK(static_cast<double>(found[i]) ==
                      doctest::Approx(std::exp(static_cast<double>(row[i] - high))).epsilon(1e-6));
                total += static_cast<double>(found[i]);
            }
            CHECK(static_cast<double>(sum) == doctest::Approx(total).epsilon(1e-6));
            CHECK(memory.back() == T(-3));
            found.push_back(sum);
            if (first.empty()) first = found;
            CHECK(std::memcmp(first.data(), found.data(), found.size() * sizeof(T)) == 0);
        }
    }
}
