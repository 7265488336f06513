/// \file
/// One product on the calling thread by oneDNN (github.com/oneapi-src/oneDNN): numbers in float by its sgemm, in
/// bfloat16 with sums in float by its matmul. Neither factor is transposed, so that oneDNN reads both as they lie; then
/// what it computes of a row does not depend on how many rows or columns stand beside it, as far as these fill its
/// kernel: on AVX-512 two rows do, on AVX2 twelve. What is left is filled up with rows that are forgotten again. How
/// many rows a kernel takes is tried on the machine, once.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>
#if __has_include(<omp.h>)
#include <omp.h>
#else // a compiler without it beside the library that oneDNN was built with
extern "C" int omp_get_max_threads(void);
extern "C" void omp_set_num_threads(int);
#endif

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

static_assert(DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP || DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_SEQ,
              "preflearn runs oneDNN on one thread a call, which it knows how to ask of a oneDNN that is built for "
              "OpenMP or without threads");

/// While this lives oneDNN runs on the calling thread alone: threads are the library's own (core/system/parallel.hpp).
class one_thread {
  public:
    one_thread() {
        if constexpr (DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP) {
            before_ = omp_get_max_threads();
            if (before_ != 1) omp_set_num_threads(1);
        }
    }
    one_thread(const one_thread&) = delete;
    one_thread& operator=(const one_thread&) = delete;
    ~one_thread() {
        if constexpr (DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP)
            if (before_ != 1) omp_set_num_threads(before_);
    }

  private:
    int before_ = 1;
};

inline dnnl_dim_t onednn_dim(std::size_t n) { return static_cast<dnnl_dim_t>(n); }

/// bfloat16 × bfloat16 → float of any shape and any distance between rows.
struct bfloat16_kernel {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    dnnl::matmul replace = made(false), add = made(true);

    static dnnl::memory::desc shape(std::size_t rows, std::size_t columns, std::size_t stride,
                                    dnnl::memory::data_type type) {
        return {{onednn_dim(rows), onednn_dim(columns)}, type, dnnl::memory::dims{onednn_dim(stride), 1}};
    }
    template <class T> [[nodiscard]] dnnl::memory memory(matrix_view<T> m) const {
        constexpr bool wide = std::same_as<std::remove_const_t<T>, float>;
        return {shape(m.rows, m.columns, m.stride, wide ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16),
                engine, const_cast<std::remove_const_t<T>*>(m.data)};
    }

  private:
    [[nodiscard]] dnnl::matmul made(bool adds) const {
        const dnnl::memory::dims any{DNNL_RUNTIME_DIM_VAL, DNNL_RUNTIME_DIM_VAL}, rows{DNNL_RUNTIME_DIM_VAL, 1};
        const dnnl::memory::desc factor(any, dnnl::memory::data_type::bf16, rows),
            result(any, dnnl::memory::data_type::f32, rows);
        dnnl::primitive_attr attributes;
        if (adds) {
            dnnl::post_ops sum;
            sum.append_sum(1);
            attributes.set_post_ops(sum);
        }
#if DNNL_VERSION_MAJOR >= 3
        return dnnl::matmul({engine, factor, factor, result, attributes});
#else
        return dnnl::matmul({dnnl::matmul::desc(factor, factor, result), attributes, engine});
#endif
    }
};

inline void multiply_by_onednn(matrix_view<const float> a, matrix_view<const float> b, matrix_view<float> c,
                               store mode) {
    const dnnl_status_t status = dnnl_sgemm('N', 'N', onednn_dim(c.rows), onednn_dim(c.columns), onednn_dim(a.columns),
                                            1, a.data, onednn_dim(a.stride), b.data, onednn_dim(b.stride),
                                            mode == store::add ? 1.0F : 0.0F, c.data, onednn_dim(c.stride));
    require(status == dnnl_success, "oneDNN's sgemm of ", c.rows, " x ", a.columns, " times ", a.columns, " x ",
            c.columns, " failed with status ", static_cast<int>(status));
}
inline void multiply_by_onednn(matrix_view<const bfloat16> a, matrix_view<const bfloat16> b, matrix_view<float> c,
                               store mode) {
    thread_local const bfloat16_kernel kernel; // a primitive may have working memory
    const dnnl::memory of_a = kernel.memory(a), of_b = kernel.memory(b), of_c = kernel.memory(c);
    (mode == store::add ? kernel.add : kernel.replace)
        .execute(kernel.stream, {{DNNL_ARG_SRC, of_a}, {DNNL_ARG_WEIGHTS, of_b}, {DNNL_ARG_DST, of_c}});
}

} // namespace detail

namespace detail {

/// c = a · b, or c += a · b, in steps of `grain` rows and of two at least; the last ones are filled up.
template <class Factor>
void multiply_grained(matrix_view<const Factor> a, matrix_view<const Factor> b, matrix_view<float> c, store mode,
                      std::size_t grain) {
    const one_thread here;
    const std::size_t left = c.rows == 1 ? 1 : c.rows % grain, whole = c.rows - left;
    if (whole != 0) multiply_by_onednn(a.row_block(0, whole), b, c.row_block(0, whole), mode);
    if (left == 0) return;
    const std::size_t rows = std::max<std::size_t>(grain, 2);
    cpu_matrix<Factor> factors(rows, a.columns);
    cpu_matrix<float> sums(rows, c.columns);
    for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t from = whole + std::min(r, left - 1);
        std::copy_n(a.row(from), a.columns, factors.view().row(r));
        if (mode == store::add) std::copy_n(c.row(from), c.columns, sums.view().row(r));
    }
    multiply_by_onednn(std::as_const(factors).view(), b, sums.view(), mode);
    for (std::size_t r = 0; r < left; ++r) std::copy_n(sums.view().row(r), c.columns, c.row(whole + r));
}

/// Whether rows of a product have the same bits alone and beside others, and its columns, too, as far as some shapes
/// show.
template <class Factor> bool rows_agree(std::size_t grain) {
    struct shape {
        std::size_t columns, inner;
    };
    constexpr std::array<std::size_t, 16> heights{1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33, 48, 64, 97, 126, 132};
    for (const auto [columns, inner] : {shape{192, 576}, shape{80, 1600}, shape{33, 301}, shape{512, 64}}) {
        const auto filled = [](std::size_t rows, std::size_t width, std::uint32_t seed) {
            cpu_matrix<Factor> m(rows, width);
            for (std::size_t i = 0; i < rows * width; ++i) {
                seed = seed * 1664525U + 1013904223U;
                m.view().data[i] = Factor(static_cast<float>(seed >> 8) * 0x1p-23F - 1);
            }
            return m;
        };
        cpu_matrix<Factor> a = filled(heights.back(), inner, 1);
        const cpu_matrix<Factor> b = filled(inner, columns, 2);
        cpu_matrix<float> c(heights.back(), columns), first(1, columns);
        const auto same = [&](std::size_t row, std::size_t from, std::size_t count) {
            return std::memcmp(c.view().row(row) + from, first.view().data + from, count * sizeof(float)) == 0;
        };
        for (const std::size_t rows : heights) {
            const std::vector<Factor> kept(a.view().row(rows - 1), a.view().row(rows - 1) + inner);
            std::copy_n(a.view().row(0), inner, a.view().row(rows - 1)); // the first row is the last one, too
            for (const std::size_t from : {std::size_t{0}, columns / 3 / 16 * 16}) {
                const std::size_t count = columns - 2 * from;
                multiply_grained(std::as_const(a).view().row_block(0, rows), b.view().column_block(from, count),
                                 c.view().row_block(0, rows).column_block(from, count), store::replace, grain);
                if (rows == 1 && from == 0) std::copy_n(c.view().data, columns, first.view().data);
                if (!same(0, from, count) || !same(rows - 1, from, count)) return false;
            }
            std::copy(kept.begin(), kept.end(), a.view().row(rows - 1));
        }
    }
    return true;
}

/// Rows that fill the kernel of this machine; 0: rows do not agree, or there are no instructions for these numbers.
template <class Factor> std::size_t row_grain() {
    static const std::size_t found = [] {
        constexpr auto wanted = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);
        const auto has = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
        if (!std::same_as<Factor, float> && (has & wanted) != wanted) return std::size_t{0};
        for (const std::size_t grain : {1U, 12U})
            if (rows_agree<Factor>(grain)) return std::size_t{grain};
        return std::size_t{0};
    }();
    return found;
}

} // namespace detail

/// Whether products in these numbers are oneDNN's on this machine: it has instructions for them, and a row of a product
/// has the same bits whatever the rows beside it.
template <class Factor> bool multiplies_by_onednn() { return detail::row_grain<Factor>() != 0; }

/// c = a · b, or c += a · b, on the calling thread and without checks, for use inside parallel tasks. Only where
/// multiplies_by_onednn.
template <class Factor>
void multiply_serial_onednn(matrix_view<const Factor> a, matrix_view<const Factor> b, matrix_view<float> c,
                            store mode) {
    if (c.rows == 0 || c.columns == 0) return;
    if (a.columns != 0) return detail::multiply_grained(a, b, c, mode, detail::row_grain<Factor>());
    for (std::size_t r = 0; r < c.rows && mode == store::replace; ++r) std::fill_n(c.row(r), c.columns, 0.0F);
}

} // namespace preflearn
