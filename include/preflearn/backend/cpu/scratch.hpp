/// \file
/// Working memory for parallel tasks, allocated once before the loop: a task borrows a free piece and gives it back.
/// Which piece it gets depends on timing, what it computes in it does not: all pieces are aligned alike, since an
/// expression of Eigen may sum in another order where its data is aligned otherwise.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// One piece of `size` elements for each thread that may run tasks of a loop started here.
template <class T> class scratch_pool {
  public:
    explicit scratch_pool(std::size_t size)
        : pieces_(thread_count()), stride_((size + 63) / 64 * 64), size_(size),
          taken_(std::make_unique<std::atomic_flag[]>(pieces_)), values_(pieces_, stride_) {}

    /// A borrowed piece; given back when it goes out of scope.
    class lease {
      public:
        lease(std::span<T> values, std::atomic_flag& taken) : values_(values), taken_(taken) {}
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease() { taken_.clear(std::memory_order_release); }
        [[nodiscard]] T* data() const { return values_.data(); }

      private:
        std::span<T> values_;
        std::atomic_flag& taken_;
    };

    [[nodiscard]] lease borrow() {
        for (std::size_t i = 0;; i = (i + 1) % pieces_)
            if (!taken_[i].test_and_set(std::memory_order_acquire))
                return lease({values_.view().row(i), size_}, taken_[i]);
    }

  private:
    std::size_t pieces_;
    std::size_t stride_;
    std::size_t size_;
    std::unique_ptr<std::atomic_flag[]> taken_;
    cpu_matrix<T> values_;
};

} // namespace preflearn
