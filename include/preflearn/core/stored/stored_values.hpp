/// \file
/// Stored elements become numbers: any range of them, so that an array can be filled in parallel, or a matrix used a
/// tile at a time, without a second copy.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The bytes of `count` elements. \throws input_error naming `what` unless they fill whole blocks.
inline std::size_t bytes_of(element_type type, std::size_t count, std::string_view what = "a tensor") {
    require<input_error>(count % block_elements(type) == 0, what, ": ", count, " elements of type ", name_of(type),
                         " do not fill whole blocks of ", block_elements(type));
    return count / block_elements(type) * block_bytes(type);
}

/// Writes elements first … first + out.size() − 1 of those stored in `bytes`, converted or dequantised (quantised types
/// in float, then widened). Thread safe; any range is allowed, whole blocks are quickest.
/// \throws argument_error when the range reaches beyond the bytes.
template <std::floating_point T>
void decode_values(element_type type, std::span<const std::byte> bytes, std::size_t first, std::span<T> out) {
    with_format(type, [&](std::string_view name, auto format) {
        using format_type = decltype(format);
        constexpr std::size_t elements = format_type::elements;
        require(bytes.size() / format_type::bytes * elements >= first + out.size(), bytes.size(),
                " bytes are too few for ", first + out.size(), " elements of type ", name);
        if constexpr (std::same_as<format_type, plain_format<T>>) {
            if (!out.empty()) std::memcpy(out.data(), bytes.data() + first * sizeof(T), out.size_bytes());
        } else {
            const std::byte* block = bytes.data() + first / elements * format_type::bytes;
            std::size_t done = 0, skip = first % elements;
            std::array<T, elements> buffer; // a block of which only a part is wanted
            while (done < out.size()) {
                const std::size_t count = std::min(elements - skip, out.size() - done);
                if (count == elements) {
                    format_type::decode(block, out.data() + done);
                } else {
                    format_type::decode(block, buffer.data());
                    std::copy_n(buffer.data() + skip, count, out.data() + done);
                }
                done += count;
                skip = 0;
                block += format_type::bytes;
            }
        }
    });
}

} // namespace preflearn
