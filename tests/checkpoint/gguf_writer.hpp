/// \file
/// Small GGUF files made in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

template <class T> std::string bytes(const T& value) {
    std::string text(sizeof value, '\0');
    std::memcpy(text.data(), &value, sizeof value);
    return text;
}
inline std::string gguf_text(std::string_view text) { return bytes(std::uint64_t{text.size()}) += text; }

/// Collects keys and tensors and lays them out as a GGUF file.
struct gguf_writer {
    std::uint32_t version = 3;
    std::size_t alignment = 32;
    std::vector<std::string> keys;
    struct tensor {
        std::string name;
        std::vector<std::uint64_t> dimensions; // innermost first, as in the file
        std::uint32_t type = 0;
        std::string data;
    };
    std::vector<tensor> tensors;

    void key(std::string_view name, std::uint32_t type, std::string_view value) {
        keys.push_back(gguf_text(name) + bytes(type) + std::string(value));
    }
    void text(std::string_view name, std::string_view value) { key(name, 8, gguf_text(value)); }
    void number(std::string_view name, std::uint32_t value) { key(name, 4, bytes(value)); }
    void flag(std::string_view name, bool value) { key(name, 7, bytes(static_cast<std::uint8_t>(value))); }
    void texts(std::string_view name, std::span<const std::string> values) {
        std::string list = bytes(std::uint32_t{8}) + bytes(std::uint64_t{values.size()});
        for (const auto& value : values) list += gguf_text(value);
        key(name, 9, list);
    }
    template <class T> void numbers(std::string_view name, std::uint32_t type, std::span<const T> values) {
        std::string list = bytes(type) + bytes(std::uint64_t{values.size()});
        for (const T value : values) list += bytes(value);
        key(name, 9, list);
    }

    [[nodiscard]] std::string file() const {
        std::string out =
            "GGUF" + bytes(version) + bytes(std::uint64_t{tensors.size()}) + bytes(std::uint64_t{keys.size()});
        for (const auto& entry : keys) out += entry;
        std::string data;
        for (const auto& part : tensors) {
            data.resize((data.size() + alignment - 1) / alignment * alignment);
            out += gguf_text(part.name) + bytes(static_cast<std::uint32_t>(part.dimensions.size()));
            for (const auto extent : part.dimensions) out += bytes(extent);
            out += bytes(part.type) + bytes(std::uint64_t{data.size()});
            data += part.data;
        }
        out.resize((out.size() + alignment - 1) / alignment * alignment);
        return out + data;
    }
};

} // namespace test
