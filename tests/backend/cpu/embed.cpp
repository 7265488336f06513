#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/embed.hpp>

using namespace preflearn;

TEST_CASE("tokens become scaled rows of a table, in memory or stored in parts, and positions are added") {
    const std::vector<double> table = {1, 2, 3, 4, 5, 6};
    const std::vector<token_id> ids = {2, 0, 2};
    const std::array<stored_matrix, 2> parts = {stored_numbers(std::vector<float>{1, 2}, 1, 2),
                                                stored_numbers(std::vector<double>{3, 4, 5, 6}, 2, 2)};
    for (const auto& weights : {weight_matrix<host_memory, double>{.trained = {table.data(), 3, 2}},
                                weight_matrix<host_memory, double>{.stored = parts}}) {
        CHECK(weights.rows() == 3);
        CHECK(weights.columns() == 2);
        std::vector<double> x(6);
        embed_rows<double>(ids, weights, 1, {x.data(), 3, 2});
        CHECK(x == std::vector<double>{5, 6, 1, 2, 5, 6});
        embed_rows<double>(ids, weights, 3, {x.data(), 3, 2});
        CHECK(x == std::vector<double>{15, 18, 3, 6, 15, 18});
        const std::vector<std::uint32_t> positions = {1, 0, 1};
        add_position_rows<double>(positions, {table.data(), 3, 2}, {x.data(), 3, 2});
        CHECK(x == std::vector<double>{18, 22, 4, 8, 18, 22});
    }
    std::vector<double> narrow(3);
    CHECK_THROWS_AS(embed_rows<double>(ids, {.trained = {table.data(), 3, 2}}, 1, {narrow.data(), 3, 1}),
                    argument_error);
}
