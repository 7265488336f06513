#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/sequence_classifier.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const std::filesystem::path golden_heads = PREFLEARN_TESTS "/policy/golden/heads";

const any_backend<float>& float_heads() {
    static const any_backend<float> made = any_backend_of<float, cpu_backend>();
    return made;
}

struct scored_texts {
    std::vector<std::vector<token_id>> ids;
    std::vector<double> scores;
    [[nodiscard]] std::vector<token_completion> all() const {
        std::vector<token_completion> completions;
        for (std::size_t i = 0; i < ids.size(); i += 2) completions.push_back({ids[i], ids[i + 1]});
        return completions;
    }
};

scored_texts golden_scores(const std::string& family) {
    const nlohmann::json golden = read_json_file(golden_heads / family / "golden.json");
    scored_texts texts;
    texts.scores = golden.at("scores").get<std::vector<double>>();
    for (const nlohmann::json& one : golden.at("completions"))
        for (const char* const part : {"prompt", "response"})
            texts.ids.push_back(one.at(part).get<std::vector<token_id>>());
    return texts;
}

} // namespace

TEST_CASE("a reward model of transformers has its scores, and is written as it was") {
    const test::folder f;
    for (const std::string family : {"llama", "qwen2", "gemma3", "gpt2"}) {
        CAPTURE(family);
        const std::filesystem::path from = golden_heads / family;
        CHECK(is_sequence_classifier(from));
        const scored_texts texts = golden_scores(family);
        const any_scalar_head<float> head = load_scalar_head(float_heads(), from);
        const std::vector<double> scores = head.rewards(texts.all());
        REQUIRE(scores.size() == texts.scores.size());
        for (std::size_t i = 0; i < scores.size(); ++i)
            CHECK(std::abs(scores[i] - texts.scores[i]) < 1e-5 * std::max(1.0, std::abs(texts.scores[i])));

        save_sequence_classifier(head, f / family, 19);
        const auto again = load_scalar_head(float_heads(), f / family).rewards(texts.all());
        for (std::size_t i = 0; i < scores.size(); ++i) CHECK(again[i] == doctest::Approx(scores[i]).epsilon(1e-6));
        const nlohmann::json before = read_json_file(from / "config.json"),
                             after = read_json_file(f / family / "config.json");
        for (const char* const same : {"architectures", "id2label", "label2id", "pad_token_id", "model_type"})
            CHECK(after.at(same) == before.at(same));
        const checkpoint_file stored = read_safetensors(from), written = read_safetensors(f / family);
        CHECK(stored.tensors().size() == written.tensors().size());
        for (const tensor_view& tensor : stored.tensors())
            if (family != "gemma3") // whose norms' weights, less one, are rounded
                CHECK(std::ranges::equal(tensor.bytes, written.at(tensor.name).bytes));
        CHECK(test::contains(test::error_of([&] { (void)load_any_transformer(float_heads(), from); }),
                             "a language model was expected"));
    }
}

TEST_CASE("a language model has a head of zeros, and what predicts tokens never learns with it") {
    const std::filesystem::path lm = PREFLEARN_TESTS "/policy/golden/llama";
    CHECK_FALSE(is_sequence_classifier(lm));
    CHECK_FALSE(is_sequence_classifier(lm / "model.gguf"));
    const scored_texts texts = golden_scores("llama");
    for (const std::filesystem::path& model : {lm, lm / "model.gguf"}) {
        any_scalar_head<float> head = load_scalar_head(float_heads(), model, trained_tensors_named("last:1"));
        CHECK(head.rewards(texts.all()) == std::vector<double>(texts.scores.size()));
        CHECK_FALSE(head.model().weights().trained_offset(head.model().layout().head().weight).has_value());
        CHECK(head.parameters().size() > 16);
    }
    any_scalar_head<float> alone = load_scalar_head(float_heads(), lm, trained_tensors_named("head"));
    CHECK(alone.parameters().size() == 16);
    any_scalar_head<float> adapted(with_adapter(load_scalar_head(float_heads(), lm).model(), {.rank = 2}));
    CHECK_FALSE(adapted.model().weights().adapters().empty());
    const test::folder f;
    adapted.write_head([](std::span<float> v) { std::ranges::fill(v, 0.5f); });
    save_sequence_classifier(adapted, f / "merged");
    CHECK(read_json_file(f / "merged/config.json").at("pad_token_id").is_null());
    const auto expected = adapted.rewards(texts.all()),
               found = load_scalar_head(float_heads(), f / "merged").rewards(texts.all());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-5));
}

TEST_CASE("a head of several labels, or of another width, is refused") {
    const test::folder f;
    const checkpoint_file stored = read_safetensors(golden_heads / "llama");
    const auto written = [&](std::vector<std::size_t> shape) {
        std::vector<tensor_view> views(stored.tensors().begin(), stored.tensors().end());
        std::vector<std::byte> bytes(shape[0] * shape[1] * 4);
        for (tensor_view& tensor : views)
            if (tensor.name == "score.weight") tensor = {tensor.name, tensor.type, shape, bytes};
        write_safetensors(f / "model.safetensors", views);
        return test::error_of([&] { (void)load_scalar_head(float_heads(), f / ""); });
    };
    f.write("config.json", test::read(golden_heads / "llama/config.json"));
    CHECK(test::contains(written({2, 16}), "'score.weight' has 2 labels (num_labels), and a reward has one"));
    CHECK(test::contains(written({1, 8}), "shape [1, 16] was expected, found [1, 8]"));
    CHECK(written({1, 16}).empty());
}
