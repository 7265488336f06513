#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <preflearn/backend/cuda/attention_tiles.hpp>
#include <preflearn/core/system/error.hpp>

using namespace preflearn;
using namespace preflearn::cuda;

TEST_CASE("attention_tiles: every query stands in one tile, longest first") {
    const std::vector<row_segment> segments{{0, 5, 0, 0, 0}, {5, 0, 5, 0, 5}, {5, 9, 5, 0, 5}, {14, 1, 0, 0, 0}};
    for (const std::size_t queries : {1U, 2U, 4U, 64U}) {
        const attention_tiles made({.segments = segments}, queries);
        std::vector<int> met(15);
        std::size_t keys = std::numeric_limits<std::size_t>::max();
        for (const attention_tile& tile : made.tiles) {
            CHECK(tile.count >= 1);
            CHECK(tile.count <= queries);
            CHECK(tile.position + tile.count <= keys);
            keys = tile.position + tile.count;
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                const std::uint32_t row = tile.row + i;
                ++met[row];
                const row_segment& of = segments[row < 5 ? 0 : row < 14 ? 2 : 3];
                CHECK(tile.position + i == of.prefix_length + row - of.row);
                CHECK(tile.prefix_count == of.prefix_length);
                CHECK(tile.own_row == of.row);
            }
        }
        CHECK(met == std::vector<int>(15, 1));
        CHECK(made.most_keys(0) == 14);
        CHECK(made.most_keys(3) == std::min<std::size_t>(14, 3 + std::min<std::size_t>(queries, 9) - 1));
    }
}

TEST_CASE("attention_tiles: in a cache a segment's keys follow its prefix") {
    const std::vector<row_segment> segments{
        {.row = 0, .length = 1, .position = 7, .prefix_row = 20, .prefix_length = 7},
        {.row = 1, .length = 3, .position = 0, .prefix_row = 40}};
    const attention_tiles made({.segments = segments, .keys = own_keys::after_prefix}, 2);
    REQUIRE(made.tiles.size() == 3);
    CHECK(made.tiles[0].own_row == 27);
    CHECK(made.tiles[0].position == 7);
    CHECK(made.tiles[1].row == 3);
    CHECK(made.tiles[1].own_row == 40);
    CHECK(made.tiles[1].position == 2);
    CHECK(attention_tiles({}, 4).tiles.empty());
    CHECK(attention_tiles({}, 4).most_keys(0) == 0);
}

TEST_CASE("attention_tiles: what cannot be is refused") {
    const std::vector<row_segment> far{{.row = 0, .length = 1, .prefix_row = std::size_t{1} << 32, .prefix_length = 4}};
    CHECK_THROWS_AS(attention_tiles({.segments = far}, 4), argument_error);
    CHECK_THROWS_AS(attention_tiles({}, 0), argument_error);
    CHECK_THROWS_AS(launch_of({.heads = 3, .key_value_heads = 2, .dim = 4}), argument_error);
    CHECK(launch_of({.heads = 4, .key_value_heads = 2, .dim = 16}).scale == 0.25F);
}

TEST_CASE("share_keys: where tiles are few and keys are many") {
    const attention_launch shape{.heads = 8, .key_value_heads = 2, .dim = 64};
    const auto decoding = [](std::size_t sequences, std::size_t length) {
        std::vector<row_segment> segments;
        for (std::size_t s = 0; s < sequences; ++s)
            segments.push_back({.row = s, .length = 1, .prefix_row = s * (length + 1), .prefix_length = length});
        return attention_tiles({.segments = segments, .keys = own_keys::after_prefix}, 16);
    };
    CHECK(share_keys(decoding(1, 200), shape, 132).count == 1);
    CHECK(share_keys(decoding(300, 4000), shape, 132).count == 1);
    CHECK(share_keys(decoding(0, 0), shape, 132).count == 1);
    for (const std::size_t length : {300U, 1000U, 4095U, 100000U}) {
        const attention_parts parts = share_keys(decoding(1, length), shape, 132);
        CHECK(parts.count > 1);
        CHECK(parts.count <= 132);
        CHECK(parts.keys % 64 == 0);
        CHECK(std::size_t{parts.count} * parts.keys > length);
        CHECK(std::size_t{parts.count - 1} * parts.keys <= length);
        CHECK(partial_floats(parts, shape, 1) == std::size_t{parts.count} * 8 * 65);
    }
    attention_launch windowed = shape;
    windowed.window = 256;
    CHECK(share_keys(decoding(1, 4000), windowed, 132).count == 1);
    CHECK(partial_floats({}, shape, 7) == 0);
}
