#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <preflearn/pipeline/teacher_folder/model_identity.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a model is known by weights, tokenizer and chat template, wherever it lies") {
    const test::folder f;
    for (const char* const name : {"a", "b"}) {
        std::filesystem::create_directory(f / name);
        f.write(std::string(name) + "/config.json", "{}");
        f.write(std::string(name) + "/model.safetensors", "w");
        f.write(std::string(name) + "/tokenizer.json", "t");
    }
    f.write("b/README.md", "of no account");
    const outside_model wanted{(f / "a").string(), identify_model(f / "a")};
    CHECK(identify_model(f / "b") == wanted.identity);
    CHECK(find_model(wanted, f / "teacher", {}, "the base model") == f / "a");
    CHECK(find_model(wanted, f / "teacher", f / "b", "the base model") == f / "b");
    f.write("b/chat_template.jinja", "{{ x }}");
    CHECK(other_parts(identify_model(f / "b"), wanted.identity) == "another chat template");
    f.write("b/tokenizer.json", "u");
    CHECK(test::contains(test::error_of([&] { find_model(wanted, f / "teacher", f / "b", "the base model"); }),
                         "another tokenizer and another chat template than the base model of the teacher"));
    std::filesystem::remove_all(f / "b");
    std::filesystem::rename(f / "a", f / "b");
    CHECK(test::contains(test::error_of([&] { find_model(wanted, f / "teacher", {}, "the base model"); }),
                         "is not there; --model says where it is"));
    std::filesystem::create_directory(f / "moved"); // a teacher that was taken along with its model
    std::filesystem::rename(f / "b", f / "moved/a");
    CHECK(find_model(wanted, f / "moved/teacher", {}, "the base model") == f / "moved/a");
    f.write("moved/a/model.safetensors", "v");
    CHECK(test::contains(test::error_of([&] { find_model(wanted, f / "moved/teacher", {}, "the base model"); }),
                         "is another one now: "));
    f.write("file.gguf", "GGUF?");
    CHECK(test::contains(test::error_of([&] { identify_model(f / "none"); }), "none"));
}
