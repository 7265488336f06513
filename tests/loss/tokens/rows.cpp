#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/tokens/rows.hpp>

using namespace preflearn;

namespace {

/// The positions of a response's tokens with the numbers that their runs give them.
std::vector<std::array<std::size_t, 2>> tokens_of(const token_rows& rows, std::size_t row) {
    std::vector<std::array<std::size_t, 2>> found;
    rows.for_each_run(row, [&](std::size_t position, std::size_t number, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) found.push_back({position + i, number + i});
    });
    return found;
}

using places = std::vector<std::array<std::size_t, 2>>;

} // namespace

TEST_CASE("the three layouts say where the tokens are") {
    const std::vector<std::size_t> offsets{0, 3, 3, 5};
    const token_rows ragged{.offsets = offsets};
    CHECK(ragged.size() == 3);
    CHECK(ragged.positions() == 5);
    CHECK(ragged.tokens(1) == 0);
    CHECK(tokens_of(ragged, 0) == places{{0, 0}, {1, 1}, {2, 2}});
    CHECK(tokens_of(ragged, 1).empty());
    CHECK(tokens_of(ragged, 2) == places{{3, 0}, {4, 1}});

    const std::vector<std::uint32_t> lengths{3, 0, 2};
    const token_rows behind{.length = 4, .lengths = lengths};
    CHECK(behind.size() == 3);
    CHECK(behind.positions() == 12);
    CHECK(tokens_of(behind, 1).empty());
    CHECK(tokens_of(behind, 2) == places{{8, 0}, {9, 1}});

    const std::vector<std::uint8_t> mask{0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 255};
    const token_rows masked{.length = 4, .mask = mask};
    CHECK(masked.size() == 3);
    CHECK(masked.tokens(0) == 2);
    CHECK(tokens_of(masked, 0) == places{{1, 0}, {2, 1}});
    CHECK(masked.tokens(1) == 0);
    CHECK(tokens_of(masked, 1).empty());
    CHECK(tokens_of(masked, 2) == places{{8, 0}, {11, 1}});

    CHECK(token_rows{}.size() == 0);
    CHECK(token_rows{}.positions() == 0);
}

TEST_CASE("a token is found with its number, and the row's end stands for none") {
    const std::vector<std::uint8_t> mask{0, 1, 1, 0, 1, 1};
    const token_rows rows{.length = 6, .mask = mask};
    const auto found = rows.find(0, [](std::size_t at) { return at >= 3; });
    CHECK(found.position == 4);
    CHECK(found.number == 2);
    CHECK(rows.find(0, [](std::size_t) { return false; }).position == 6);
}

TEST_CASE("a layout that contradicts itself is refused") {
    const std::vector<std::size_t> down{0, 4, 3};
    const std::vector<std::uint8_t> mask(7, 1);
    const std::vector<std::uint32_t> lengths{2, 9};
    CHECK_THROWS_WITH_AS(check_rows({.offsets = down}, "chosen"), doctest::Contains("chosen: offset 2 is 3"),
                         argument_error);
    CHECK_THROWS_WITH_AS(check_rows({.length = 2, .mask = mask}, "chosen"), doctest::Contains("rows of length 2"),
                         argument_error);
    CHECK_THROWS_AS(check_rows({.mask = mask}, "chosen"), argument_error);
    CHECK_THROWS_WITH_AS(check_rows({.length = 4, .lengths = lengths}, "rejected"),
                         doctest::Contains("rejected: response 1 has 9 tokens"), argument_error);
    CHECK_THROWS_AS(check_rows({.length = 7, .mask = mask, .lengths = lengths}, "chosen"), argument_error);
    CHECK_THROWS_AS(check_rows({.offsets = down, .mask = mask}, "chosen"), argument_error);
}

TEST_CASE("sums over tokens are right, and their bits do not depend on how runs cut the tokens") {
    generator random(1, "sums");
    std::vector<double> values(1000);
    for (double& value : values) value = random.normal();
    for (const std::size_t n : {0U, 1U, 7U, 8U, 9U, 100U, 1000U}) {
        token_sums<2> whole, cut;
        long double exact = 0;
        for (std::size_t i = 0; i < n; ++i) exact += static_cast<long double>(values[i]);
        const auto add = [&](token_sums<2>& to, std::size_t first, std::size_t count) {
            to.add(count, [&](std::size_t i) { return std::array{values[first + i], 2 * values[first + i]}; });
        };
        add(whole, 0, n);
        for (std::size_t at = 0; at < n;) {
            const std::size_t count = std::min<std::size_t>(n - at, 1 + random.below(11));
            add(cut, at, count);
            at += count;
        }
        const auto [sum, twice] = whole.values();
        CHECK(sum == doctest::Approx(static_cast<double>(exact)).epsilon(1e-14));
        CHECK(twice == 2 * sum);
        CHECK(cut.values()[0] == sum);
    }
}
