/// \file
/// Pre-tokenisers by the names that GGUF files give them (`tokenizer.ggml.pre`), after the table of llama.cpp's
/// src/llama-vocab.cpp. Where that table adapts a model's expression to what its engine can do, the model's own
/// expression is taken.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/steps/patterns.hpp>
#include <preflearn/text/steps/pretokenise.hpp>

namespace preflearn {

/// One way to cut texts before byte-level merges.
struct named_pretokeniser {
    std::string_view names; ///< with spaces between; the first is the best known
    std::vector<std::string_view> expressions;
    bool whole_words = false; ///< a piece that is a token is not merged from its bytes
    bool adds_begin = false;  ///< files that do not say whether a begin token is added mean that it is

    [[nodiscard]] std::string_view name() const { return names.substr(0, names.find(' ')); }
    [[nodiscard]] bool has(std::string_view name) const {
        for (std::size_t at = 0; at < names.size();) {
            const std::size_t end = std::min(names.find(' ', at), names.size());
            if (names.substr(at, end - at) == name) return true;
            at = end + 1;
        }
        return false;
    }
};

/// All that are known. "default" is what llama.cpp takes when a file names none.
inline const std::vector<named_pretokeniser>& named_pretokenisers() {
    using namespace patterns;
    static const std::vector<named_pretokeniser> table{
        {"default", {default_punctuation, gpt2, numbers, three_digits}},
        {"gpt-2 phi-2 mpt olmo jais trillion gigachat mellum exaone4 a.x-4.0 modern-bert granite-docling jina-es "
         "jina-de "
         "jina-v2-es jina-v2-de",
         {gpt2}},
        {"starcoder smollm refact command-r codeshell exaone minerva-7b mellum2", {number, gpt2}},
        {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", {llama3}, true, true},
        {"dbrx smaug-bpe glm4 chatglm-bpe", {llama3}},
        {"qwen2 stablelm2 deepseek-r1-qwen megrez hunyuan solar-open grok-2 kormo f2llmv2", {qwen2}},
        {"qwen35", {qwen35}},
        {"gpt-4o llama4 kanana2 talkie minimax-m2", {o200k}},
        {"tekken", {tekken}, true, true},
        {"kimi-k2", {kimi}},
        {"falcon", {falcon_punctuation, gpt2, three_digits}},
        {"deepseek-llm",
         {line_end, deepseek_words, deepseek_punctuation, deepseek_end_of_spaces, deepseek_east_asian, numbers}},
        {"deepseek-coder", {line_end, R"(\s?\p{L}+)", R"(\s?\p{P}+)", deepseek_east_asian, number}},
        {"deepseek-v3 hunyuan-dense joyai-llm hy_v4", {numbers_by_three, deepseek3_east_asian, deepseek3}},
        {"bloom poro-chat gpt3-finnish", {bloom}},
        {"viking", {bloom, number}},
        {"bailingmoe bailingmoe2 llada-moe", {bailing}},
        {"seed-coder", {seed_coder}},
        {"exaone-moe", {exaone_moe}},
        {"jais-2", {jais2}},
        {"minicpm5", {numbers_by_three, minicpm5}, true},
        {"laguna", {R"([^\n]+|[\n]+)", qwen2}},
        {"ufakzeka", {qwen2.substr(qwen2.find('|', qwen2.find(')')) + 1)}}, // without contractions
        {"chameleon",
         {chameleon_sentinel, chameleon_image, chameleon_space, number, chameleon_punctuation, gpt2},
         false,
         true},
    };
    return table;
}

/// Names that llama.cpp knows and this library does not: their texts are not cut by expressions alone.
inline bool is_foreign_pretokeniser(std::string_view name) {
    constexpr std::string_view foreign[] = {
        "gemma4",     "sarvam-moe",   "whitespace",  "afmoe", "superbpe", "tiny_aya",
        "cohere2moe", "jina-v1-en",   "roberta-bpe", "youtu", "spark2_5", "granite-embed-multi-97m",
        "jina-v2-zh", "jina-v2-code", "hybriddna",   "rwkv",  "plamo2",   "granite-embed-multi-311m"};
    return std::find(std::begin(foreign), std::end(foreign), name) != std::end(foreign);
}

/// The first names of all, with commas between.
inline std::string known_pretokenisers() {
    std::string all;
    for (const auto& known : named_pretokenisers()) (all += all.empty() ? "" : ", ") += known.name();
    return all;
}

/// Nothing for a name that is not known.
inline const named_pretokeniser* find_pretokeniser(std::string_view name) {
    const auto& table = named_pretokenisers();
    const auto found = std::find_if(table.begin(), table.end(), [&](const auto& known) { return known.has(name); });
    return found == table.end() ? nullptr : &*found;
}

/// \throws argument_error listing the names when there is no such pre-tokeniser.
inline const named_pretokeniser& pretokeniser_named(std::string_view name) {
    const named_pretokeniser* const found = find_pretokeniser(name);
    require(found != nullptr, "there is no pre-tokeniser ", excerpt{name}, "; there are ", known_pretokenisers(),
            " and other names for these");
    return *found;
}

/// The step that isolates the matches of an expression; those that are in many files are scanned or compiled once.
inline pretokenise_step isolating_step(std::string_view pattern) {
    if (pattern == patterns::gpt2) return gpt2_split();
    if (pattern == patterns::number) return number_split{1};
    if (pattern == patterns::numbers_by_three) return number_split{3};
    if (pattern == patterns::numbers) return number_split{std::numeric_limits<std::size_t>::max()};
    return expression_split{expression(std::string(pattern))};
}

/// The steps of a named pre-tokeniser; the last one writes the pieces in the byte alphabet.
inline std::vector<pretokenise_step> steps_of(const named_pretokeniser& named) {
    std::vector<pretokenise_step> steps;
    for (const std::string_view pattern : named.expressions) steps.push_back(isolating_step(pattern));
    steps.push_back(byte_level_step{.adds_space = false, .splits = false});
    return steps;
}

} // namespace preflearn
