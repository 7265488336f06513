#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/products/stored_product.hpp>

#include "../parts.hpp"
#include "stored_blocks.hpp"

using namespace preflearn;

namespace {

/// a · Wᵀ of the matrix as it is stored, and of its numbers, both added to or replacing the same c.
template <class T> struct both_products {
    std::vector<T> stored, plain;

    both_products(const stored_matrix& w, std::size_t rows, store mode) {
        std::vector<T> numbers(w.rows * w.columns), a;
        for (const double x : test::normals(rows * w.columns, 1)) a.push_back(static_cast<T>(x));
        for (const double x : test::normals(rows * w.rows, 2)) plain.push_back(static_cast<T>(x));
        stored = plain;
        read_rows(w, 0, matrix_view<T>(numbers.data(), w.rows, w.columns));
        multiply_serial<T>(transpose::no, {a.data(), rows, w.columns}, transpose::yes,
                           {numbers.data(), w.rows, w.columns}, {plain.data(), rows, w.rows}, mode);
        detail::multiply_stored<T>({a.data(), rows, w.columns}, {&w, 1}, {stored.data(), rows, w.rows}, mode);
    }
    [[nodiscard]] bool same() const { return std::memcmp(stored.data(), plain.data(), sizeof(T) * plain.size()) == 0; }
};

} // namespace

TEST_CASE("of every stored type a product has the bits of its numbers, for one row, a few and many") {
    for (const element_type type : test::stored_types()) {
        CAPTURE(std::string(name_of(type)));
        for (const std::size_t outputs : {64U, 37U, 5U}) { // whole vectors of rows, and what they leave
            const stored_matrix w = test::random_stored(type, outputs, 512);
            for (const std::size_t rows : {1U, 2U, 5U, 13U}) {
                CHECK(both_products<float>(w, rows, store::replace).same());
                CHECK(both_products<float>(w, rows, store::add).same());
            }
        }
        CHECK(both_products<double>(test::random_stored(type, 37, 256), 3, store::replace).same());
    }
}

TEST_CASE("rows that end within a piece") {
    for (const element_type type : {element_type::f32, element_type::f16, element_type::bf16, element_type::f64}) {
        CAPTURE(std::string(name_of(type)));
        for (const std::size_t columns : {1U, 15U, 33U, 300U}) // the last: two packed pieces
            for (const std::size_t rows : {1U, 4U})
                CHECK(both_products<float>(test::random_stored(type, 33, columns), rows, store::replace).same());
    }
    CHECK(both_products<float>(test::random_stored(element_type::q8_0, 33, 288), 1, store::add).same());
    CHECK(both_products<float>(test::random_stored(element_type::q4_1, 33, 288), 4, store::add).same());
}

TEST_CASE("rows that are interleaved by heads, as in a GGUF file") {
    for (const std::size_t head : {8U, 64U}) {
        stored_matrix w = test::random_stored(element_type::q4_0, 128, 64);
        w.interleaved = head;
        for (const std::size_t rows : {1U, 6U}) CHECK(both_products<float>(w, rows, store::replace).same());
    }
}

TEST_CASE("a row has the same bits alone and among any neighbours") {
    for (const element_type type : {element_type::f32, element_type::bf16, element_type::q4_1, element_type::q6_k}) {
        const stored_matrix w = test::random_stored(type, 70, 256);
        const std::vector<float> alone = both_products<float>(w, 1, store::replace).stored;
        for (const std::size_t rows : {2U, 12U, 13U, 40U}) {
            const std::vector<float> among = both_products<float>(w, rows, store::replace).stored;
            CHECK(std::memcmp(alone.data(), among.data(), sizeof(float) * alone.size()) == 0);
        }
    }
}

TEST_CASE("halves that are no ordinary numbers are what they say") {
    const std::array<std::uint16_t, 8> bits{0x0001, 0x83ff, 0x7bff, 0x8000, 0x0400, 0x3c01, 0xfbff, 0x0000};
    const auto bytes = std::make_shared<std::vector<std::byte>>(bits.size() * 2 * 33);
    for (std::size_t i = 0; i < bytes->size(); i += 16) std::memcpy(bytes->data() + i, bits.data(), 16);
    const stored_matrix w{.type = element_type::f16, .rows = 33, .columns = 8, .bytes = *bytes, .owner = bytes};
    CHECK(both_products<float>(w, 1, store::replace).same());
    stored_matrix wide = w;
    wide.rows = 8; // 33 numbers a row
    wide.columns = 33;
    CHECK(both_products<float>(wide, 1, store::replace).same());
    CHECK(both_products<float>(wide, 3, store::replace).same());

    const float infinity = std::numeric_limits<float>::infinity();
    const stored_matrix special = stored_numbers(std::vector<float>(16 * 20, infinity), 20, 16);
    std::vector<float> a(16, 1.0F), c(20);
    detail::multiply_stored<float>({a.data(), 1, 16}, {&special, 1}, {c.data(), 1, 20}, store::replace);
    CHECK(c[19] == infinity);
}
