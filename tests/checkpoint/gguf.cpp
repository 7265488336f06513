#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>

#include "../files.hpp"
#include "gguf_writer.hpp"

using namespace preflearn;
using test::bytes;

namespace {
std::string numbers(std::initializer_list<float> values) {
    std::string text;
    for (const float value : values) text += bytes(value);
    return text;
}
checkpoint_file read(const test::folder& folder, const test::gguf_writer& made) {
    return read_gguf(folder.write("m.gguf", made.file()));
}
std::string refusal_of(const test::gguf_writer& made) {
    const test::folder folder;
    return test::error_of([&] { (void)read(folder, made); });
}
} // namespace

TEST_CASE("metadata of every type keeps its value and kind") {
    test::gguf_writer made;
    made.key("u8", 0, bytes(std::uint8_t{200}));
    made.key("i8", 1, bytes(std::int8_t{-100}));
    made.key("u16", 2, bytes(std::uint16_t{60000}));
    made.key("i16", 3, bytes(std::int16_t{-30000}));
    made.number("u32", 4000000000U);
    made.key("i32", 5, bytes(std::int32_t{-2000000000}));
    made.key("f32", 6, bytes(1e-5F));
    made.flag("yes", true);
    made.text("text", "naïve\n");
    made.key("u64", 10, bytes(~std::uint64_t{0}));
    made.key("i64", 11, bytes(std::int64_t{-1} << 62));
    made.key("f64", 12, bytes(0.1));
    const std::vector<std::string> words{"a", "", "ccc"};
    made.texts("words", words);
    made.key("nested", 9,
             bytes(std::uint32_t{9}) + bytes(std::uint64_t{2}) + bytes(std::uint32_t{0}) + bytes(std::uint64_t{1}) +
                 "\x07" + bytes(std::uint32_t{7}) + bytes(std::uint64_t{0}));
    for (const std::uint32_t version : {2U, 3U}) {
        made.version = version;
        const test::folder folder;
        const auto metadata = read(folder, made).metadata();
        CHECK(metadata.at("u8") == 200);
        CHECK(metadata.at("i8") == -100);
        CHECK(metadata.at("u16") == 60000);
        CHECK(metadata.at("i16") == -30000);
        CHECK(metadata.at("u32") == 4000000000U);
        CHECK(metadata.at("i32") == -2000000000);
        CHECK(metadata.at("f32").get<float>() == 1e-5F);
        CHECK(metadata.at("yes") == true);
        CHECK(metadata.at("text") == "naïve\n");
        CHECK(metadata.at("u64") == ~std::uint64_t{0});
        CHECK(metadata.at("i64") == std::int64_t{-1} << 62);
        CHECK(metadata.at("f64") == 0.1);
        CHECK(metadata.at("words") == words);
        CHECK(metadata.at("nested") == nlohmann::json{{7}, nlohmann::json::array()});
    }
}

TEST_CASE("the alignment may be an integer of any type") {
    for (const auto& [type, value] :
         {std::pair{0U, bytes(std::uint8_t{64})}, std::pair{1U, bytes(std::int8_t{64})},
          std::pair{2U, bytes(std::uint16_t{64})}, std::pair{3U, bytes(std::int16_t{64})},
          std::pair{4U, bytes(std::uint32_t{64})}, std::pair{5U, bytes(std::int32_t{64})},
          std::pair{10U, bytes(std::uint64_t{64})}, std::pair{11U, bytes(std::int64_t{64})}}) {
        test::gguf_writer made;
        made.alignment = 64;
        made.key("general.alignment", type, value);
        for (const char* const name : {"a", "b"})
            made.tensors.push_back({.name = name, .dimensions = {1}, .type = 0, .data = bytes(3.5F)});
        const test::folder folder;
        CHECK(all_values<float>(read(folder, made).at("b")) == std::vector<float>{3.5F});
    }
}

TEST_CASE("dimensions are turned to row-major order, and data is found at any alignment") {
    for (const std::uint32_t alignment : {8U, 32U, 256U}) {
        test::gguf_writer made;
        made.alignment = alignment;
        made.number("general.alignment", alignment);
        made.tensors = {{"m", {3, 2}, 0, numbers({0, 1, 2, 3, 4, 5})},
                        {"h", {2}, 1, bytes(std::uint16_t{0x3c00}) + bytes(std::uint16_t{0xc000})},
                        {"q", {32, 1}, 8, bytes(std::uint16_t{0x3800}) + std::string(32, '\x03')}};
        const test::folder folder;
        const checkpoint_file file = read(folder, made);
        CHECK(file.at("m").shape == std::vector<std::size_t>{2, 3});
        CHECK(all_values<float>(file.at("m")) == std::vector<float>{0, 1, 2, 3, 4, 5});
        CHECK(all_values<float>(file.at("h")) == std::vector<float>{1, -2});
        CHECK(file.at("q").type == element_type::q8_0);
        CHECK(all_values<double>(file.at("q")) == std::vector<double>(32, 1.5));
    }
}

TEST_CASE("a malformed GGUF file is an error that says where and what") {
    test::gguf_writer good;
    good.tensors = {{"a", {8}, 0, std::string(32, '\0')}, {"b", {8}, 0, std::string(32, '\0')}};
    CHECK(refusal_of(good) == "");

    test::gguf_writer made = good;
    made.version = 1;
    CHECK(test::contains(refusal_of(made), "GGUF version 1; versions 2 and 3 are read"));
    made.version = 3U << 24;
    CHECK(test::contains(refusal_of(made), "big-endian"));

    made = good;
    made.text("k", "1");
    made.text("k", "2");
    CHECK(test::contains(refusal_of(made), "metadata key 'k' appears twice"));

    made = good;
    made.tensors[1].name = "a";
    CHECK(test::contains(refusal_of(made), "two tensors are named 'a'"));

    made = good;
    made.tensors[1].dimensions = {9};
    CHECK(test::contains(refusal_of(made),
                         "tensor 'b' of shape [9] needs bytes 32 to 32 + 36 of the data, but the file holds 64"));

    made = good;
    made.tensors[0].dimensions = {16};
    CHECK(test::contains(refusal_of(made), "the tensors 'a' and 'b' overlap"));

    made = good;
    made.tensors[0].dimensions = {std::uint64_t{1} << 33, std::uint64_t{1} << 33};
    CHECK(test::contains(refusal_of(made), "too many elements"));

    made = good;
    made.tensors[0].dimensions = {1, 1, 1, 1, 8};
    CHECK(test::contains(refusal_of(made), "5 dimensions"));

    made = good;
    made.tensors[0].type = 8;
    CHECK(test::contains(refusal_of(made), "rows of 8 do not fill blocks of 32 (Q8_0)"));

    made = good;
    made.tensors[0].type = 16;
    CHECK(test::contains(refusal_of(made), "tensor 'a': ggml's tensor type 16 is not read"));

    made = good;
    made.number("general.alignment", 24);
    CHECK(test::contains(refusal_of(made), "general.alignment is 24, a power of two was expected"));
    const auto refused_alignment = [](std::uint32_t type, const std::string& value) {
        test::gguf_writer other;
        other.key("general.alignment", type, value);
        return refusal_of(other);
    };
    CHECK(test::contains(refused_alignment(5, bytes(std::int32_t{-32})), "general.alignment is -32, a power of two"));
    CHECK(test::contains(refused_alignment(6, bytes(32.0F)), "is the floating-point number 32.0, a power of two"));
    CHECK(test::contains(refused_alignment(8, test::gguf_text("32")), "is the text \"32\", a power of two"));
    CHECK(test::contains(refused_alignment(10, bytes(std::uint64_t{1} << 40)), "general.alignment is 1099511627776"));
    made.keys.clear();
    made.number("general.alignment", 64);
    CHECK(test::contains(refusal_of(made), "tensor 'b': its offset 32 is not a multiple of the alignment 64"));

    made = good;
    made.key("k", 13, "");
    CHECK(test::contains(refusal_of(made), "the value of k has the unknown type 13"));
    made.keys.clear();
    made.key("k", 8, bytes(~std::uint64_t{0}));
    CHECK(test::contains(refusal_of(made), "the value of k needs 18446744073709551615 bytes"));
    made.keys.clear();
    made.key("k", 9, bytes(std::uint32_t{8}) + bytes(std::uint64_t{1} << 61));
    CHECK(test::contains(refusal_of(made), "the array length of k is 2305843009213693952"));
    std::string deep;
    for (int i = 0; i < 6; ++i) deep += bytes(std::uint32_t{9}) + bytes(std::uint64_t{1});
    made.keys.clear();
    made.key("k", 9, deep);
    CHECK(test::contains(refusal_of(made), "nests arrays"));

    const test::folder folder;
    CHECK(test::contains(test::error_of([&] { (void)read_gguf(folder.write("x", "{\"a\": 1}")); }),
                         "does not begin with 'GGUF'"));
}
