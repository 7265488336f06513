#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/backend/cpu/row_dropout.hpp>

using namespace preflearn;

namespace {

std::vector<double> dropped(const row_dropout& dropout, std::size_t row, std::size_t begin, std::size_t count) {
    const std::vector<double> ones(count, 1.0);
    std::vector<double> found(count);
    drop_entries(ones.data(), begin, count, dropout, row, found.data());
    return found;
}

} // namespace

TEST_CASE("entries are left out by key, stream and column alone, as often as asked for, and keep their mean") {
    const std::vector<std::uint64_t> keys{7, 8, 7};
    const row_dropout dropout{.dropped = 16384, .keys = keys, .stream = 3};
    const std::size_t columns = 40'000;
    const std::vector<double> all = dropped(dropout, 0, 0, columns);
    double sum = 0;
    std::size_t kept = 0;
    for (const double value : all) {
        CHECK((value == 0 || value == 4.0 / 3));
        sum += value;
        kept += value != 0;
    }
    CHECK(static_cast<double>(kept) / columns == doctest::Approx(0.75).epsilon(0.02)); // 4 standard errors
    CHECK(sum / columns == doctest::Approx(1).epsilon(0.02));
    CHECK(dropped(dropout, 2, 0, columns) == all); // the same key
    CHECK(dropped(dropout, 1, 0, columns) != all);
    row_dropout other = dropout;
    other.stream = 4;
    CHECK(dropped(other, 0, 0, columns) != all);
    const std::vector<double> part = dropped(dropout, 0, 100, 57);
    CHECK(part == std::vector<double>(all.begin() + 100, all.begin() + 157));
    const std::vector<double> first = dropped(dropout, 1, 0, columns), second = dropped(other, 0, 0, columns);
    double both = 0; // kept in two rows, two products: independent
    for (std::size_t c = 0; c < columns; ++c) both += first[c] != 0 && second[c] != 0;
    CHECK(both / columns == doctest::Approx(0.5625).epsilon(0.03));
}

TEST_CASE("nothing is left out without keys or a share") {
    CHECK(!row_dropout{.dropped = 100}.active());
    const std::vector<std::uint64_t> keys{1};
    CHECK(!row_dropout{.keys = keys}.active());
}
