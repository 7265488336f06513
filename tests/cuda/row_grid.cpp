#include <doctest/doctest.h>

#include <bit>
#include <cstddef>

#include <preflearn/backend/cuda/row_grid.hpp>

using namespace preflearn;

TEST_CASE("every piece of a row has a thread, no block is without rows, and no grid is higher than a device allows") {
    for (const std::size_t pieces : {1U, 2U, 3U, 9U, 31U, 32U, 33U, 72U, 256U, 257U, 288U, 1000U, 100000U})
        for (const std::size_t rows : {std::size_t{1}, std::size_t{5}, std::size_t{70}, std::size_t{1} << 30})
            for (const std::size_t rows_a_thread : {std::size_t{1}, cuda::rows_of_a_bias}) {
                const cuda::piece_grid grid(rows, pieces, rows_a_thread);
                const std::size_t across = grid.threads.x, down = grid.threads.y;
                CHECK(across * grid.blocks.x >= pieces);
                CHECK(across * (grid.blocks.x - 1) < pieces);
                CHECK(across * down <= 256);
                CHECK(across * down > 128); // threads enough
                CHECK(grid.blocks.y >= 1);
                CHECK(grid.blocks.y <= 65535);
                CHECK(down * rows_a_thread * (grid.blocks.y - 1) < rows);
                if (pieces < 16) CHECK(across < 2 * pieces); // few lanes idle
            }
}

TEST_CASE("a part of a norm has room in its team's registers, and a team has between one row and nine") {
    for (const unsigned width : {4U, 8U})
        for (const std::size_t size : {8U, 16U, 64U, 80U, 256U, 512U, 520U, 576U, 2048U, 2304U, 5120U, 8192U})
            for (const std::size_t rows : {1U, 3U, 40U, 1000U, 100000U})
                for (const std::size_t heads : {1U, 12U}) {
                    const cuda::norm_shape shape(rows, heads, size, width);
                    CHECK(std::size_t{shape.lanes} * cuda::norm_held >= size);
                    CHECK(shape.lanes <= cuda::norm_threads);
                    if (shape.lanes <= 32) { // a block of whole warps, in which teams do not straddle
                        CHECK(std::has_single_bit(shape.lanes));
                        CHECK(shape.lanes * shape.teams == 128);
                    } else {
                        CHECK(shape.lanes % 32 == 0);
                        CHECK(shape.teams == 1);
                    }
                    const std::size_t teams = std::size_t{shape.teams} * shape.blocks;
                    CHECK(teams - shape.teams < rows);
                    CHECK((rows + teams - 1) / teams <= 9);
                }
}
