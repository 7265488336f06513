/// \file
/// Writes GGUF, version 3: header, key-value pairs, tensor infos, then the tensors, each at a multiple of the
/// alignment. Tensors are asked for one after the other, a few bytes at a time where they are large, so that no second
/// copy of a model is made.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// What the file says of a tensor before its bytes.
struct gguf_tensor {
    std::string name;
    element_type type = element_type::f32;
    std::vector<std::size_t> shape; ///< outermost first

    /// \throws input_error unless rows are whole blocks
    [[nodiscard]] std::size_t bytes() const {
        std::size_t rows = 1;
        for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis) rows *= shape[axis];
        return rows * bytes_of(type, shape.empty() ? 1 : shape.back(), "a row of '" + name + "'");
    }
};

namespace detail {

inline std::uint32_t ggml_number_of(element_type type) {
    for (const auto& [number, known] : ggml_types)
        if (known == type) return number;
    throw argument_error(message("GGUF has no tensors of type ", name_of(type)));
}

inline std::size_t padded(std::size_t bytes, std::size_t alignment) {
    return (bytes + alignment - 1) / alignment * alignment;
}

/// The alignment that the keys ask for.
inline std::size_t alignment_of(const std::vector<gguf_key>& keys, const std::string& file) {
    nlohmann::json asked = nlohmann::json::object();
    for (const gguf_key& key : keys) {
        if (key.name != "general.alignment") continue;
        gguf_cursor from(std::as_bytes(std::span(key.value)), file);
        asked[key.name] = gguf_value(from, key.type, key.name);
    }
    return gguf_alignment(asked, file);
}

/// All that stands before the data, padded.
inline std::string gguf_header(const std::vector<gguf_key>& keys, std::span<const gguf_tensor> tensors,
                               std::size_t alignment) {
    std::string out = "GGUF" + gguf_bytes(std::uint32_t{3}) + gguf_bytes(std::uint64_t{tensors.size()}) +
                      gguf_bytes(std::uint64_t{keys.size()});
    for (const gguf_key& key : keys) out.append(gguf_bytes(key.name)).append(gguf_bytes(key.type)).append(key.value);
    std::uint64_t offset = 0;
    for (const gguf_tensor& tensor : tensors) {
        out.append(gguf_bytes(tensor.name)).append(gguf_bytes(static_cast<std::uint32_t>(tensor.shape.size())));
        for (std::size_t axis = tensor.shape.size(); axis-- > 0;) out += gguf_bytes(std::uint64_t{tensor.shape[axis]});
        out.append(gguf_bytes(ggml_number_of(tensor.type))).append(gguf_bytes(offset));
        offset += padded(tensor.bytes(), alignment);
    }
    out.resize(padded(out.size(), alignment));
    return out;
}

} // namespace detail

/// Calls write(number of the tensor, put) for each tensor in turn, which is to call put(bytes) until all of that
/// tensor's bytes are given. The file appears whole or not at all.
/// \throws input_error when it cannot be written; argument_error for two tensors or keys of one name, more than four
/// axes, or when too many or too few bytes are given.
template <class Write>
void write_gguf(const std::filesystem::path& path, const std::vector<gguf_key>& keys,
                std::span<const gguf_tensor> tensors, Write&& write) {
    const std::size_t alignment = detail::alignment_of(keys, path.string());
    std::set<std::string_view> names, key_names;
    for (const gguf_key& key : keys)
        require(key_names.insert(key.name).second, path.string(), ": two keys '", key.name, "'");
    for (const gguf_tensor& tensor : tensors) {
        require(names.insert(tensor.name).second, path.string(), ": two tensors '", tensor.name, "'");
        require(tensor.shape.size() <= 4, path.string(), ": tensor '", tensor.name, "': at most 4 axes, found ",
                tensor.shape.size());
    }
    const std::string header = detail::gguf_header(keys, tensors, alignment);
    write_atomically(path, [&](std::ostream& out) {
        out << header;
        for (std::size_t t = 0; t < tensors.size(); ++t) {
            const std::size_t expected = tensors[t].bytes();
            std::size_t given = 0;
            write(t, [&](std::span<const std::byte> bytes) {
                given += bytes.size();
                require(given <= expected, path.string(), ": tensor '", tensors[t].name, "': more than its ", expected,
                        " bytes");
                out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
            });
            require(given == expected, path.string(), ": tensor '", tensors[t].name, "': ", expected,
                    " bytes were expected, found ", given);
            out << std::string(detail::padded(given, alignment) - given, '\0');
        }
    });
}

} // namespace preflearn
