#include <doctest/doctest.h>

#include <concepts>
#include <filesystem>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/files/text_policy_loader.hpp>

#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;

TEST_CASE("policies over text are loaded for the processor, and a folder without a tokenizer is refused") {
    const test::folder folder;
    const std::filesystem::path& path = folder.path();
    static_assert(std::same_as<decltype(load_text_policy<float>(path)), text_policy<transformer<float, cpu_backend>>>);
    save_transformer(transformer<float>(test::grouped(), generator(1, "weights")), path);
    CHECK(test::contains(test::error_of([&] { (void)load_text_policy<float>(path); }), "tokenizer.json was expected"));
}
