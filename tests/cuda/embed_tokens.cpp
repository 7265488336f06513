#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <vector>

#include <preflearn/backend/cuda/embed_tokens.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>

#include "../files.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

TEST_CASE("tokens are rows of the part in which they lie, wherever the parts lie") {
    const auto part = [](std::size_t rows, float first) {
        std::vector<float> numbers;
        for (std::size_t i = 0; i < rows * 5; ++i) numbers.push_back(first + static_cast<float>(i));
        return stored_numbers(numbers, rows, 5);
    };
    const std::array<stored_matrix, 3> parts{part(2, 0), part(1, 10), part(3, 15)}; // 0, 1, 2 … in all
    const std::vector<token_id> ids{5, 0, 2, 1, 2, 3};
    const auto joined = held_matrix<float>::below_each_other(parts);
    const std::vector<held_matrix<float>> apart{held_matrix<float>(parts[0]), held_matrix<float>(parts[1]),
                                                held_matrix<float>(parts[2])};
    for (const auto& table : {joined, apart}) {
        device_matrix<float> y(6, 5);
        embed_tokens<float>(ids, table, 2, y.rows());
        std::vector<float> found(30);
        download_numbers<float>(y.rows(), found);
        for (std::size_t r = 0; r < 6; ++r)
            for (std::size_t c = 0; c < 5; ++c)
                CHECK(found[r * 5 + c] == static_cast<float>(2 * (static_cast<std::size_t>(ids[r]) * 5 + c)));
        const std::vector<token_id> wrong{1, 6};
        CHECK(test::error_of([&] { embed_tokens<float>(wrong, table, 1, some_rows(y.rows(), 0, 2)); }) ==
              "embed: token 1 is 6, expected 0 to below 6");
    }
}
