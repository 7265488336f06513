#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/tensor.hpp>

using namespace preflearn;

namespace {
std::vector<std::byte> from_hex(const std::string& text) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}
} // namespace

TEST_CASE("quantised blocks give the very bits that ggml's Python package gives") {
    const auto golden = read_json_file(PREFLEARN_TESTS "/checkpoint/golden/blocks.json");
    for (int i = 0; i <= static_cast<int>(element_type::q6_k); ++i) {
        const auto type = static_cast<element_type>(i);
        if (block_elements(type) == 1) continue;
        const std::string name(name_of(type));
        CAPTURE(name);
        REQUIRE(golden.contains(name));
        const auto bytes = from_hex(golden[name]["bytes"]);
        const auto expected = golden[name]["values"].get<std::vector<std::uint32_t>>();
        REQUIRE(bytes.size() == bytes_of(type, expected.size()));
        const tensor_view tensor{name, type, {expected.size()}, bytes};
        std::vector<std::uint32_t> found;
        for (const float value : all_values<float>(tensor)) found.push_back(std::bit_cast<std::uint32_t>(value));
        CHECK(found == expected);
        const auto wide = all_values<double>(tensor);
        CHECK(static_cast<float>(wide[7]) == std::bit_cast<float>(expected[7]));
    }
}
