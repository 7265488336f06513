// Checkpoints of field reports.
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/text/text_policy.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;

TEST_CASE("a stored head that config.json ties away is used, and this is said") {
    const std::filesystem::path folder = test::field_file("tied_with_other_head");
    if (folder.empty()) return;
    const text_policy<transformer<float>> policy = load_text_policy<float>(folder);
    REQUIRE(policy.notes().size() == 1);
    CHECK(test::contains(policy.notes()[0], "the stored head is used"));
    // transformers 5.24: AutoModelForCausalLM on the ids of prompt and response, encoded apart
    CHECK(policy.log_prob("hello world", " I'm fine, thanks!\n\n1. yes") == doctest::Approx(-104.257).epsilon(1e-5));
    CHECK(policy.log_prob("hello world", " no") == doctest::Approx(-7.858).epsilon(1e-4));
}

TEST_CASE("a norm's epsilon that a GGUF file lacks is an error that names the key") {
    const std::filesystem::path file = test::field_file("no_rms_epsilon.gguf");
    if (file.empty()) return;
    CHECK(test::contains(test::error_of([&] { (void)load_transformer<float>(file); }),
                         "llama.attention.layer_norm_rms_epsilon: a number was expected, found nothing"));
}

TEST_CASE("an alignment that is a signed integer is read") {
    const std::filesystem::path file = test::field_file("alignment_int32.gguf");
    if (file.empty()) return;
    CHECK(read_gguf(file).tensors().size() == 1);
}
