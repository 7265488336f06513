#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <preflearn/checkpoint/safetensors.hpp>

#include "../files.hpp"
#include "gguf_writer.hpp"

using namespace preflearn;
using test::bytes;

namespace {
std::string file_of(const std::string& header, const std::string& data) {
    return bytes(std::uint64_t{header.size()}) + header + data;
}
std::string error_of(const std::string& content) {
    const test::folder folder;
    return test::error_of([&] { (void)read_safetensors(folder.write("m.safetensors", content)); });
}
const std::vector<float> six_values{0.5F, -1.25F, 3.0F, 1e-20F, 7.0F, 8.0F};
} // namespace

TEST_CASE("what is written is read back: names, shapes, types, values and metadata") {
    const test::folder folder;
    const auto half = encode_values(std::span(six_values).first(1), element_type::f16);
    const auto brain = encode_values(std::span(six_values), element_type::bf16);
    const std::vector<double> wide{0.1};
    const std::vector<tensor_view> tensors{{"h", element_type::f16, {1}, half},
                                           as_tensor<float>("m.weight", {2, 3}, six_values),
                                           {"b", element_type::bf16, {3, 2}, brain},
                                           as_tensor<double>("d", {}, wide),
                                           as_tensor<float>("none", {0, 3}, std::span(six_values).first(0))};
    write_safetensors(folder / "m.safetensors", tensors, {{"format", "pt"}, {"note", "naïve \"quoted\""}});
    const checkpoint_file file = read_safetensors(folder / "m.safetensors");
    CHECK(file.tensors().size() == tensors.size());
    for (const tensor_view& tensor : tensors) {
        const tensor_view& found = file.at(tensor.name);
        CHECK(found.shape == tensor.shape);
        CHECK(found.type == tensor.type);
        CHECK(all_values<double>(found) == all_values<double>(tensor));
        CHECK(reinterpret_cast<std::uintptr_t>(found.bytes.data()) % block_bytes(found.type) == 0);
    }
    CHECK(file.metadata() == nlohmann::json{{"format", "pt"}, {"note", "naïve \"quoted\""}});
}

TEST_CASE("the same tensors give the same bytes, and an empty file of tensors is valid") {
    const test::folder folder;
    const std::vector<tensor_view> tensors{as_tensor<float>("a", {6}, six_values)};
    write_safetensors(folder / "1", tensors);
    write_safetensors(folder / "2", tensors);
    CHECK(test::read(folder / "1") == test::read(folder / "2"));
    write_safetensors(folder / "none", {}, {});
    CHECK(read_safetensors(folder / "none").tensors().empty());
}

TEST_CASE("a file written by the safetensors package is read") {
    const std::string hex = read_json_file(PREFLEARN_TESTS "/checkpoint/golden/peer.json").at("file");
    std::string content;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        content += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    const test::folder folder;
    const checkpoint_file file = read_safetensors(folder.write("peer.safetensors", content));
    CHECK(file.tensors().size() == 7);
    CHECK(file.metadata().at("note") == "é");
    CHECK(file.at("half").shape == std::vector<std::size_t>{2, 3});
    CHECK(all_values<float>(file.at("half"))[2] == 65504.0F);
    CHECK(std::signbit(all_values<float>(file.at("half"))[5]));
    CHECK(all_values<float>(file.at("brain"))[0] == 1.0F);
    CHECK(all_values<double>(file.at("double")) == std::vector<double>{0.1});
    CHECK(file.at("empty").shape == std::vector<std::size_t>{0, 4});
    CHECK(all_values<float>(file.at("mask")) == std::vector<float>{1, 0, 1});
    CHECK(all_values<double>(file.at("count")) == std::vector<double>{-3, 0x1p40});
    CHECK(all_values<float>(file.at("single"))[3] == 1.0F);
}

TEST_CASE("a sharded model is read from its index or its folder") {
    const test::folder folder;
    write_safetensors(folder / "m-1.safetensors", std::vector{as_tensor<float>("a", {6}, six_values),
                                                              as_tensor<float>("unlisted", {6}, six_values)});
    write_safetensors(folder / "m-2.safetensors", std::vector{as_tensor<float>("b", {2, 3}, six_values)});
    const auto index = folder.write(
        "model.safetensors.index.json",
        R"({"metadata": {"total_size": 48}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}})");
    for (const auto& path : {index, folder.path()}) {
        const checkpoint_file file = read_safetensors(path);
        CHECK(file.tensors().size() == 2);
        CHECK(all_values<float>(file.at("a")) == six_values);
        CHECK(file.at("b").shape == std::vector<std::size_t>{2, 3});
    }
    write_safetensors(folder / "model.safetensors", std::vector{as_tensor<float>("whole", {6}, six_values)});
    CHECK(read_safetensors(folder.path()).find("whole") != nullptr); // the single file comes first, as in transformers

    const auto error_of_index = [&](std::string_view map) {
        const auto path = folder.write("bad.index.json", map);
        return test::error_of([&] { (void)read_safetensors(path); });
    };
    CHECK(test::contains(error_of_index(R"({"weight_map": {"c": "m-1.safetensors"}})"), "has no tensor 'c'"));
    CHECK(test::contains(error_of_index(R"({"weight_map": {"a": "../m-1.safetensors"}})"),
                         "a file name without folders was expected"));
    CHECK(test::contains(error_of_index(R"({"weight_map": {"a": ".."}})"), "a file name without folders was expected"));
    CHECK(test::contains(error_of_index(R"({"weight_map": {"a": "m-9.safetensors"}})"),
                         "m-9.safetensors: cannot be opened"));
    CHECK(test::contains(error_of_index(R"({"weight_map": {"a": 1}})"), "'a' is not a file name"));
    CHECK(test::contains(error_of_index("[]"), "weight_map"));
}

TEST_CASE("a folder with no or several candidate files says so") {
    const test::folder folder;
    CHECK(test::contains(test::error_of([&] { (void)read_safetensors(folder.path()); }), "it has 0 *.safetensors"));
    write_safetensors(folder / "x.safetensors", std::vector{as_tensor<float>("a", {6}, six_values)});
    CHECK(read_safetensors(folder.path()).find("a") != nullptr);
    write_safetensors(folder / "y.safetensors", {});
    CHECK(test::contains(test::error_of([&] { (void)read_safetensors(folder.path()); }), "it has 2 *.safetensors"));
}

TEST_CASE("a malformed safetensors file is an error that says what is wrong") {
    const std::string data(8, '\0');
    CHECK(error_of(file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", data)) == "");
    CHECK(test::contains(error_of("abc"), "3 bytes are too few"));
    CHECK(test::contains(error_of(bytes(~std::uint64_t{0}) + "{}"),
                         "the header's length is 18446744073709551615, but only 2"));
    CHECK(test::contains(error_of(file_of("[1]", "")), "does not begin with '{'"));
    CHECK(test::contains(error_of(file_of("{\"a\"", "")), "is not valid JSON"));
    CHECK(test::contains(error_of(file_of(R"({"a":1})", "")), "tensor 'a': dtype (a string)"));
    const auto entry = [&](std::string_view dtype, std::string_view shape, std::string_view offsets) {
        return error_of(file_of(
            message(R"({"a":{"dtype":)", dtype, R"(,"shape":)", shape, R"(,"data_offsets":)", offsets, "}}"), data));
    };
    CHECK(test::contains(entry(R"("F8_E4M3")", "[8]", "[0,8]"), "tensor 'a': the dtype 'F8_E4M3' is not read"));
    CHECK(test::contains(entry(R"("Q8_0")", "[8]", "[0,8]"), "is not read"));
    CHECK(test::contains(entry(R"("F32")", "[2]", "[0,9]"), "are not within the 8 bytes of data"));
    CHECK(test::contains(entry(R"("F32")", "[2]", "[8,0]"), "are not within"));
    CHECK(test::contains(entry(R"("F32")", "[3]", "[0,8]"),
                         "shape [3] of F32 takes 12 bytes, but its data_offsets hold 8"));
    CHECK(test::contains(entry(R"("F32")", "[-2]", "[0,8]"), "a natural number was expected, found -2"));
    CHECK(test::contains(entry(R"("F32")", "[4294967296, 4294967296]", "[0,8]"), "too many elements"));
    CHECK(test::contains(entry(R"("F32")", "[1]", "[4,8]"), "begins at byte 4 of the data, 0 was expected"));
    CHECK(test::contains(entry(R"("F32")", "[1]", "[0,4]"), "8 bytes of data, but the header describes 4"));
    const std::string one = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    CHECK(test::contains(error_of(file_of("{\"a\":" + one + ",\"a\":" + one + "}", data)), "'a' appears twice"));
    CHECK(test::contains(error_of(file_of("{\"a\":" + one + ",\"b\":" + one + "}", data)),
                         "begins at byte 0 of the data, 8 was expected"));
    CHECK(test::contains(error_of(file_of(R"({"__metadata__":{"k":1}})", "")), "'k' is not a string"));
}

TEST_CASE("what cannot be stored is refused before anything is written") {
    const test::folder folder;
    const auto error = [&](std::vector<tensor_view> tensors) {
        return test::error_of([&] { write_safetensors(folder / "m", tensors); });
    };
    const auto good = as_tensor<float>("a", {6}, six_values);
    CHECK(test::contains(error({good, good}), "'a': the name is taken"));
    CHECK(test::contains(error({as_tensor<float>("__metadata__", {6}, six_values)}), "the name is taken"));
    CHECK(test::contains(error({{"q", element_type::q8_0, {32}, good.bytes}}), "type Q8_0 cannot be written"));
    CHECK(test::contains(error({{"s", element_type::f32, {5}, good.bytes}}), "24 bytes for shape [5] of F32"));
    CHECK(test::contains(error({as_tensor<float>("\xff", {6}, six_values)}), "not valid UTF-8"));
    CHECK(!std::filesystem::exists(folder / "m"));
}

TEST_CASE("a header that nests a hundred thousand lists is refused and does not end the program") {
    const std::string deep = std::string(100000, '[') + std::string(100000, ']');
    CHECK(
        test::contains(error_of(file_of(R"({"a":{"dtype":"F32","shape":[)" + deep + R"(],"data_offsets":[0,0]}})", "")),
                       "a natural number was expected, found array"));
}
