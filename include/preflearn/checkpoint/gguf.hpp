/// \file
/// GGUF, versions 2 and 3: header, typed key-value pairs, tensor infos, then aligned tensor data (specification:
/// ggml/docs/gguf.md). Every count and length is checked against the bytes that remain before anything is
/// allocated for it, so a damaged file costs no more memory than a few times its own size.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

/// ggml's numbers of tensor types.
inline constexpr std::array ggml_types{
    std::pair{0U, element_type::f32},   std::pair{1U, element_type::f16},   std::pair{2U, element_type::q4_0},
    std::pair{3U, element_type::q4_1},  std::pair{6U, element_type::q5_0},  std::pair{7U, element_type::q5_1},
    std::pair{8U, element_type::q8_0},  std::pair{10U, element_type::q2_k}, std::pair{11U, element_type::q3_k},
    std::pair{12U, element_type::q4_k}, std::pair{13U, element_type::q5_k}, std::pair{14U, element_type::q6_k},
    std::pair{24U, element_type::i8},   std::pair{25U, element_type::i16},  std::pair{26U, element_type::i32},
    std::pair{27U, element_type::i64},  std::pair{28U, element_type::f64},  std::pair{30U, element_type::bf16},
};

/// \throws input_error naming `what` for types that are not read here.
inline element_type element_type_of_ggml(std::uint32_t number, const std::string& what) {
    for (const auto& [known, type] : ggml_types)
        if (known == number) return type;
    throw input_error(message(what, ": ggml's tensor type ", number,
                              " is not read; F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 and Q2_K to Q6_K are"));
}

/// Reads little-endian values one after the other and never beyond the end.
class gguf_cursor {
  public:
    gguf_cursor(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - position_; }
    [[nodiscard]] const std::string& file() const { return file_; }

    template <class T> T number(std::string_view what) {
        need(sizeof(T), what);
        T value;
        std::memcpy(&value, bytes_.data() + position_, sizeof value);
        position_ += sizeof value;
        return value;
    }
    std::string text(std::string_view what) {
        const std::uint64_t length = number<std::uint64_t>(what);
        need(length, what);
        std::string value(reinterpret_cast<const char*>(bytes_.data() + position_), static_cast<std::size_t>(length));
        position_ += static_cast<std::size_t>(length);
        return value;
    }
    /// A count of items that take at least `least` bytes each in what remains.
    std::size_t count(std::size_t least, std::string_view what) {
        const std::uint64_t items = number<std::uint64_t>(what);
        require<input_error>(items <= remaining() / least, file_, ": at byte ", position_, ": ", what, " is ", items,
                             ", but only ", remaining(), " bytes remain");
        return static_cast<std::size_t>(items);
    }

  private:
    void need(std::uint64_t bytes, std::string_view what) const {
        require<input_error>(bytes <= remaining(), file_, ": at byte ", position_, ": ", what, " needs ", bytes,
                             " bytes, but only ", remaining(), " remain");
    }
    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::size_t position_ = 0;
};

/// One metadata value of GGUF's type number `type`. `depth` bounds arrays of arrays.
inline nlohmann::json gguf_value(gguf_cursor& from, std::uint32_t type, const std::string& key, int depth = 0) {
    // the fewest bytes that a value of each type takes
    static constexpr std::size_t least[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
    const std::string what = "the value of " + key;
    switch (type) {
    case 0:
        return from.number<std::uint8_t>(what);
    case 1:
        return from.number<std::int8_t>(what);
    case 2:
        return from.number<std::uint16_t>(what);
    case 3:
        return from.number<std::int16_t>(what);
    case 4:
        return from.number<std::uint32_t>(what);
    case 5:
        return from.number<std::int32_t>(what);
    case 6:
        return from.number<float>(what);
    case 7:
        return from.number<std::uint8_t>(what) != 0;
    case 8:
        return from.text(what);
    case 9: {
        require<input_error>(depth < 4, from.file(), ": the value of ", key, " nests arrays more than 4 deep");
        const auto element = from.number<std::uint32_t>(what);
        require<input_error>(element < std::size(least), from.file(), ": the value of ", key,
                             " is an array of the unknown type ", element);
        const std::size_t size = from.count(least[element], "the array length of " + key);
        nlohmann::json::array_t values;
        values.reserve(size);
        for (std::size_t i = 0; i < size; ++i) values.push_back(gguf_value(from, element, key, depth + 1));
        return values;
    }
    case 10:
        return from.number<std::uint64_t>(what);
    case 11:
        return from.number<std::int64_t>(what);
    case 12:
        return from.number<double>(what);
    default:
        throw input_error(
            message(from.file(), ": the value of ", key, " has the unknown type ", type, " (0 to 12 are known)"));
    }
}

/// `general.alignment`, an integer of whatever type, 32 where it is not given.
/// \throws input_error saying type and value of what is no power of two up to 2^30.
inline std::size_t gguf_alignment(const nlohmann::json& metadata, const std::string& file) {
    const auto found = metadata.find("general.alignment");
    if (found == metadata.end()) return 32;
    const bool whole = found->is_number_integer() && (found->is_number_unsigned() || found->get<std::int64_t>() > 0);
    const std::uint64_t value = whole ? found->get<std::uint64_t>() : 0;
    const std::string_view type = found->is_number_float()     ? "the floating-point number "
                                  : found->is_number_integer() ? ""
                                  : found->is_string()         ? "the text "
                                  : found->is_boolean()        ? "the truth value "
                                                               : "a list, ";
    require<input_error>(std::has_single_bit(value) && value <= 1U << 30, file, ": general.alignment is ", type,
                         found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                         ", a power of two was expected");
    return static_cast<std::size_t>(value);
}

struct gguf_counts {
    std::size_t tensors, keys;
};

/// Reads what a file begins with. \throws input_error for what is not GGUF of version 2 or 3.
inline gguf_counts begin_gguf(gguf_cursor& from) {
    const std::string& file = from.file();
    require<input_error>(from.number<std::uint32_t>("the magic number") == 0x46554747, file,
                         ": is not a GGUF file: it does not begin with 'GGUF'");
    const auto version = from.number<std::uint32_t>("the version");
    require<input_error>((version & 0xffffU) != 0, file, ": is a big-endian GGUF file; little-endian ones are read");
    require<input_error>(version == 2 || version == 3, file, ": GGUF version ", version, "; versions 2 and 3 are read");
    const std::size_t tensors = from.count(24, "the number of tensors");
    return {tensors, from.count(13, "the number of metadata keys")};
}

} // namespace detail

/// Maps a GGUF file and reads its header. Metadata is a JSON object of its key-value pairs, as typed in the file;
/// dimensions are turned round, so that shapes read as in PyTorch (outermost first).
/// \throws input_error for anything malformed, with the byte, key or tensor at which it was met.
template <int = on_demand> checkpoint_file read_gguf(const std::filesystem::path& path) {
    const std::string file = path.string();
    mapped_file mapping(path);
    detail::gguf_cursor from(mapping.bytes(), file);
    const auto [tensor_count, key_count] = detail::begin_gguf(from);

    nlohmann::json metadata = nlohmann::json::object();
    for (std::size_t i = 0; i < key_count; ++i) {
        const std::string key = from.text("a metadata key");
        require<input_error>(!metadata.contains(key), file, ": the metadata key '", key, "' appears twice");
        const auto type = from.number<std::uint32_t>("the type of " + key);
        metadata[key] = detail::gguf_value(from, type, key);
    }
    const std::size_t alignment = detail::gguf_alignment(metadata, file);

    std::vector<tensor_view> tensors(tensor_count);
    std::vector<std::uint64_t> offsets(tensor_count);
    for (std::size_t i = 0; i < tensor_count; ++i) {
        tensor_view& tensor = tensors[i];
        tensor.name = from.text("a tensor's name");
        const std::string what = message(file, ": tensor '", tensor.name, "'");
        const auto axes = from.number<std::uint32_t>("a tensor's number of dimensions");
        require<input_error>(axes <= 4, what, " has ", axes, " dimensions, at most 4 are allowed");
        tensor.shape.resize(axes);
        for (std::size_t axis = axes; axis-- > 0;) {
            const auto extent = from.number<std::uint64_t>("a tensor's dimension");
            require<input_error>(extent <= std::numeric_limits<std::size_t>::max(), what, " is too large");
            tensor.shape[axis] = static_cast<std::size_t>(extent);
        }
        tensor.type = detail::element_type_of_ggml(from.number<std::uint32_t>("a tensor's type"), what);
        offsets[i] = from.number<std::uint64_t>("a tensor's offset");
        require<input_error>(tensor.shape.empty() || tensor.shape.back() % block_elements(tensor.type) == 0, what,
                             ": rows of ", tensor.shape.empty() ? 1 : tensor.shape.back(), " do not fill blocks of ",
                             block_elements(tensor.type), " (", name_of(tensor.type), ")");
    }

    const std::size_t start = (from.position() + alignment - 1) / alignment * alignment;
    const std::span<const std::byte> data =
        start <= mapping.bytes().size() ? mapping.bytes().subspan(start) : std::span<const std::byte>{};
    std::vector<std::pair<std::uint64_t, std::size_t>> order(tensor_count);
    for (std::size_t i = 0; i < tensor_count; ++i) {
        tensor_view& tensor = tensors[i];
        const std::string what = message(file, ": tensor '", tensor.name, "'");
        const std::size_t bytes = bytes_of(tensor.type, checked_size(tensor.shape, what), what);
        require<input_error>(offsets[i] % alignment == 0, what, ": its offset ", offsets[i],
                             " is not a multiple of the alignment ", alignment);
        require<input_error>(offsets[i] <= data.size() && bytes <= data.size() - offsets[i], what, " of shape ",
                             text_of_shape(tensor.shape), " needs bytes ", offsets[i], " to ", offsets[i], " + ", bytes,
                             " of the data, but the file holds ", data.size(), " (is it cut short?)");
        tensor.bytes = data.subspan(static_cast<std::size_t>(offsets[i]), bytes);
        order[i] = {offsets[i], i};
    }
    std::sort(order.begin(), order.end());
    for (std::size_t i = 1; i < order.size(); ++i) {
        const tensor_view &before = tensors[order[i - 1].second], &after = tensors[order[i].second];
        require<input_error>(order[i - 1].first + before.bytes.size() <= order[i].first, file, ": the tensors '",
                             before.name, "' and '", after.name, "' overlap");
    }
    std::vector<mapped_file> files;
    files.push_back(std::move(mapping));
    return {path, std::move(metadata), std::move(tensors), std::move(files)};
}

} // namespace preflearn
