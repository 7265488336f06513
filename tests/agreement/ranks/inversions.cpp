#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ranks/inversions.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

detail::sequence_order order_of_sequence(const std::vector<double>& values) {
    const detail::grid_place place = detail::place_of(values);
    std::vector<std::uint64_t> records, other(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) records.push_back(detail::record_of(place(values[i]), i));
    return detail::count_order(values, records, other);
}

} // namespace

TEST_CASE("inversions and equal pairs of a sequence are those of the definition") {
    generator random(8, "inversions");
    for (const std::size_t size : std::vector<std::size_t>{0, 1, 2, 63, 64, 65, 224, 256, 257, 3000, 32'769}) {
        for (const double steps : {1.0, 3.0, 1e3, 1e15}) {
            std::vector<double> values(size);
            for (double& x : values) x = std::exp(std::round(steps * random.normal()) / steps);
            std::uint64_t inversions = 0, equal = 0; // of values before in their order: those above and beside
            std::vector<double> before;
            before.reserve(size);
            for (const double x : values) {
                const auto [low, high] = std::equal_range(before.begin(), before.end(), x);
                inversions += static_cast<std::uint64_t>(before.end() - high);
                equal += static_cast<std::uint64_t>(high - low);
                before.insert(high, x);
            }
            CAPTURE(size);
            CAPTURE(steps);
            const detail::sequence_order found = order_of_sequence(values);
            CHECK(found.inversions == inversions);
            CHECK(found.equal == equal);
            CHECK(found.ties.pairs == 2 * static_cast<double>(equal)); // Σ t(t - 1)
        }
    }
}
