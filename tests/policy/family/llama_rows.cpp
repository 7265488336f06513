#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

using namespace preflearn;

TEST_CASE("Llama's followers have the tensors that each Llama has, and what they have besides is their own") {
    const auto llamas = [](const decoder_family& family) {
        std::vector<tensor_entry> rows;
        for (tensor_entry entry : family.tensors) {
            entry.gguf.form = stored_form::plain;
            const bool shared = std::ranges::any_of(families::llama.tensors, [&](const tensor_entry& other) {
                return other.when == config_field::fixed && other.role == entry.role && other.part == entry.part;
            });
            if (shared && entry.when == config_field::fixed) rows.push_back(entry);
        }
        return rows;
    };
    CHECK(llamas(families::llama).size() == 12);
    for (const auto& [family, own] :
         {std::pair{families::mistral, 0U}, {families::smollm3, 0U}, {families::qwen2, 3U}, {families::qwen3, 2U}}) {
        CAPTURE(family.model_type);
        CHECK(llamas(family) == llamas(families::llama));
        CHECK(family.tensors.size() == 12 + own);
    }
}

TEST_CASE("llama.cpp's rotary layout is that of queries and keys alone") {
    CHECK(families::llama.find(tensor_role::query)->gguf.form == stored_form::interleaved);
    CHECK(families::llama.find(tensor_role::key)->gguf.form == stored_form::interleaved);
    CHECK(families::llama.find(tensor_role::value)->gguf.form == stored_form::plain);
    CHECK(families::qwen3.find(tensor_role::query)->gguf.form == stored_form::plain);
}
