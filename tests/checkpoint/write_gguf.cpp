#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/write_gguf.hpp>

#include "../files.hpp"
#include "gguf_writer.hpp"

using namespace preflearn;

namespace {

/// Writes a file again as it was read.
void copy_gguf(const checkpoint_file& file, const std::filesystem::path& to) {
    std::vector<gguf_tensor> tensors;
    for (const tensor_view& tensor : file.tensors()) tensors.push_back({tensor.name, tensor.type, tensor.shape});
    write_gguf(to, gguf_keys(file), tensors, [&](std::size_t t, const auto& put) { put(file.tensors()[t].bytes); });
}

test::gguf_writer every_kind_of_key(std::size_t alignment) {
    test::gguf_writer file;
    file.alignment = alignment;
    file.text("general.name", "na\xc3\xafve");
    file.number("general.alignment", static_cast<std::uint32_t>(alignment));
    file.key("an i8", 1, test::bytes(std::int8_t{-3}));
    file.key("a u64", 10, test::bytes(~std::uint64_t{0}));
    file.key("a float", 6, test::bytes(1e-6F)); // of which JSON would make a double
    file.flag("a flag", true);
    file.texts("texts", std::vector<std::string>{"a", "", "b"});
    const std::vector<float> scores{0.1F, -1000};
    file.numbers("scores", 6, std::span<const float>(scores));
    file.key("none", 9, test::bytes(std::uint32_t{8}) + test::bytes(std::uint64_t{0}));
    file.tensors.push_back({.name = "q", .dimensions = {256, 3}, .type = 12, .data = std::string(432, 'x')});
    file.tensors.push_back({.name = "one", .dimensions = {}, .type = 0, .data = std::string(4, 'y')});
    file.tensors.push_back({.name = "halves", .dimensions = {3, 2}, .type = 1, .data = std::string(12, 'z')});
    return file;
}

} // namespace

TEST_CASE("a file with keys of every type and tensors of several is written again as it was") {
    const test::folder folder;
    for (const std::size_t alignment : {8U, 32U, 64U}) {
        const auto first = folder.write("a.gguf", every_kind_of_key(alignment).file());
        copy_gguf(read_gguf(first), folder / "b.gguf");
        const std::string original = test::read(first), copied = test::read(folder / "b.gguf");
        CHECK(copied.starts_with(original)); // the last tensor is padded, too
        CHECK(copied.size() == (original.size() + alignment - 1) / alignment * alignment);
        const checkpoint_file again = read_gguf(folder / "b.gguf");
        CHECK(again.metadata() == read_gguf(first).metadata());
        copy_gguf(again, folder / "b.gguf"); // over itself, which is still mapped
        CHECK(test::read(folder / "b.gguf") == copied);
    }
}

TEST_CASE("a key takes the place of one of its name; version 2 becomes 3") {
    const test::folder folder;
    test::gguf_writer file;
    file.version = 2;
    file.number("general.file_type", 15);
    file.text("general.architecture", "x");
    std::vector<gguf_key> keys = gguf_keys(read_gguf(folder.write("a.gguf", file.file())));
    REQUIRE(keys.size() == 2);
    set_gguf_key(keys, gguf_number("general.file_type", 7));
    set_gguf_key(keys, gguf_text("general.name", "y"));
    write_gguf(folder / "b.gguf", keys, {}, [](std::size_t, const auto&) {});
    test::gguf_writer expected;
    expected.number("general.file_type", 7);
    expected.text("general.architecture", "x");
    expected.text("general.name", "y");
    CHECK(test::read(folder / "b.gguf") == expected.file());
}

TEST_CASE("what is no GGUF file is refused, and nothing stands where nothing was written") {
    const test::folder folder;
    const auto write = [&](std::vector<gguf_key> keys, std::vector<gguf_tensor> tensors, std::size_t bytes) {
        return test::error_of([&] {
            const std::vector<std::byte> data(bytes);
            write_gguf(folder / "a.gguf", keys, tensors, [&](std::size_t, const auto& put) { put(data); });
        });
    };
    CHECK(test::contains(write({}, {{"t", element_type::f32, {2}}}, 4), "'t': 8 bytes were expected, found 4"));
    CHECK(test::contains(write({}, {{"t", element_type::f32, {2}}}, 9), "'t': more than its 8 bytes"));
    CHECK(test::contains(write({}, {{"t", element_type::q8_0, {31}}}, 34), "a row of 't': 31 elements"));
    CHECK(test::contains(write({}, {{"t", element_type::u8, {1}}}, 1), "no tensors of type U8"));
    CHECK(test::contains(write({}, {{"t", element_type::f32, {1, 1, 1, 1, 1}}}, 4), "at most 4 axes, found 5"));
    CHECK(test::contains(write({}, {{"t", element_type::f32, {1}}, {"t", element_type::f32, {1}}}, 4), "two tensors"));
    CHECK(test::contains(write({gguf_number("k", 1), gguf_number("k", 2)}, {}, 0), "two keys 'k'"));
    CHECK(test::contains(write({gguf_number("general.alignment", 3)}, {}, 0), "a power of two was expected"));
    CHECK_FALSE(std::filesystem::exists(folder / "a.gguf"));
}
