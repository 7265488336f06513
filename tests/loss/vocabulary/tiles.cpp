#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <preflearn/loss/vocabulary/tiles.hpp>

using namespace preflearn;

TEST_CASE("tiles cover every row and token once, in order, in any number of groups") {
    for (const std::size_t rows : {0UL, 1UL, 17UL, 512UL, 513UL, 2000UL})
        for (const std::size_t vocabulary : {1UL, 511UL, 512UL, 513UL, 50272UL}) {
            const vocabulary_tiles tiles(rows, 512, vocabulary);
            std::size_t covered = 0;
            for (std::size_t p = 0; p < tiles.panels(); ++p) {
                CHECK(tiles.panel(p).first == covered);
                CHECK(tiles.panel(p).count <= 512);
                covered += tiles.panel(p).count;
            }
            CHECK(covered == rows);
            for (const std::size_t groups : {std::size_t{1}, tiles.groups(), tiles.tiles()}) {
                std::size_t next = 0;
                for (std::size_t g = 0; g < groups; ++g)
                    tiles.for_tiles(g, groups, [&](std::size_t token, std::size_t count) {
                        CHECK(token == next);
                        CHECK(count > 0);
                        next += count;
                    });
                CHECK(next == vocabulary);
            }
        }
}

TEST_CASE("the number of groups follows the memory, within bounds") {
    const vocabulary_tiles tiles(256, 256, 50272);
    CHECK(tiles.groups() == 16);
    CHECK(tiles.groups(8 << 20, 256 * 768 * 4) == 8);
    CHECK(tiles.groups(8 << 20, 1 << 30) == 4);
    CHECK(tiles.groups(8 << 20, 0) == 16);
    CHECK(vocabulary_tiles(10, 512, 500).groups(8 << 20, 100) == 1);
}

TEST_CASE("parts that lie one below the other are added") {
    const std::vector<double> parts{1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400};
    std::vector<double> sum{0.5, 0, 0, -1};
    add_parts<double>({parts.data(), 6, 2}, {sum.data(), 2, 2});
    CHECK(sum == std::vector<double>{111.5, 222, 333, 443});
}
