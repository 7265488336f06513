/// \file
/// The trained numbers of a model and their gradients: two flat arrays of one length, which optimisers, clipping and
/// checkpoints see as spans. What stands on top of a model (a reward head) makes one block for both and gives the model
/// a part of it: each has parameters of its own, and whoever trains them sees one vector.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/concepts.hpp>

namespace preflearn {

/// Numbers first … first + size − 1 of two arrays. Parts share the arrays of the whole; copies share nothing, and
/// gradients, which are working memory, are not copied.
template <class T, class Backend> class trained_numbers {
  public:
    template <class U> using view = typename Backend::template view<U>;

    trained_numbers() = default;
    /// Zeros. \throws std::bad_alloc when there is not enough memory.
    explicit trained_numbers(std::size_t size) : arrays_(std::make_shared<arrays>(size)), size_(size) {
        Backend::fill(arrays_->values.view(), T(0));
    }
    trained_numbers(const trained_numbers& other) : arrays_(std::make_shared<arrays>(other.size_)), size_(other.size_) {
        Backend::copy(other.values(), values());
    }
    trained_numbers(trained_numbers&&) noexcept = default;
    trained_numbers& operator=(trained_numbers other) noexcept {
        arrays_ = std::move(other.arrays_);
        first_ = other.first_;
        size_ = other.size_;
        return *this;
    }
    ~trained_numbers() = default;

    /// `count` of these numbers from `begin` on, in the same memory.
    [[nodiscard]] trained_numbers part(std::size_t begin, std::size_t count) {
        return {arrays_, first_ + begin, count};
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    /// One row.
    [[nodiscard]] view<T> values() { return row_of(arrays_->values); }
    [[nodiscard]] view<const T> values() const { return row_of(std::as_const(arrays_->values)); }
    /// One row; allocated, as zeros, when first asked for.
    [[nodiscard]] view<T> gradients() {
        auto& all = arrays_->gradients;
        if (all.view().columns != arrays_->values.view().columns) {
            all = typename Backend::template array<T>(1, arrays_->values.view().columns);
            Backend::fill(all.view(), T(0));
        }
        return row_of(all);
    }

    /// Gives the memory of the gradients back, of the whole block where this is a part; views of them end.
    void release_gradients() { arrays_->gradients = {}; }

    /// The same as the host sees them.
    [[nodiscard]] std::span<T> host_values() { return on_host(values()); }
    [[nodiscard]] std::span<const T> host_values() const { return on_host(values()); }
    [[nodiscard]] std::span<T> host_gradients() { return on_host(gradients()); }

    /// A copy of `count` of them from `begin` on, wherever they lie.
    [[nodiscard]] std::vector<T> read(std::size_t begin, std::size_t count) const {
        std::vector<T> copied(count);
        Backend::download(values().column_block(begin, count), std::span<T>(copied));
        return copied;
    }
    /// Calls change(values as the host sees them), wherever they lie.
    template <class Change> void write(Change&& change) {
        if constexpr (LearningBackend<Backend, T>) {
            change(host_values());
        } else {
            std::vector<T> written = read(0, size_);
            change(std::span<T>(written));
            Backend::upload(std::span<const T>(written), values());
        }
    }

  private:
    struct arrays {
        explicit arrays(std::size_t size) : values(1, size) {}
        typename Backend::template array<T> values, gradients;
    };
    trained_numbers(std::shared_ptr<arrays> shared, std::size_t first, std::size_t size)
        : arrays_(std::move(shared)), first_(first), size_(size) {}

    template <class Array> auto row_of(Array& all) const { return all.view().column_block(first_, size_); }
    template <class U> static std::span<U> on_host(view<U> row) { return {Backend::host(row).data, row.columns}; }

    std::shared_ptr<arrays> arrays_ = std::make_shared<arrays>(0);
    std::size_t first_ = 0, size_ = 0;
};

} // namespace preflearn
