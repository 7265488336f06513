/// \file
/// A scalar head over texts: a model with its head, and a way to read a prompt and a response as its tokens. It scores
/// and learns where a policy over text does.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/config.hpp>

namespace preflearn {

/// What a head reads of a prompt and a response; views live as long as the reading.
using head_reading = std::function<token_completion(std::string_view prompt, std::string_view response)>;

/// A RewardModel and a Trainable on completions of texts. Copies have parameters of their own and share the reading.
class text_head {
  public:
    using real = double;
    using scalar = float;
    using pass = any_pass;

    text_head(any_scalar_head<float> head, head_reading reading)
        : head_(std::move(head)), reading_(std::move(reading)) {}

    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
    [[nodiscard]] pass forward(std::span<const completion<Prompt, Response>> completions) const {
        return head_.forward(tokens_of_all(completions));
    }
    void backward(pass&& done, std::span<const double> derivatives) { head_.backward(std::move(done), derivatives); }
    [[nodiscard]] double operator()(std::string_view prompt, std::string_view response) const {
        const token_completion both = reading_(prompt, response);
        return head_(both.prompt, both.response);
    }
    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
    [[nodiscard]] std::vector<double> rewards(std::span<const completion<Prompt, Response>> completions) const {
        return head_.rewards(tokens_of_all(completions));
    }

    [[nodiscard]] token_completion tokens(std::string_view prompt, std::string_view response) const {
        return reading_(prompt, response);
    }
    [[nodiscard]] const any_scalar_head<float>& model() const { return head_; }
    [[nodiscard]] std::span<float> parameters() { return head_.parameters(); }
    [[nodiscard]] std::span<const float> parameters() const { return head_.parameters(); }
    [[nodiscard]] std::span<float> gradients() { return head_.gradients(); }
    void release_gradients() { head_.release_gradients(); }
    void begin_step(std::uint64_t key) { head_.begin_step(key); }
    void end_step() { head_.end_step(); }
    template <class Run> void describe(Run& run) const { head_.describe(run); }
    [[nodiscard]] double operations_per_token() const { return head_.operations_per_token(); }

  private:
    template <class Prompt, class Response>
    std::vector<token_completion> tokens_of_all(std::span<const completion<Prompt, Response>> completions) const {
        std::vector<token_completion> all;
        all.reserve(completions.size());
        for (const auto& one : completions) all.push_back(reading_(one.prompt, one.response));
        return all;
    }

    any_scalar_head<float> head_;
    head_reading reading_;
};

/// A reader of pairs whose two texts `read(pair)` gives in tokens.
template <class Read> pair_reader reader_of_both(std::string name, const transformer_config& config, const Read& read) {
    return {.name = std::move(name),
            .maximum_length = config.maximum_length,
            .lengths = [read, size = config.vocabulary_size](const text_comparison& pair) {
                const auto [first, second] = read(pair);
                return pair_lengths{.prompt = detail::checked_length(first.prompt, size, "prompt"),
                                    .first = detail::checked_length(first.response, size, "first response"),
                                    .second = detail::checked_length(second.response, size, "second response"),
                                    .second_prompt = detail::checked_length(second.prompt, size, "prompt")};
            }};
}

} // namespace preflearn
