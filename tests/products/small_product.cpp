#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/products/small_product.hpp>

using namespace preflearn;

namespace {

/// rows × columns numbers, each row followed by `gap` others, but the last one: whoever reads behind it leaves the
/// vector.
template <class T> struct block {
    std::size_t rows, columns, stride;
    std::vector<T> values;

    block(std::size_t m, std::size_t n, std::size_t gap, std::uint64_t seed)
        : rows(m), columns(n), stride(n + gap), values(m == 0 ? 0 : (m - 1) * stride + n) {
        generator random(seed, "numbers");
        for (T& value : values) value = static_cast<T>(random.normal());
    }
    matrix_view<T> view() { return {values.data(), rows, columns, stride}; }
    matrix_view<const T> view() const { return {values.data(), rows, columns, stride}; }
};

template <class T>
bool is_chain(transpose op_a, transpose op_b, std::size_t m, std::size_t n, std::size_t k, store mode) {
    const block<T> a(op_a == transpose::no ? m : k, op_a == transpose::no ? k : m, 3, 1),
        b(op_b == transpose::no ? k : n, op_b == transpose::no ? n : k, 5, 2);
    block<T> found(m, n, 2, 3), expected(m, n, 2, 3); // what lies between rows stays
    for (std::size_t r = 0; r < m; ++r) {
        for (std::size_t c = 0; c < n; ++c) {
            T sum = mode == store::add ? expected.view()(r, c) : T(0);
            for (std::size_t i = 0; i < k; ++i)
                sum = Eigen::internal::pmadd(op_a == transpose::no ? a.view()(r, i) : a.view()(i, r),
                                             op_b == transpose::no ? b.view()(i, c) : b.view()(c, i), sum);
            expected.view()(r, c) = sum;
        }
    }
    detail::small_product<T>::run(op_a, a.view(), op_b, b.view(), found.view(), mode);
    return found.values == expected.values;
}

} // namespace

TEST_CASE_TEMPLATE("small products are chains of fused multiply-adds, and touch nothing else", T, float, double) {
    using small = detail::small_product<T>;
    for (const std::size_t m : {1UL, 3UL, 4UL, 5UL, 8UL, 13UL, 64UL})
        for (const std::size_t n : {1UL, 7UL, 8UL, 12UL, 16UL, 17UL, 31UL, small::columns})
            for (const std::size_t k : {1UL, 5UL, 16UL, 17UL, 64UL, small::inner + 3})
                for (const transpose op_a : {transpose::no, transpose::yes})
                    for (const transpose op_b : {transpose::no, transpose::yes})
                        for (const store mode : {store::replace, store::add}) {
                            if (n > small::columns) continue;
                            CAPTURE(m);
                            CAPTURE(n);
                            CAPTURE(k);
                            CHECK(is_chain<T>(op_a, op_b, m, n, k, mode));
                        }
}
