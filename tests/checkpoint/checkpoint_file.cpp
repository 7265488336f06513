#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/checkpoint_file.hpp>

#include "../files.hpp"

using namespace preflearn;

TEST_CASE("tensors are found by name, and the bytes live as long as any copy") {
    const test::folder folder;
    std::vector<mapped_file> files;
    files.emplace_back(folder.write("x", std::string(8, '\0')));
    const auto bytes = files[0].bytes();
    std::vector<tensor_view> tensors{{"b", element_type::f32, {1}, bytes.first(4)},
                                     {"a", element_type::f32, {1}, bytes.last(4)}};
    std::optional<checkpoint_file> first;
    first.emplace(folder / "x", nlohmann::json{{"k", 1}}, std::move(tensors), std::move(files));
    const checkpoint_file copy = *first;
    first.reset();
    CHECK(copy.tensors()[0].name == "b");
    CHECK(copy.find("a") == &copy.tensors()[1]);
    CHECK(all_values<float>(copy.at("b"))[0] == 0.0F);
    CHECK(copy.metadata().at("k") == 1);
    CHECK(copy.find("c") == nullptr);
    const std::string message = test::error_of([&] { (void)copy.at("c"); });
    CHECK(test::contains(message, (folder / "x").string()));
    CHECK(test::contains(message, "'c'"));
}

TEST_CASE("two tensors of one name are refused") {
    const auto make = [] {
        return checkpoint_file("f", {}, {{"a", element_type::f32, {0}, {}}, {"a", element_type::f32, {0}, {}}}, {});
    };
    CHECK(test::contains(test::error_of(make), "two tensors are named 'a'"));
}

TEST_CASE("what a file's metadata say is held to what is expected of them") {
    const checkpoint_file file("f", nlohmann::json{{"format", "a"}}, {}, {});
    file.expect("format", "a", "is no file of a");
    const auto error = [&](const char* name) { return test::error_of([&] { file.expect(name, "b", "is no b"); }); };
    CHECK(error("format") == "f: is no b (format: a there, b here)");
    CHECK(error("model") == "f: is no b (model: (missing) there, b here)");
}
