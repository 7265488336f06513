#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/policy/decoder/chunks.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("chunks keep groups together, cut groups that are too large, and lose nothing") {
    const auto c = test::mixed();
    const std::vector<token_completion> all = c.views();
    for (const std::size_t most : {1U, 6U, 9U, 15U, 1000U}) {
        for (const transformer_config& config : {validated(test::grouped()), validated(test::stretched())}) {
            std::size_t next = 0;
            for (const completion_chunk& chunk : chunks_of(all, most, config)) {
                CHECK(chunk.begin == next);
                CHECK(chunk.end > chunk.begin);
                next = chunk.end;
                const std::span<const token_completion> members(all.data() + chunk.begin, chunk.end - chunk.begin);
                const packed_batch batch(members, config, row_purpose::last_hidden);
                CHECK(batch.rows() <= chunk.rows);
                if (most >= 9) CHECK(chunk.rows <= most);
            }
            CHECK(next == all.size());
        }
    }
    CHECK(chunks_of(all, 11).size() == 4); // 8 + 3, 2, 11 and 6 rows
    CHECK(chunks_of(all, 13).size() == 3);
    CHECK(chunks_of({}, 5).empty());
}
