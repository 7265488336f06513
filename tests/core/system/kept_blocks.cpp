#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include <preflearn/core/system/kept_blocks.hpp>

using namespace preflearn;

namespace {

/// Ends after the blocks that its thread keeps, which are made later.
struct outliving {
    number_block<float> block;
};
thread_local outliving ends_last;

} // namespace

TEST_CASE("a block holds what was asked for and at most a quarter more") {
    std::size_t before = 0;
    for (std::size_t bytes = 1; bytes < 300000; bytes += 1 + bytes / 50) {
        const std::size_t size = detail::block_size(bytes);
        CHECK(size >= bytes);
        CHECK(size <= std::max<std::size_t>(1024, bytes + bytes / 4));
        CHECK(size >= before);
        CHECK(detail::block_size(size) == size);
        before = size;
    }
}

TEST_CASE("a thread takes the block again that it gave back, for the same and for slightly fewer numbers") {
    const float* first = nullptr;
    {
        const number_block<float> block(100000);
        first = block.data();
        CHECK(reinterpret_cast<std::uintptr_t>(first) % 64 == 0);
    }
    if (detail::checks_memory) return; // every block is a new one there
    CHECK(number_block<float>(100000).data() == first);
    CHECK(number_block<float>(99000).data() == first);
    CHECK(number_block<float>(50000).data() != first);
    const number_block<float> one(100000), other(100000);
    CHECK(one.data() != other.data());
}

TEST_CASE("the oldest blocks are dropped where many are kept, and large ones are not kept at all") {
    using kept = detail::kept_blocks;
    const auto fresh = [](std::size_t size) { return ::operator new(size, detail::block_alignment); };
    const auto drop = [](void* memory) { ::operator delete(memory, detail::block_alignment); };
    kept blocks;
    for (int i = 0; i < 4; ++i) blocks.keep(fresh(kept::largest), kept::largest);
    CHECK(blocks.take(2048) == nullptr);
    blocks.keep(fresh(2048), 2048); // one of the large ones goes
    for (int i = 0; i < 3; ++i) {
        void* const found = blocks.take(kept::largest);
        CHECK(found != nullptr);
        drop(found);
    }
    CHECK(blocks.take(kept::largest) == nullptr);
    for (std::size_t i = 0; i < kept::most; ++i) blocks.keep(fresh(1024), 1024);
    CHECK(blocks.take(2048) == nullptr);
    CHECK_FALSE(detail::keeps_block(kept::largest + 1));
    CHECK_FALSE(detail::keeps_block(0));
}

TEST_CASE("blocks go from thread to thread, and outlive what their thread keeps") {
    std::vector<number_block<double>> taken;
    for (int i = 0; i < 10; ++i) taken.emplace_back(5000);
    std::thread([blocks = std::move(taken)]() mutable {
        blocks.clear();
        ends_last.block = number_block<float>(1000);
        ends_last.block.data()[999] = 1;
    }).join();
    number_block<int> block(10), empty;
    block.data()[9] = 3;
    empty = std::move(block);
    CHECK(empty.data()[9] == 3);
}
