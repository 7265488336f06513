/// \file
/// A model's decoder, and its scores that go on, behind the types of decoder_calls.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/sampling/cache.hpp>
#include <preflearn/policy/sampling/continued_scores.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>

namespace preflearn {

/// Refers to the model.
template <class Model> class held_decoder final : public decoder_calls<typename Model::scalar> {
  public:
    using scalar = typename Model::scalar;

    held_decoder(const Model& lm, std::span<const token_span> prompts, std::size_t more)
        : decoder_(lm, prompts, more) {}
    std::span<const std::size_t> live() const override { return decoder_.live(); }
    matrix_view<const scalar> logits() const override { return decoder_.logits(); }
    bool has_room(std::size_t i) const override { return decoder_.has_room(i); }
    void keep(std::span<const std::size_t> rows) override { decoder_.keep(rows); }
    void branch(std::span<const std::size_t> rows) override { decoder_.branch(rows); }
    void advance(std::span<const token_id> tokens) override { decoder_.advance(tokens); }

  private:
    cached_decoder<Model> decoder_;
};

/// Refers to the model.
template <class Model> class held_continued final : public continued_calls {
  public:
    explicit held_continued(const Model& lm) : scores_(lm) {}
    std::vector<double> log_probs(std::span<const token_completion> completions) override {
        return scores_.log_probs(completions);
    }
    std::size_t computed() const override { return scores_.computed(); }

  private:
    continued_scores<Model> scores_;
};

} // namespace preflearn
