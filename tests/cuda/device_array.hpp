/// \file
/// Rows on the device with a gap behind each and an offset before the first, filled from doubles and read back as
/// doubles, gaps included; and how far a kernel's result may be from a reference in double.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/operations.hpp>

namespace test {

/// Where rows lie in an allocation, in elements: as packs of 16 bytes do, or not.
struct layout {
    std::size_t offset = 0, gap = 0;
};
/// Without gaps; with gaps that keep packs together; with some that do not; one element off.
inline constexpr std::array<layout, 4> layouts{{{0, 0}, {8, 16}, {0, 3}, {1, 0}}};

/// The double that is stored as E.
template <class E> double stored(double value) {
    return static_cast<double>(static_cast<float>(static_cast<E>(static_cast<float>(value))));
}
template <class E> std::vector<double> stored(std::vector<double> values) {
    for (double& value : values) value = stored<E>(value);
    return values;
}

/// Plain numbers on the device: ids, positions, statistics.
template <class T> class device_array {
  public:
    device_array() = default;
    explicit device_array(const std::vector<T>& values) : buffer_(values.size()) {
        if (!values.empty())
            preflearn::cuda::check(
                cudaMemcpy(buffer_.data(), values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice),
                "cudaMemcpy");
    }
    [[nodiscard]] T* data() const { return buffer_.data(); }
    [[nodiscard]] std::vector<T> values() const {
        std::vector<T> found(buffer_.size());
        if (!found.empty())
            preflearn::cuda::check(
                cudaMemcpy(found.data(), buffer_.data(), found.size() * sizeof(T), cudaMemcpyDeviceToHost),
                "cudaMemcpy");
        return found;
    }

  private:
    preflearn::cuda::device_buffer<T> buffer_;
};

/// Rows of E in a layout.
template <class E> class placed_rows {
  public:
    /// `values` are rows × columns; what is around them holds 77.
    placed_rows(std::span<const double> values, std::size_t rows, std::size_t columns, layout where = {})
        : rows_(rows), columns_(columns), where_(where) {
        std::vector<E> all(where.offset + rows * (columns + where.gap) + where.offset, static_cast<E>(77.0F));
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < columns; ++c)
                all[place(r, c)] = static_cast<E>(static_cast<float>(values[r * columns + c]));
        array_ = device_array<E>(all);
    }
    [[nodiscard]] preflearn::cuda::device_rows<E> view() const {
        return {array_.data() + where_.offset, rows_, columns_, columns_ + where_.gap};
    }
    [[nodiscard]] preflearn::cuda::device_rows<const E> seen() const { return view(); }
    /// rows × columns.
    [[nodiscard]] std::vector<double> values() const {
        const std::vector<E> all = array_.values();
        std::vector<double> found(rows_ * columns_);
        for (std::size_t r = 0; r < rows_; ++r)
            for (std::size_t c = 0; c < columns_; ++c)
                found[r * columns_ + c] = static_cast<double>(static_cast<float>(all[place(r, c)]));
        return found;
    }
    /// Whether what is around the rows is as it was.
    [[nodiscard]] bool gaps_stay() const {
        std::vector<E> all = array_.values();
        for (std::size_t r = 0; r < rows_; ++r)
            for (std::size_t c = 0; c < columns_; ++c) all[place(r, c)] = static_cast<E>(77.0F);
        return std::ranges::all_of(all, [](E value) { return static_cast<float>(value) == 77.0F; });
    }

  private:
    [[nodiscard]] std::size_t place(std::size_t row, std::size_t column) const {
        return where_.offset + row * (columns_ + where_.gap) + column;
    }

    std::size_t rows_, columns_;
    layout where_;
    device_array<E> array_;
};

/// The largest relative error of one rounding to E.
template <class E>
inline constexpr double rounding = std::is_same_v<E, float>
                                       ? 0x1p-24
                                       : (std::is_same_v<E, preflearn::bfloat16> ? 0x1p-8 : 0x1p-11);

/// The first place where `found` is more than one rounding to E and `slack` of the row's largest number away from what
/// is wanted (a NaN from what is none, an infinity from what is not it); the number of places: nowhere.
template <class E>
std::size_t first_difference(std::span<const double> found, std::span<const double> wanted, std::size_t columns,
                             double slack = 2e-5) {
    for (std::size_t begin = 0; begin < wanted.size(); begin += columns) {
        double largest = 0;
        for (std::size_t i = begin; i < begin + columns; ++i)
            if (std::isfinite(wanted[i])) largest = std::max(largest, std::abs(wanted[i]));
        for (std::size_t i = begin; i < begin + columns; ++i) {
            if (std::isnan(wanted[i]) && std::isnan(found[i])) continue;
            const double nearest = stored<E>(wanted[i]);
            if (found[i] == nearest) continue;
            if (!std::isfinite(nearest)) return i;
            const double smallest = std::is_same_v<E, preflearn::float16> ? 0x1p-25 : 0;
            // false for a NaN
            if (std::abs(found[i] - wanted[i]) <= rounding<E> * std::abs(wanted[i]) + slack * largest + smallest)
                continue;
            return i;
        }
    }
    return wanted.size();
}

} // namespace test
