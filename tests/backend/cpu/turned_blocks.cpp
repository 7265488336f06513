#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include <preflearn/backend/cpu/turned_blocks.hpp>

#include "stored_blocks.hpp"

using namespace preflearn;

namespace {

/// Whether the numbers of `lanes` rows from `first` on, turned, are those of the matrix.
template <class Turned> bool turns(const stored_matrix& matrix, std::size_t first) {
    const detail::lane_rows rows(matrix, first, matrix.row_bytes());
    std::vector<float> row(matrix.columns);
    for (std::size_t k = 0; k < matrix.columns; k += Turned::depth) {
        Turned turned;
        turned.load(rows, k / Turned::block * Turned::block_size, k % Turned::block / Turned::depth);
        std::vector<detail::lane_floats> found;
        for (std::size_t word = 0; word < Turned::depth / Turned::of_word; ++word)
            [&]<std::size_t... N>(std::index_sequence<N...>) { (found.push_back(turned.template value<N>(word)), ...); }
        (std::make_index_sequence<Turned::of_word>{});
        for (std::size_t l = 0; l < detail::lanes; ++l) {
            read_rows(matrix, std::min(first + l, matrix.rows - 1), matrix_view<float>(row.data(), 1, row.size()));
            for (std::size_t i = 0; i < Turned::depth; ++i)
                if (std::memcmp(&row[k + i], reinterpret_cast<const float*>(&found[i]) + l, sizeof(float)) != 0)
                    return false;
        }
    }
    return true;
}

} // namespace

TEST_CASE("blocks that are turned in registers give the bits of each row's own numbers") {
    std::size_t turned = 0;
    for (const element_type type : test::stored_types()) {
        CAPTURE(std::string(name_of(type)));
        const stored_matrix matrix = test::random_stored(type, 35, 512); // the last rows of a group repeat the last
        turned += detail::with_turned(type, [&]<class Turned>(Turned) {
            CHECK(Turned::block % Turned::depth == 0);
            CHECK(turns<Turned>(matrix, 0));
            CHECK(turns<Turned>(matrix, 30));
        });
    }
    CHECK(turned == (detail::turns_blocks ? 11 : 0));
}
