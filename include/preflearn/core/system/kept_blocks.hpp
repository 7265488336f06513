/// \file
/// Memory of arrays that live for a step or an operation. A training step asks for the same few dozen blocks as the
/// step before it; the system's allocator merges them when they are given back, returns their pages and has them filled
/// with zeros again, which costs a small model a quarter of its time. So every thread keeps some blocks that it gave
/// back, at most 16 MB, and takes them again. They are a thread's own because then nobody waits for a lock in the midst
/// of a product, and none is seen by anyone but who takes it; a block may be given back by another thread than took it.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <new>
#include <utility>

namespace preflearn {

namespace detail {

/// Whether AddressSanitizer or MemorySanitizer watches.
inline constexpr bool checks_memory =
#if defined(__SANITIZE_ADDRESS__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

inline constexpr std::align_val_t block_alignment{64};

/// A block's true size: one of four between powers of two, so that a step of slightly other rows finds what it needs.
constexpr std::size_t block_size(std::size_t bytes) {
    if (bytes <= 1024) return 1024;
    const std::size_t step = std::bit_floor(bytes - 1) / 4;
    return (bytes + step - 1) / step * step;
}

/// Set when a thread's blocks are gone: what it still owns afterwards (an array in a static variable) is not kept.
inline thread_local bool blocks_are_gone = false;

/// The blocks that a thread gave back last, the latest behind.
class kept_blocks {
  public:
    static constexpr std::size_t most = 128, most_bytes = std::size_t{16} << 20, largest = most_bytes / 4;

    kept_blocks() = default;
    kept_blocks(const kept_blocks&) = delete;
    kept_blocks& operator=(const kept_blocks&) = delete;
    ~kept_blocks() {
        while (count_ != 0) drop_oldest();
        blocks_are_gone = true;
    }

    /// One of this size, or null.
    void* take(std::size_t size) noexcept {
        for (std::size_t i = count_; i-- > 0;) {
            if (blocks_[i].size != size) continue;
            void* const found = blocks_[i].memory;
            remove(i);
            return found;
        }
        return nullptr;
    }
    void keep(void* memory, std::size_t size) noexcept {
        while (count_ == most || (count_ != 0 && bytes_ + size > most_bytes)) drop_oldest();
        blocks_[count_++] = {memory, size};
        bytes_ += size;
    }

  private:
    struct block {
        void* memory;
        std::size_t size;
    };

    void remove(std::size_t i) noexcept {
        bytes_ -= blocks_[i].size;
        for (--count_; i < count_; ++i) blocks_[i] = blocks_[i + 1];
    }
    void drop_oldest() noexcept {
        ::operator delete(blocks_[0].memory, block_alignment);
        remove(0);
    }

    std::array<block, most> blocks_;
    std::size_t count_ = 0, bytes_ = 0;
};

inline thread_local kept_blocks blocks_of_thread;

/// Whether blocks of this many bytes are kept. None under a checker of memory, which is to see who uses one that was
/// given back.
constexpr bool keeps_block(std::size_t bytes) { return !checks_memory && bytes != 0 && bytes <= kept_blocks::largest; }

} // namespace detail

/// Memory for `bytes` bytes, aligned to 64; what lies in it is indeterminate. \throws std::bad_alloc
inline void* take_block(std::size_t bytes) {
    if (!detail::keeps_block(bytes)) return ::operator new(bytes, detail::block_alignment);
    const std::size_t size = detail::block_size(bytes);
    if (void* const kept = detail::blocks_are_gone ? nullptr : detail::blocks_of_thread.take(size)) return kept;
    return ::operator new(size, detail::block_alignment);
}

/// Gives back what take_block gave for as many bytes; null is nothing.
inline void give_block(void* block, std::size_t bytes) noexcept {
    if (block == nullptr || !detail::keeps_block(bytes) || detail::blocks_are_gone)
        ::operator delete(block, detail::block_alignment);
    else
        detail::blocks_of_thread.keep(block, detail::block_size(bytes));
}

/// A block of numbers that is given back when it goes out of scope.
template <class T> class number_block {
  public:
    number_block() = default;
    /// \throws std::bad_alloc
    explicit number_block(std::size_t count) : bytes_(count * sizeof(T)), first_(static_cast<T*>(take_block(bytes_))) {}
    number_block(number_block&& other) noexcept
        : bytes_(std::exchange(other.bytes_, 0)), first_(std::exchange(other.first_, nullptr)) {}
    number_block& operator=(number_block&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(first_, other.first_);
        return *this;
    }
    ~number_block() { give_block(first_, bytes_); }

    [[nodiscard]] T* data() const { return first_; }

  private:
    std::size_t bytes_ = 0;
    T* first_ = nullptr;
};

} // namespace preflearn
