#include <doctest/doctest.h>

#include <cstddef>
#include <type_traits>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>

#include "../models.hpp"

using namespace preflearn;

namespace {

struct roomy_backend : cpu_backend {
    struct memory_error {};
    static constexpr std::size_t sequences_at_once = 300;
    static std::size_t rows_at_once(std::size_t numbers) { return 100000 / numbers; }
    static std::size_t tokens_kept(std::size_t numbers) { return 1000000 / numbers; }
};

} // namespace

TEST_CASE("rows that run together fit into 64 MB on the processor, within bounds; another backend says how many") {
    transformer_config config = validated(test::grouped());
    CHECK(rows_at_once<float, cpu_backend>(config) == 1024);
    CHECK(rows_at_once<float, cpu_backend>(config, 8, 4000) == 4000);
    config.intermediate_size = 1 << 16;
    CHECK(rows_at_once<float, cpu_backend>(config) == 128);
    const std::size_t numbers = kept_rows<float, cpu_backend>::row_bytes(config) / sizeof(float);
    CHECK(rows_at_once<float, roomy_backend>(config) == 1); // none would be no batch
    config = validated(test::grouped());
    CHECK(rows_at_once<float, roomy_backend>(config) ==
          100000 / (kept_rows<float, roomy_backend>::row_bytes(config) / sizeof(float)));
    CHECK(numbers > 100000);
}

TEST_CASE("sequences that grow together: 64 in 256 MB on the processor") {
    const transformer_config config = validated(test::grouped()); // 48 numbers a token in two layers
    const sampling_room processor = sampling_at_once<double, cpu_backend>(config),
                        device = sampling_at_once<float, roomy_backend>(config);
    CHECK(processor.sequences == 64);
    CHECK(processor.tokens == (std::size_t{256} << 20) / (48 * sizeof(double)));
    CHECK(device.sequences == 300);
    CHECK(device.tokens == 1000000 / 48);
}

TEST_CASE("a backend's own error says that its memory is full") {
    static_assert(std::is_same_v<memory_error_of<roomy_backend>, roomy_backend::memory_error>);
    static_assert(!std::is_same_v<memory_error_of<cpu_backend>, roomy_backend::memory_error>);
}
