#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <preflearn/backend/cuda/memory.hpp>
#include <preflearn/backend/cuda/upload.hpp>

#include "emulator/emulator.hpp"

using namespace preflearn::cuda;
using preflearn::bfloat16;

namespace {

template <Element E> std::vector<E> read(const device_buffer<E>& from) {
    std::vector<E> to(from.size());
    check(cudaMemcpy(to.data(), from.data(), to.size() * sizeof(E), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return to;
}

/// Rows whose number at (r, c) is 100 r + c, and how many were made at a time.
struct numbered {
    std::size_t columns;
    std::vector<std::size_t>& counts;
    void operator()(std::size_t first, std::size_t count, bfloat16* to) const {
        counts.push_back(count);
        for (std::size_t r = 0; r < count; ++r)
            for (std::size_t c = 0; c < columns; ++c)
                to[r * columns + c] = bfloat16(static_cast<float>(16 * (first + r) + c));
    }
};

} // namespace

TEST_CASE("rows come tile by tile, what lies between them stays") {
    for (const std::size_t stride : {5U, 8U}) {
        for (const std::size_t tile_bytes : {1U, 10U, 25U, 1000U}) { // of rows of 10 bytes
            CAPTURE(stride);
            CAPTURE(tile_bytes);
            uploader by(tile_bytes);
            const device_buffer<bfloat16> memory(7 * stride);
            std::vector<std::size_t> counts;
            by.upload_rows(device_rows<bfloat16>{memory.data(), 7, 5, stride}, numbered{5, counts});
            std::size_t most = 0, sum = 0;
            for (const std::size_t count : counts) most = std::max(most, count), sum += count;
            CHECK(sum == 7);
            CHECK(most == (tile_bytes < 20 ? 1 : tile_bytes == 25 ? 2 : 7));
            const std::vector<bfloat16> found = read(memory);
            for (std::size_t i = 0; i < found.size(); ++i) {
                const std::size_t r = i / stride, c = i % stride;
                if (c < 5)
                    CHECK(static_cast<float>(found[i]) == static_cast<float>(16 * r + c));
                else
                    CHECK(static_cast<float>(found[i]) != static_cast<float>(found[i])); // as it was: NaN
            }
        }
    }
}

TEST_CASE("nothing is made of no rows, and what the maker throws comes through") {
    const device_buffer<bfloat16> memory(20);
    std::vector<std::size_t> counts;
    upload_rows(device_rows<bfloat16>{memory.data(), 0, 5, 5}, numbered{5, counts});
    CHECK(counts.empty());
    const auto fails = [](std::size_t, std::size_t, bfloat16*) { throw std::runtime_error("a bad file"); };
    CHECK_THROWS_WITH(upload_rows(device_rows<bfloat16>{memory.data(), 4, 5, 5}, fails), "a bad file");
    upload_rows(device_rows<bfloat16>{memory.data(), 4, 5, 5}, numbered{5, counts}); // and the next is as good as ever
    CHECK(static_cast<float>(read(memory)[19]) == 16 * 3 + 4);
}
