#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../files.hpp"
#include "gguf_writer.hpp"
#include "largest_allocation.hpp"

using namespace preflearn;

namespace {

std::string small_gguf() {
    test::gguf_writer made;
    made.text("general.architecture", "llama");
    made.number("general.alignment", 32);
    made.key("x", 12, test::bytes(0.5));
    made.texts("words", std::vector<std::string>{"one", "two", "three"});
    made.numbers<float>("scores", 6, std::vector<float>{1, 2, 3});
    made.tensors = {{"f32", {4, 2}, 0, std::string(32, 'a')},
                    {"q8", {32}, 8, std::string(34, 'b')},
                    {"q4k", {256}, 12, std::string(144, 'c')},
                    {"f16", {3}, 1, std::string(6, 'd')}};
    return made.file();
}

std::string small_safetensors(const test::folder& folder) {
    const std::vector<float> values(12, 0.25F);
    const auto half = encode_values(std::span(values), element_type::f16);
    write_safetensors(folder / "good", std::vector{as_tensor<float>("layer.weight", {3, 4}, values),
                                                   {"h", element_type::f16, {12}, half}});
    return test::read(folder / "good");
}

/// Reads damaged content; the only ways out are success and preflearn::error.
template <class Read> bool is_refused(const test::folder& folder, const std::string& content, Read read) {
    const auto path = folder.write("damaged", content);
    try {
        const checkpoint_file file = read(path);
        for (const tensor_view& tensor : file.tensors()) (void)all_values<float>(tensor);
        return false;
    } catch (const error&) {
        return true;
    }
}

} // namespace

TEST_CASE("a GGUF or safetensors file cut short anywhere is refused") {
    const test::folder folder;
    const std::string gguf = small_gguf(), safetensors = small_safetensors(folder);
    for (std::size_t length = 0; length < gguf.size(); ++length) {
        CAPTURE(length);
        REQUIRE(is_refused(folder, gguf.substr(0, length), read_gguf<>));
    }
    for (std::size_t length = 0; length < safetensors.size(); ++length) {
        CAPTURE(length);
        REQUIRE(is_refused(folder, safetensors.substr(0, length), read_safetensors<>));
    }
    CHECK(!is_refused(folder, gguf, read_gguf<>));
    CHECK(!is_refused(folder, safetensors, read_safetensors<>));
}

TEST_CASE("flipped bits are read or refused, and never cost absurd memory") {
    const test::folder folder;
    const std::string gguf = small_gguf(), safetensors = small_safetensors(folder);
    generator random(5, "flips");
    int refused = 0;
    test::largest_allocation = 0;
    for (int trial = 0; trial < 3000; ++trial) {
        refused += is_refused(folder, test::with_flips(gguf, random), read_gguf<>);
        refused += is_refused(folder, test::with_flips(safetensors, random), read_safetensors<>);
    }
    CHECK(refused > 1000);
    CHECK(refused < 6000);
    CHECK(test::largest_allocation < 1U << 20); // stream buffers and messages included
}

TEST_CASE("every 64-bit field of a GGUF header may be absurd") {
    const test::folder folder;
    const std::string gguf = small_gguf();
    test::largest_allocation = 0;
    for (const std::uint64_t value :
         {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{1} << 40, std::uint64_t{100000}}) {
        for (std::size_t at = 4; at + 8 < gguf.size(); ++at) {
            std::string content = gguf;
            content.replace(at, 8, test::bytes(value));
            (void)is_refused(folder, content, read_gguf<>);
        }
    }
    CHECK(test::largest_allocation < 1U << 20);
}
