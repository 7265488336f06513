/// \file
/// A policy over text: a tokenizer and a language model. Prompt and response are tokens of one text, cut as
/// `token_boundary` says; log π(y | x) is summed over the response's tokens. Models of different families meet as
/// texts: token ids stay inside.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/policy/text/known_tokens.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

struct text_policy_options {
    /// Texts that already end a turn, as rendered conversations do, get no second end.
    response_end after_response = response_end::nothing;
    /// Whether special tokens that are spelled out in a text become those tokens.
    special_tokens found = special_tokens::parse;
    token_boundary boundary = token_boundary::separate;
    /// Ids of texts that were encoded before by this tokenizer and this `found`, to which others are added; may be
    /// null.
    std::shared_ptr<known_tokens> known{};
};

/// A GenerativePolicy and a Trainable on completions whose prompt and response convert to std::string_view. Owns its
/// model; copies have their own parameters and share the tokenizer and the ids of texts met so far, which are kept
/// until the last copy goes. Const calls are safe from several threads. Errors about completions count their tokens.
template <class Model = transformer<float>> class text_policy {
  public:
    using real = typename Model::real;
    using scalar = typename Model::scalar;
    using pass = typename Model::pass;

    /// \throws argument_error when an end token is to follow responses and the tokenizer has none.
    text_policy(tokenizer words, Model model, const text_policy_options& options = {})
        : texts_(std::make_shared<encoded_texts>(std::move(words), options.found, options.boundary, options.known)),
          model_(std::move(model)), after_response_(options.after_response) {
        const std::optional<token_id> end = texts_->words().end_token();
        require(after_response_ == response_end::nothing || end.has_value(),
                "an end token is to follow every response, but the tokenizer names none");
        if constexpr (requires { model_.stop_at(*end); }) // sampling stops at the tokenizer's end and at the model's
            if (end && static_cast<std::size_t>(*end) < model_.config().vocabulary_size) model_.stop_at(*end);
    }

    /// What a kept run must agree with beside the parameters: that of the model.
    template <class Run> void describe(Run& run) const {
        if constexpr (requires { model_.describe(run); }) model_.describe(run);
    }

    /// That of the model.
    [[nodiscard]] double operations_per_token() const requires requires(const Model& m) { m.operations_per_token(); }
    { return model_.operations_per_token(); }

    [[nodiscard]] double log_prob(std::string_view prompt, std::string_view response) const {
        const token_completion both = tokens(prompt, response);
        return model_.log_prob(both.prompt, both.response);
    }
    /// log π(y | x) of every completion in nats; neighbours with equal prompts share the prompt's computation.
    /// \throws argument_error for a prompt without tokens or a sequence longer than the model's maximum.
    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
    [[nodiscard]] std::vector<double> log_probs(std::span<const completion<Prompt, Response>> completions) const {
        return model_.log_probs(tokens_of_all(completions));
    }
    /// The same of every token of `tokens(prompt, response).response`, one row per completion.
    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
    [[nodiscard]] ragged<double> token_log_probs(std::span<const completion<Prompt, Response>> completions) const {
        return model_.token_log_probs(tokens_of_all(completions));
    }

    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
    [[nodiscard]] pass forward(std::span<const completion<Prompt, Response>> completions) const {
        return model_.forward(tokens_of_all(completions));
    }
    void backward(pass&& done, std::span<const real> derivatives) { model_.backward(std::move(done), derivatives); }
    /// The same by tokens, where the model knows them.
    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
        requires KnowsSumSquares<Model, std::span<const token_completion>>
    [[nodiscard]] pass forward_with_sum_squares(std::span<const completion<Prompt, Response>> completions) const {
        return model_.forward_with_sum_squares(tokens_of_all(completions));
    }
    /// With the reference's tokens being this policy's: both have one vocabulary.
    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
        requires KnowsDivergence<Model, std::span<const token_completion>>
    [[nodiscard]] pass forward_with_divergence(std::span<const completion<Prompt, Response>> completions,
                                               const text_policy& reference) const {
        return model_.forward_with_divergence(tokens_of_all(completions), reference.model_);
    }
    template <std::convertible_to<std::string_view> Prompt, std::convertible_to<std::string_view> Response>
        requires KnowsDivergence<Model, std::span<const token_completion>>
    [[nodiscard]] pass forward_with_divergence(std::span<const completion<Prompt, Response>> completions,
                                               const text_policy& reference, std::optional<double> lambda) const {
        return model_.forward_with_divergence(tokens_of_all(completions), reference.model_, lambda);
    }
    void backward_tokens(pass&& done, std::span<const real> derivatives,
                         std::span<const real> divergence_derivatives) requires
        KnowsDivergence<Model, std::span<const token_completion>> {
        model_.backward_tokens(std::move(done), derivatives, divergence_derivatives);
    }
    void backward_tokens(pass&& done, std::span<const real> derivatives) requires
        TokenTrainable<Model, std::span<const token_completion>> {
        model_.backward_tokens(std::move(done), derivatives);
    }
    [[nodiscard]] std::span<scalar> parameters() { return model_.parameters(); }
    [[nodiscard]] std::span<const scalar> parameters() const { return model_.parameters(); }
    [[nodiscard]] std::span<scalar> gradients() { return model_.gradients(); }
    void release_gradients() requires requires(Model& m) { m.release_gradients(); }
    { model_.release_gradients(); }
    void begin_step(std::uint64_t key) requires requires(Model& m) { m.begin_step(key); }
    { model_.begin_step(key); }
    void end_step() requires requires(Model& m) { m.end_step(); }
    { model_.end_step(); }

    /// Draws a response's text, as it goes on behind the prompt: without its end token and other control tokens. A
    /// response that was cut at options.max_tokens may end within a character.
    [[nodiscard]] std::string sample(std::string_view prompt, const sampling_options& options,
                                     generator& random) const {
        return text_of(prompt, model_.sample(prompt_tokens(prompt), options, random));
    }
    /// A response to every prompt, many at a time; response i is drawn from generator{seed, purpose, i}.
    template <std::convertible_to<std::string_view> Prompt>
    [[nodiscard]] std::vector<std::string> sample_many(std::span<const Prompt> prompts, const sampling_options& options,
                                                       std::uint64_t seed, std::string_view purpose = "sample") const {
        std::vector<token_span> ids;
        ids.reserve(prompts.size());
        for (const Prompt& prompt : prompts) ids.push_back(prompt_tokens(prompt));
        const ragged<token_id> drawn = model_.sample_many(ids, options, seed, purpose);
        std::vector<std::string> all(drawn.size());
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = text_of(prompts[i], drawn[i]);
        return all;
    }

    /// Length of a text in tokens, without begin and end tokens.
    [[nodiscard]] std::size_t count_tokens(std::string_view text) const { return texts_->plain(text).size(); }
    /// What the model sees of a prompt and is asked for of a response to it: these are scored and learned. Views live
    /// as long as any copy of this policy.
    [[nodiscard]] token_completion tokens(std::string_view prompt, std::string_view response) const {
        return texts_->pair(prompt, response, after_response_);
    }
    /// What the model sees of a prompt when a response is drawn, and where no response's text reaches into it.
    [[nodiscard]] token_span prompt_tokens(std::string_view text) const { return texts_->begun(text); }
    /// What the model is asked for of a response that goes on behind any text.
    [[nodiscard]] token_span response_tokens(std::string_view text) const {
        return after_response_ == response_end::end_token ? texts_->ended(text) : texts_->continued(text);
    }

    /// The same policy with its model's adapters off, which shares all frozen weights and the tokenizer: the reference
    /// of a policy that learns by adapters.
    [[nodiscard]] text_policy without_adapter() const requires requires(const Model& m) { m.without_adapter(); }
    { return text_policy(texts_, model_.without_adapter(), after_response_); }

    [[nodiscard]] const tokenizer& words() const { return texts_->words(); }
    [[nodiscard]] token_boundary boundary() const { return texts_->boundary(); }
    /// What loading tokenizer and model noticed and decided, sentences for people.
    [[nodiscard]] std::vector<std::string> notes() const {
        std::vector<std::string> all;
        const auto add = [&all](const auto& part) {
            if constexpr (requires { part.notes(); }) all.insert(all.end(), part.notes().begin(), part.notes().end());
        };
        add(words());
        add(model_);
        return all;
    }
    [[nodiscard]] Model& model() { return model_; }
    [[nodiscard]] const Model& model() const { return model_; }

  private:
    text_policy(std::shared_ptr<encoded_texts> texts, Model model, response_end after_response)
        : texts_(std::move(texts)), model_(std::move(model)), after_response_(after_response) {}

    template <class Prompt, class Response>
    std::vector<token_completion> tokens_of_all(std::span<const completion<Prompt, Response>> completions) const {
        return texts_->pairs(completions, after_response_);
    }

    /// Ids beyond the vocabulary, which a model with padded logits may draw, have no text.
    [[nodiscard]] std::string text_of(std::string_view prompt, token_span drawn) const {
        std::vector<token_id> ids;
        for (const token_id id : drawn)
            if (static_cast<std::size_t>(id) < words().size()) ids.push_back(id);
        return texts_->text_behind(prompt, ids);
    }

    std::shared_ptr<encoded_texts> texts_;
    Model model_;
    response_end after_response_;
};

} // namespace preflearn
