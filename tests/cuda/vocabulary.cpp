#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/backend/cuda/vocabulary.hpp>

#include "../parts.hpp"
#include "host_gemm.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

TEST_CASE("tiles of products take no more than they may, cover all, and are about equal") {
    for (const std::size_t rows : {1U, 7U, 1024U, 1025U, 5000U})
        for (const std::size_t vocabulary : {1U, 63U, 517U, 50257U, 262144U})
            for (const std::size_t bytes : {1U, 4096U, 1U << 20U, 25U << 20U}) {
                const product_tiles tiles = product_tiles::of(rows, vocabulary, bytes);
                CHECK(tiles.height >= 1);
                CHECK(tiles.height <= std::min<std::size_t>(rows, 1024));
                CHECK(tiles.width >= 1);
                CHECK(tiles.width <= vocabulary);
                CHECK((tiles.width % 64 == 0 || tiles.width == vocabulary));
                if (bytes >= 256) CHECK(tiles.height * tiles.width * sizeof(float) <= bytes);
                const std::size_t high = (rows + tiles.height - 1) / tiles.height;
                CHECK(high * tiles.height < rows + high); // none is much smaller than the others
            }
    CHECK(product_tiles::of(0, 100, 4096).height == 0);
}

TEST_CASE("log-probs are the same in any tiles") {
    const auto hidden_numbers = test::normals(37 * 12, 1), head_numbers = test::normals(300 * 12, 2);
    device_matrix<float> hidden(37, 12), head(300, 12);
    upload_numbers<float>(std::vector<float>(hidden_numbers.begin(), hidden_numbers.end()), hidden.rows());
    upload_numbers<float>(std::vector<float>(head_numbers.begin(), head_numbers.end()), head.rows());
    std::vector<token_id> targets(37);
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = static_cast<token_id>(i * 8);
    std::vector<double> whole(37), in_tiles(37);
    using gemm = test::host_gemm<>;
    const auto score = [&](std::vector<double>& scores, std::size_t bytes) {
        score_vocabulary<gemm, float>(hidden.rows(), head.rows(), {}, targets, {}, {.log_probs = scores}, bytes);
    };
    score(whole, std::size_t{1} << 20);
    for (const std::size_t bytes : {1U, 2048U, 10000U}) {
        score(in_tiles, bytes);
        for (std::size_t i = 0; i < targets.size(); ++i) CHECK(in_tiles[i] == doctest::Approx(whole[i]).epsilon(1e-6));
    }
    std::vector<float> at_once(37 * 300), by_row(37 * 300);
    show_logits<gemm, float>(hidden.rows(), head.rows(), at_once, std::size_t{1} << 20);
    show_logits<gemm, float>(hidden.rows(), head.rows(), by_row, 1);
    CHECK(at_once == by_row);
}
