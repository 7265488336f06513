/// \file
/// The tokenizer inside a GGUF file (keys tokenizer.ggml.*): model "gpt2" is byte-level BPE by ranks, with the split
/// pattern that `pre` names; model "llama" is SentencePiece BPE by scores. Ids are llama.cpp's, which keeps tokens of
/// several spaces (Gemma's) as spaces: the longest of them is taken first, and a text's own "▁▁" is not one of them,
/// but twice "▁". (Of both, and of them alone, transformers makes other ids from such a file.)
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <utility>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/text/files/gguf_vocabulary.hpp>
#include <preflearn/text/steps/named_pretokenisers.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

namespace detail {

inline void make_score_model(tokenizer_parts& parts, gguf_vocabulary& from) {
    const unspelled rest{.bytes = byte_tokens_of(from.words), .unknown = from.unknown, .fuses = true};
    parts.model = score_bpe(from.scores, std::move(from.mergeable), rest);
    if (from.adds_space) parts.normalisers.push_back(prepend_step{" "});
    parts.normalisers.push_back(replace_step{" ", "\u2581"});
    parts.decoding = {.space_symbol = "\u2581",
                      .byte_tokens = true,
                      .strips_first = from.adds_space,
                      .strips_after_added = from.adds_space};
}

} // namespace detail

/// The tokenizer of a GGUF file that is already read. \throws input_error naming the file and the key that is missing,
/// malformed or not supported.
template <int = on_demand>
tokenizer tokenizer_from_gguf(const checkpoint_file& file, const tokenizer_options& options = {}) {
    gguf_vocabulary from = read_gguf_vocabulary(file, options);
    tokenizer_parts parts;
    if (from.by_score) {
        detail::make_score_model(parts, from);
    } else {
        parts.pretokenisers = steps_of(*from.pretokeniser);
        // bytes without a token are dropped, as by peers
        parts.model = rank_bpe(from.merges, unspelled{}, from.pretokeniser->whole_words);
        parts.decoding = {.byte_alphabet = true};
    }
    if (from.adds_begin) parts.begin = {*from.begin};
    parts.end = from.end;
    parts.words = std::move(from.words);
    parts.added = std::move(from.added);
    parts.notes = std::move(from.notes);
    return tokenizer(std::move(parts));
}

} // namespace preflearn
