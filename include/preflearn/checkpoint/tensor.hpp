/// \file
/// A named tensor as it lies in a checkpoint, and the conversion of any range of it to numbers. Conversion is by
/// range so that a loader can fill its own arrays in parallel without a second copy of the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/core/stored/stored_values.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A view: the bytes belong to a mapping (see `checkpoint_file`) or to the caller.
struct tensor_view {
    std::string name;
    element_type type = element_type::f32;
    std::vector<std::size_t> shape;   ///< row-major, outermost first, as PyTorch shows it; {} is one number
    std::span<const std::byte> bytes; ///< whole blocks, `bytes_of(type, size())` of them; any alignment

    /// The number of elements.
    [[nodiscard]] std::size_t size() const {
        std::size_t count = 1;
        for (const std::size_t extent : shape) count *= extent;
        return count;
    }
};

/// "[576, 1536]", for messages.
inline std::string text_of_shape(std::span<const std::size_t> shape) {
    std::string text = "[";
    for (const std::size_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
    return text + "]";
}

/// The number of elements of a shape from a file. \throws input_error naming `what` when it does not fit in 63 bits.
inline std::size_t checked_size(std::span<const std::size_t> shape, const std::string& what) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 16; // so that bytes fit as well
    std::size_t count = 1;
    for (const std::size_t extent : shape) {
        require<input_error>(extent == 0 || count <= most / extent, what, ": the shape ", text_of_shape(shape),
                             " has too many elements");
        count *= extent;
    }
    return count;
}

/// Writes elements first … first + out.size() - 1 of the flattened tensor to `out`, converted or dequantised
/// (quantised types in float, then widened). Thread safe; any range is allowed, whole blocks are quickest.
/// \throws argument_error when the range reaches beyond the tensor or its bytes.
template <std::floating_point T> void read_values(const tensor_view& tensor, std::size_t first, std::span<T> out) {
    const std::size_t size = tensor.size();
    require(first <= size && out.size() <= size - first, "tensor ", tensor.name, ": elements ", first, " to ",
            first + out.size(), " were asked of ", size);
    require(tensor.bytes.size() / block_bytes(tensor.type) * block_elements(tensor.type) >= first + out.size(),
            "tensor ", tensor.name, ": ", tensor.bytes.size(), " bytes are too few for ", size, " elements of type ",
            name_of(tensor.type));
    decode_values(tensor.type, tensor.bytes, first, out);
}

/// All values of a tensor.
template <std::floating_point T> std::vector<T> all_values(const tensor_view& tensor) {
    require(bytes_of(tensor.type, tensor.size(), tensor.name) <= tensor.bytes.size(), "tensor ", tensor.name, ": ",
            tensor.bytes.size(), " bytes are too few for shape ", text_of_shape(tensor.shape));
    std::vector<T> values(tensor.size());
    read_values(tensor, 0, std::span(values));
    return values;
}

/// A view of numbers in memory as a tensor (F32 or F64) for writing; `values` must outlive it.
/// \throws argument_error when the shape does not have values.size() elements.
template <std::floating_point T>
tensor_view as_tensor(std::string name, std::vector<std::size_t> shape, std::span<const T> values) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    tensor_view view{std::move(name), sizeof(T) == 4 ? element_type::f32 : element_type::f64, std::move(shape),
                     std::as_bytes(values)};
    require(view.size() == values.size(), "tensor ", view.name, ": ", values.size(), " values for shape ",
            text_of_shape(view.shape));
    return view;
}

} // namespace preflearn
