#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <vector>

#include <preflearn/backend/cpu/attention_block.hpp>

using namespace preflearn;

TEST_CASE("a block's queries see every key that they may see, in its order, and a block reads no other") {
    const row_segment segment{.row = 20, .length = 30, .position = 7, .prefix_row = 3, .prefix_length = 7};
    for (const own_keys place : {own_keys::beside_queries, own_keys::after_prefix}) {
        const std::size_t own = place == own_keys::beside_queries ? 20 : 10;
        for (const std::size_t window : {0U, 1U, 4U, 9U, 100U}) {
            for (const std::size_t first : {0U, 5U, 16U}) {
                const auto block = attention_block::of(segment, place, window, first, 3);
                CHECK(block.row == 20 + first);
                std::set<std::size_t> seen;
                for (std::size_t i = 0; i < 3; ++i) {
                    std::vector<std::size_t> rows; // of all keys before, then of the segment's own
                    for (std::size_t j = 0; j < 7; ++j) rows.push_back(3 + j);
                    for (std::size_t j = 0; j <= first + i; ++j) rows.push_back(own + j);
                    const std::size_t count = block.end_key(i) - block.first_key(i);
                    CHECK(count == (window == 0 ? rows.size() : std::min(rows.size(), window)));
                    for (std::size_t k = 0; k < count; ++k) {
                        const std::size_t key = block.first_key(i) + k;
                        const std::size_t row =
                            key < block.prefix ? block.prefix_row + key : block.own_row + key - block.prefix;
                        CHECK(row == rows[rows.size() - count + k]);
                        seen.insert(key);
                    }
                }
                CHECK(seen.size() == block.keys());
            }
        }
    }
}

TEST_CASE("a plan's segments are cut into blocks of at most so many queries, group by group") {
    const std::vector<row_segment> segments = {{0, 5, 0, 0, 0}, {5, 3, 5, 0, 5}, {8, 1, 0, 0, 0}};
    const std::vector<std::size_t> groups = {0, 2, 3};
    const attention_blocks cut({segments, groups}, 0, 2);
    CHECK(cut.blocks.size() == 3 + 2 + 1);
    CHECK(cut.starts == std::vector<std::size_t>{0, 5, 6});
    CHECK(cut.blocks[2].count == 1);
    CHECK(attention_blocks({.segments = segments}, 0, 100).blocks.size() == 3);
}
