/// \file
/// safetensors: eight bytes of header length, a JSON header {name: {dtype, shape, data_offsets}}, then the data
/// back to back (specification: huggingface/safetensors). Reads one file, a sharded model's index, or a folder;
/// writes what transformers loads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <numeric>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/checkpoint/pickled.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

inline constexpr std::array safetensors_types = {
    element_type::f64, element_type::f32, element_type::f16,    element_type::bf16, element_type::i64,
    element_type::i32, element_type::i16, element_type::i8,     element_type::u64,  element_type::u32,
    element_type::u16, element_type::u8,  element_type::boolean};

/// A natural number of a header. \throws input_error naming `what`.
inline std::size_t natural(const nlohmann::json& value, const std::string& what) {
    require<input_error>(value.is_number_unsigned(), what, ": a natural number was expected, found ",
                         value.is_number() ? value.dump() : std::string(value.type_name()));
    return value.get<std::size_t>();
}

/// One entry of the header; its bytes are a part of `data`.
inline tensor_view safetensors_entry(const std::string& file, const std::string& name, const nlohmann::json& entry,
                                     std::span<const std::byte> data) {
    const std::string what = message(file, ": tensor '", name, "'");
    tensor_view tensor{.name = name, .type = {}, .shape = {}, .bytes = {}};
    const auto &dtype = member_or_null(entry, "dtype"), &shape = member_or_null(entry, "shape"),
               &offsets = member_or_null(entry, "data_offsets");
    require<input_error>(dtype.is_string() && shape.is_array() && offsets.is_array() && offsets.size() == 2, what,
                         ": dtype (a string), shape (a list) and data_offsets (two numbers) were expected");
    const auto& type_name = dtype.get_ref<const std::string&>();
    const auto type = std::find_if(safetensors_types.begin(), safetensors_types.end(),
                                   [&](element_type known) { return name_of(known) == type_name; });
    require<input_error>(type != safetensors_types.end(), what, ": the dtype '", type_name, "' is not read");
    tensor.type = *type;
    for (const auto& extent : shape) tensor.shape.push_back(natural(extent, what + ": shape"));
    const std::size_t begin = natural(offsets[0], what + ": data_offsets"),
                      end = natural(offsets[1], what + ": data_offsets");
    require<input_error>(begin <= end && end <= data.size(), what, ": its data_offsets ", begin, " to ", end,
                         " are not within the ", data.size(), " bytes of data (is the file cut short?)");
    const std::size_t bytes = bytes_of(tensor.type, checked_size(tensor.shape, what), what);
    require<input_error>(bytes == end - begin, what, ": shape ", text_of_shape(tensor.shape), " of ", type_name,
                         " takes ", bytes, " bytes, but its data_offsets hold ", end - begin);
    tensor.bytes = data.subspan(begin, bytes);
    return tensor;
}

/// The tensors of one file in the order of its data, which they must fill without gap or overlap.
inline std::vector<tensor_view> safetensors_of(const mapped_file& mapping, nlohmann::json& metadata) {
    const std::string file = mapping.path().string();
    const std::span<const std::byte> bytes = mapping.bytes();
    std::uint64_t length = 0;
    require<input_error>(bytes.size() >= sizeof length, file, ": is not a safetensors file: ", bytes.size(),
                         " bytes are too few for a header");
    std::memcpy(&length, bytes.data(), sizeof length);
    require<input_error>(length <= bytes.size() - 8, file, ": the header's length is ", length, ", but only ",
                         bytes.size() - 8, " bytes follow (not a safetensors file, or one cut short)");
    require<input_error>(length <= 100'000'000, file, ": a header of ", length,
                         " bytes is over the limit of 100000000");
    const auto header_size = static_cast<std::size_t>(length);
    const std::string_view text = mapping.text().substr(8, header_size);
    require<input_error>(text.starts_with('{'), file, ": the header does not begin with '{'");
    const nlohmann::json header = parse_json_of_unique_keys(text, file + ": header");
    const std::span<const std::byte> data = bytes.subspan(8 + header_size);

    std::vector<tensor_view> tensors;
    for (const auto& [name, entry] : header.items()) {
        if (name == "__metadata__") {
            require<input_error>(entry.is_object(), file, ": __metadata__ is not an object");
            for (const auto& [key, value] : entry.items()) {
                require<input_error>(value.is_string(), file, ": __metadata__: '", key, "' is not a string");
            }
            metadata.update(entry);
        } else {
            tensors.push_back(safetensors_entry(file, name, entry, data));
        }
    }
    std::sort(tensors.begin(), tensors.end(), [](const tensor_view& a, const tensor_view& b) {
        return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
    });
    const std::byte* expected = data.data();
    for (const tensor_view& tensor : tensors) {
        require<input_error>(tensor.bytes.data() == expected, file, ": tensor '", tensor.name, "' begins at byte ",
                             tensor.bytes.data() - data.data(), " of the data, ", expected - data.data(),
                             " was expected (data must have no gap and no overlap)");
        expected += tensor.bytes.size();
    }
    require<input_error>(expected == data.data() + data.size(), file, ": ", data.size(),
                         " bytes of data, but the header describes ", expected - data.data());
    return tensors;
}

/// The shards that an index names, each mapped once; only tensors that the index lists are kept.
inline checkpoint_file read_safetensors_index(const std::filesystem::path& path) {
    const std::string file = path.string();
    const nlohmann::json index = read_json_file(path);
    const auto& map = member_or_null(index, "weight_map");
    require<input_error>(map.is_object() && !map.empty(), file, ": weight_map, an object of file names, was expected");
    std::map<std::string, std::vector<std::string>> names_of_shard;
    for (const auto& [name, shard] : map.items()) {
        require<input_error>(shard.is_string(), file, ": weight_map: '", name, "' is not a file name");
        const std::filesystem::path relative(shard.get_ref<const std::string&>());
        require<input_error>(relative.has_filename() && relative == relative.filename() && relative != "..", file,
                             ": weight_map: '", name, "' lies in '", relative.string(),
                             "', a file name without folders was expected");
        names_of_shard[relative.string()].push_back(name);
    }
    nlohmann::json metadata = nlohmann::json::object();
    std::vector<tensor_view> tensors;
    std::vector<mapped_file> files;
    for (const auto& [shard, names] : names_of_shard) {
        files.emplace_back(path.parent_path() / shard);
        std::unordered_map<std::string, tensor_view> found;
        for (tensor_view& tensor : safetensors_of(files.back(), metadata)) {
            std::string name = tensor.name;
            found.emplace(std::move(name), std::move(tensor));
        }
        for (const std::string& name : names) {
            const auto tensor = found.find(name);
            require<input_error>(tensor != found.end(), files.back().path().string(), ": has no tensor '", name,
                                 "', which ", file, " places here");
            tensors.push_back(std::move(tensor->second));
        }
    }
    return {path, std::move(metadata), std::move(tensors), std::move(files)};
}

} // namespace detail

/// Reads `model.safetensors`-like files, a `*.index.json` with its shards, or a folder that holds either
/// (`model.safetensors` first, then `model.safetensors.index.json`, then the only `*.safetensors`).
/// \throws input_error for anything missing or malformed, naming file and tensor.
template <int = on_demand> checkpoint_file read_safetensors(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        for (const char* const name : {"model.safetensors", "model.safetensors.index.json"}) {
            if (std::filesystem::exists(path / name, ignored)) return read_safetensors(path / name);
        }
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
            if (entry.path().extension() == ".safetensors") found.push_back(entry.path());
        }
        if (found.empty()) refuse_pickled(path);
        require<input_error>(found.size() == 1, path.string(),
                             ": model.safetensors, model.safetensors.index.json or one ",
                             "*.safetensors was expected in this folder; it has ", found.size(), " *.safetensors");
        return read_safetensors(found.front());
    }
    if (path.extension() == ".json") return detail::read_safetensors_index(path);
    std::vector<mapped_file> files;
    files.emplace_back(path);
    nlohmann::json metadata = nlohmann::json::object();
    std::vector<tensor_view> tensors = detail::safetensors_of(files.front(), metadata);
    return {path, std::move(metadata), std::move(tensors), std::move(files)};
}

/// Writes tensors of plain types, larger elements first so that all are aligned, else in the order given.
/// The file appears whole or not at all. transformers expects metadata to hold {"format", "pt"}.
/// \throws argument_error for quantised types, repeated or invalid names, or bytes that do not fit the shape;
/// input_error when the file cannot be written.
template <int = on_demand>
void write_safetensors(const std::filesystem::path& path, std::span<const tensor_view> tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}}) {
    using namespace std::string_literals;
    std::vector<std::size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(block_bytes(tensors[b].type), a) < std::pair(block_bytes(tensors[a].type), b);
    });
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::unordered_map<std::string_view, std::size_t> names;
    std::size_t offset = 0;
    for (const std::size_t i : order) {
        const tensor_view& tensor = tensors[i];
        require(block_elements(tensor.type) == 1, "tensor '", tensor.name, "': type ", name_of(tensor.type),
                " cannot be written to safetensors");
        require(tensor.name != "__metadata__" && names.emplace(tensor.name, i).second, "tensor '", tensor.name,
                "': the name is taken");
        require(tensor.bytes.size() == tensor.size() * block_bytes(tensor.type), "tensor '", tensor.name,
                "': ", tensor.bytes.size(), " bytes for shape ", text_of_shape(tensor.shape), " of ",
                name_of(tensor.type));
        header.push_back({tensor.name,
                          {{"dtype"s, name_of(tensor.type)},
                           {"shape"s, tensor.shape},
                           {"data_offsets"s, {offset, offset + tensor.bytes.size()}}}});
        offset += tensor.bytes.size();
    }
    std::string text;
    try {
        text = header.dump();
    } catch (const nlohmann::json::exception& failure) {
        throw argument_error(message(path.string(), ": a name or metadata is not valid UTF-8: ", failure.what()));
    }
    text.resize((text.size() + 7) / 8 * 8, ' ');
    write_atomically(path, [&](std::ostream& out) {
        const std::uint64_t length = text.size();
        out.write(reinterpret_cast<const char*>(&length), sizeof length);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        for (const std::size_t i : order) {
            out.write(reinterpret_cast<const char*>(tensors[i].bytes.data()),
                      static_cast<std::streamsize>(tensors[i].bytes.size()));
        }
    });
}

} // namespace preflearn
