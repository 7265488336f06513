#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/products/turned_blocks.hpp>

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
        const auto read = [&]<std::size_t Part, std::size_t... N>(std::integral_constant<std::size_t, Part>,
                                                                  std::index_sequence<N...>) {
            for (std::size_t word = 0; word < Turned::depth / Turned::parts / Turned::of_word; ++word)
                (found.push_back(turned.template value<Part, N>(word)), ...);
        };
        read(std::integral_constant<std::size_t, 0>{}, std::make_index_sequence<Turned::of_word>{});
        if constexpr (Turned::parts == 2)
            read(std::integral_constant<std::size_t, 1>{}, std::make_index_sequence<Turned::of_word>{});
        for (std::size_t l = 0; l < detail::float_lanes; ++l) {
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
    const auto check = []<class Turned>(element_type type, Turned) {
        CAPTURE(std::string(name_of(type)));
        const stored_matrix matrix = test::random_stored(type, 35, 512); // the last rows of a group repeat the last
        CHECK(Turned::block % Turned::depth == 0);
        CHECK(turns<Turned>(matrix, 0));
        CHECK(turns<Turned>(matrix, 30));
    };
    if constexpr (detail::turns_blocks) {
        check(element_type::f32, detail::turned_f32{});
        check(element_type::f16, detail::turned_halves<false>{});
        check(element_type::bf16, detail::turned_halves<true>{});
        check(element_type::q8_0, detail::turned_q8_0{});
        check(element_type::q4_0, detail::turned_q4_0{});
        check(element_type::q4_1, detail::turned_q4_1{});
        check(element_type::q5_0, detail::turned_q5_0{});
        check(element_type::q5_1, detail::turned_q5_1{});
        check(element_type::q4_k, detail::turned_q4_k{});
        check(element_type::q5_k, detail::turned_q5_k{});
        check(element_type::q6_k, detail::turned_q6_k{});
    }
}
