#include <doctest/doctest.h>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/gemma.hpp>
#include <preflearn/policy/family/llama.hpp>

using namespace preflearn;

TEST_CASE("a family is compared by its tables, and copies of it refer to the same") {
    decoder_family copy = families::llama;
    CHECK(copy == families::llama);
    copy.gguf_name = "";
    CHECK(copy != families::llama);
    CHECK(copy.find(tensor_role::head) == families::llama.find(tensor_role::head));
    CHECK(families::gemma.find(tensor_role::query, tensor_part::bias) == nullptr);
    CHECK(families::llama.find(tensor_role::query, tensor_part::bias)->when == config_field::attention_bias);
    CHECK(families::llama.rotary());
    CHECK(families::llama.mlp() == mlp_kind::gated);
}
