#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <filesystem>
#include <string>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/qwen2.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/files/transformer_loader.hpp>

#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;

TEST_CASE("models are loaded for the processor and of every family, unless it is said otherwise") {
    const std::filesystem::path path;
    static_assert(std::same_as<decltype(load_transformer<float>(path)), transformer<float, cpu_backend>>);
    const test::folder folder;
    save_transformer(transformer<float>(test::grouped(), generator(1, "weights")), folder.path());
    CHECK(load_transformer<float>(folder.path()).config().family.model_type == "llama");
    const std::array<decoder_family, 1> one{families::qwen2};
    const std::string refused = test::error_of([&] { load_transformer<float>(folder.path(), {}, one); });
    CHECK(test::contains(refused, "\"qwen2\" was expected, found \"llama\""));
}
