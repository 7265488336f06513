/// \file
/// The metadata of a GGUF file as it is written there, type and all, which JSON does not keep: what a file that is
/// written again carries over from the one that was read.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A key-value pair; `value` is what follows the type in the file.
struct gguf_key {
    std::string name;
    std::uint32_t type = 0;
    std::string value;
};

namespace detail {

template <class T>
    requires std::is_arithmetic_v<T> std::string gguf_bytes(T number) {
        std::string bytes(sizeof number, '\0');
        std::memcpy(bytes.data(), &number, sizeof number);
        return bytes;
    }
inline std::string gguf_bytes(std::string_view text) { return gguf_bytes(std::uint64_t{text.size()}).append(text); }

} // namespace detail

inline gguf_key gguf_text(std::string name, std::string_view text) {
    return {std::move(name), 8, detail::gguf_bytes(text)};
}
inline gguf_key gguf_number(std::string name, std::uint32_t number) {
    return {std::move(name), 4, detail::gguf_bytes(number)};
}

inline gguf_key gguf_real(std::string name, double number) {
    return {std::move(name), 6, detail::gguf_bytes(static_cast<float>(number))};
}
inline gguf_key gguf_flag(std::string name, bool flag) {
    return {std::move(name), 7, std::string(1, flag ? '\1' : '\0')};
}
/// A list of texts.
inline gguf_key gguf_texts(std::string name, std::span<const std::string> texts) {
    std::string value = detail::gguf_bytes(std::uint32_t{8}) + detail::gguf_bytes(std::uint64_t{texts.size()});
    for (const std::string& text : texts) value += detail::gguf_bytes(std::string_view(text));
    return {std::move(name), 9, std::move(value)};
}
/// A list of numbers: F32 or I32.
template <class T>
    requires std::is_same_v<T, float> || std::is_same_v<T, std::int32_t>
        gguf_key gguf_numbers(std::string name, const std::vector<T>& numbers) {
        std::string value = detail::gguf_bytes(std::uint32_t{std::is_same_v<T, float> ? 6U : 5U}) +
                            detail::gguf_bytes(std::uint64_t{numbers.size()});
        for (const T number : numbers) value += detail::gguf_bytes(number);
        return {std::move(name), 9, std::move(value)};
    }

/// The keys as `read_gguf` gives them: a JSON object. \throws input_error naming `origin` for a malformed value.
inline nlohmann::json gguf_metadata(const std::vector<gguf_key>& keys, const std::string& origin) {
    nlohmann::json read = nlohmann::json::object();
    for (const gguf_key& key : keys) {
        detail::gguf_cursor from(std::as_bytes(std::span(key.value)), origin);
        read[key.name] = detail::gguf_value(from, key.type, key.name);
    }
    return read;
}

/// The keys of a GGUF file in their order. \throws input_error for what is not one.
inline std::vector<gguf_key> gguf_keys(const checkpoint_file& file) {
    const std::string name = file.path().string();
    require<input_error>(file.files().size() == 1, name, ": is not a GGUF file");
    const auto bytes = file.files().front().bytes();
    detail::gguf_cursor from(bytes, name);
    const std::size_t count = detail::begin_gguf(from).keys;
    std::vector<gguf_key> keys;
    keys.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        gguf_key& key = keys.emplace_back();
        key.name = from.text("a metadata key");
        key.type = from.number<std::uint32_t>("the type of " + key.name);
        const std::size_t begin = from.position();
        (void)detail::gguf_value(from, key.type, key.name); // to its end
        key.value.assign(reinterpret_cast<const char*>(bytes.data()) + begin, from.position() - begin);
    }
    return keys;
}

/// Puts a key in the place of one of its name, or at the end.
inline void set_gguf_key(std::vector<gguf_key>& keys, gguf_key key) {
    const auto known = std::ranges::find(keys, key.name, &gguf_key::name);
    if (known == keys.end())
        keys.push_back(std::move(key));
    else
        *known = std::move(key);
}

} // namespace preflearn
