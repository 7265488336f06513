/// \file
/// Which named pre-tokeniser a byte-level vocabulary belongs to, when its file does not say. Merges never cross the end
/// of a piece, so a vocabulary has no token that its own pattern would cut: the finest pattern that leaves the tokens
/// whole is the one. Control tokens (<|begin_of_text|>) tell families apart whose vocabularies are cut down or alike.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/text/characters/byte_alphabet.hpp>
#include <preflearn/text/encode/vocabulary.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>

namespace preflearn {

/// What a vocabulary looks like.
struct recognised_pretokeniser {
    std::string_view name;
    std::string witness; ///< what it was recognised by
};

namespace detail {

/// By control tokens that one family has alone.
inline std::optional<recognised_pretokeniser> recognise_by_names(const vocabulary& words) {
    const auto has = [&](std::string_view text) { return words.find(text).has_value(); };
    const auto by = [](std::string_view name, std::string_view witness) {
        return recognised_pretokeniser{name, std::string(witness)};
    };
    if (has("<|begin_of_text|>")) {
        if (has("<|header_start|>")) return by("llama4", "<|header_start|>");
        return by("llama-bpe", "<|begin_of_text|>");
    }
    if (has("<｜begin▁of▁sentence｜>")) {
        if (has("<｜place▁holder▁no▁0｜>")) return by("deepseek-v3", "<｜place▁holder▁no▁0｜>");
        if (has("<|vision_start|>") || has("<|im_start|>")) return by("deepseek-r1-qwen", "<｜begin▁of▁sentence｜>");
        if (has("<|EOT|>") && !has("<｜User｜>")) return by("deepseek-coder", "<|EOT|>");
        return by("deepseek-llm", "<｜begin▁of▁sentence｜>");
    }
    if (has("[TOOL_CALLS]") || has("[AVAILABLE_TOOLS]")) return by("tekken", "[AVAILABLE_TOOLS]");
    if (has("<|START_OF_TURN_TOKEN|>")) return by("command-r", "<|START_OF_TURN_TOKEN|>");
    if (has("<|reg_extra|>")) return by("stablelm2", "<|reg_extra|>");
    if (has("<jupyter_start>") || has("<issue_start>")) return by("starcoder", "<jupyter_start>");
    if (has(">>TITLE<<")) return words.size() < 100000 ? by("falcon", ">>TITLE<<") : by("falcon3", ">>TITLE<<");
    if (has("<|endofprompt|>"))
        return words.size() < 150000 ? by("dbrx", "<|endofprompt|>") : by("gpt-4o", "<|endofprompt|>");
    const auto text = words.find("<|endoftext|>"), start = words.find("<|im_start|>"), end = words.find("<|im_end|>");
    if (text && start && end && *start == *text + 1 && *end == *text + 2 && *text > 0)
        return by(words.size() > 200000 ? "qwen35" : "qwen2", "<|im_start|>");
    if (text && start && *text == 0 && *start == 1) return by("smollm", "<|im_start|>");
    if (text && words.size() == 50257) return by("gpt-2", "its size");
    return std::nullopt;
}

/// How many of `tokens` (texts as they were before the byte alphabet) a pre-tokeniser would cut.
inline std::size_t cut_tokens(const named_pretokeniser& by, const std::vector<std::string>& tokens) {
    std::vector<pretokenise_step> steps = steps_of(by);
    steps.pop_back(); // the byte alphabet
    std::size_t cut = 0;
    for (const std::string& token : tokens) {
        text_pieces pieces(token);
        for (const auto& step : steps) pretokenise(pieces, step, text_position::start);
        cut += pieces.ends.size() > 1;
    }
    return cut;
}

/// The texts of the tokens that are not control tokens and are characters throughout.
inline std::vector<std::string> texts_of_merged_tokens(const vocabulary& words, const std::vector<bool>& is_added) {
    std::vector<std::string> texts;
    for (std::size_t id = 0; id < words.size(); ++id) {
        if (is_added[id]) continue;
        const auto text = bytes_from_alphabet(words.text(static_cast<token_id>(id)));
        bool whole = text.has_value();
        for (std::size_t at = 0; whole && at < text->size(); at += character_at(*text, at).bytes)
            whole = character_at(*text, at).valid;
        if (whole && text->size() > 1) texts.push_back(*text);
    }
    return texts;
}

} // namespace detail

/// The pre-tokeniser that a byte-level vocabulary belongs to, if that can be told. `is_added[id]`: a token that is not
/// merged from bytes. A family that control tokens name must leave the merged tokens whole, too.
inline std::optional<recognised_pretokeniser> recognise_pretokeniser(const vocabulary& words,
                                                                     const std::vector<bool>& is_added) {
    // from fine to coarse wherever one pattern cuts wherever another does
    constexpr std::string_view candidates[] = {"starcoder", "seed-coder",     "qwen2",        "dbrx",        "tekken",
                                               "kimi-k2",   "gpt-4o",         "falcon",       "default",     "gpt-2",
                                               "qwen35",    "deepseek-coder", "deepseek-llm", "deepseek-v3", "bloom"};
    constexpr std::size_t enough = 1000; // tokens that tell a pattern by themselves
    const auto named = detail::recognise_by_names(words);
    const auto tokens = detail::texts_of_merged_tokens(words, is_added);
    if (tokens.size() < enough) return named;
    std::vector<std::size_t> cut;
    for (const std::string_view candidate : candidates)
        cut.push_back(detail::cut_tokens(pretokeniser_named(candidate), tokens));
    const auto best = std::min_element(cut.begin(), cut.end());
    if (named) {
        const std::size_t cut_by_named = detail::cut_tokens(pretokeniser_named(named->name), tokens);
        if (cut_by_named <= *best + tokens.size() / 2000) return named;
    }
    if (*best > tokens.size() / 2000) return std::nullopt;
    return recognised_pretokeniser{candidates[best - cut.begin()], "the merged tokens, which it leaves whole"};
}

} // namespace preflearn
