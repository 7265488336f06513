#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../files.hpp"
#include "gguf_writer.hpp"

using namespace preflearn;

TEST_CASE("any range of a tensor equals that part of the whole, for every type") {
    generator random(3, "ranges");
    for (int i = 0; i <= static_cast<int>(element_type::q6_k); ++i) {
        const auto type = static_cast<element_type>(i);
        CAPTURE(name_of(type));
        const std::size_t size = 3 * std::max<std::size_t>(block_elements(type), 8);
        std::vector<std::byte> bytes(bytes_of(type, size) + 1);
        for (auto& byte : bytes)
            byte = static_cast<std::byte>(random.below(60)); // small enough to be finite everywhere
        const tensor_view tensor{"t", type, {3, size / 3}, std::span(bytes).subspan(1)}; // and not aligned
        const std::vector<double> whole = all_values<double>(tensor);
        for (int trial = 0; trial < 50; ++trial) {
            const std::size_t first = random.below(size + 1), count = random.below(size - first + 1);
            std::vector<double> part(count);
            read_values(tensor, first, std::span(part));
            CHECK(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)));
        }
    }
}

TEST_CASE("values survive storing as far as the type carries them") {
    generator random(4, "store");
    std::vector<double> values(100);
    for (double& value : values) value = random.normal();
    for (const auto& [type, precision] : {std::pair{element_type::f64, 0.0},
                                          {element_type::f32, 0x1p-24},
                                          {element_type::f16, 0x1p-11},
                                          {element_type::bf16, 0x1p-8}}) {
        const auto bytes = encode_values(std::span<const double>(values), type);
        const auto back = all_values<double>(tensor_view{"t", type, {100}, bytes});
        for (std::size_t i = 0; i < values.size(); ++i)
            CHECK(std::abs(back[i] - values[i]) <= precision * std::abs(values[i]) + 1e-7 * (precision > 0x1p-20));
    }
    CHECK_THROWS_AS(encode_values(std::span<const double>(values), element_type::q4_0), argument_error);
}

TEST_CASE("a range beyond the tensor, or a tensor with too few bytes, is an argument_error that names the tensor") {
    std::vector<float> values(6), out(4);
    const tensor_view tensor = as_tensor<float>("w", {2, 3}, values);
    CHECK(test::contains(test::error_of([&] { read_values(tensor, 3, std::span(out)); }),
                         "tensor w: elements 3 to 7 were asked of 6"));
    CHECK_THROWS_AS(read_values(tensor, ~std::size_t{0}, std::span(out)), argument_error);
    read_values(tensor, 6, std::span(out).first(0));
    const tensor_view cut{"cut", element_type::f32, {1000000, 1000000}, tensor.bytes};
    CHECK(test::contains(test::error_of([&] { (void)all_values<float>(cut); }), "cut"));
    CHECK_THROWS_AS(read_values(cut, 10, std::span(out)), argument_error);
    CHECK_THROWS_AS(as_tensor<float>("w", {2, 2}, values), argument_error);
}

TEST_CASE("a scalar has one element and a tensor with an extent of zero none") {
    const std::vector<double> one{2.5};
    CHECK(all_values<float>(as_tensor<double>("s", {}, one)) == std::vector<float>{2.5F});
    CHECK(all_values<float>(as_tensor<double>("e", {3, 0}, std::span(one).first(0))).empty());
}

TEST_CASE("a shape from a file whose size overflows is an input_error") {
    const std::size_t half = std::size_t{1} << 40;
    CHECK_THROWS_AS(checked_size(std::vector{half, half}, "t"), input_error);
    CHECK(checked_size(std::vector<std::size_t>{0, half, half}, "t") == 0);
    CHECK(checked_size(std::vector<std::size_t>{5, 7}, "t") == 35);
    CHECK_THROWS_AS(bytes_of(element_type::q8_0, 33), input_error);
}
