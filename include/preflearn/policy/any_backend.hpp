/// \file
/// A backend as a value, of its type. All code of a backend's model is compiled where
/// `any_backend_of` is instantiated, which a program may do in one source file of its own and declare `extern template`
/// everywhere else.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>
#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>
#include <preflearn/policy/sampling/held_decoder.hpp>
#include <preflearn/policy/transformer.hpp>

namespace preflearn {

namespace detail {

template <class Pass> struct held_pass final : any_pass::held {
    explicit held_pass(Pass made) : pass(std::move(made)) {}
    [[nodiscard]] std::span<const double> scores() const override { return pass.scores(); }
    [[nodiscard]] std::size_t tokens() const override { return pass.tokens(); }
    [[nodiscard]] std::span<const double> token_scores(std::size_t c) const override { return pass.token_scores(c); }
    [[nodiscard]] std::span<const double> token_log_sum_squares(std::size_t c) const override {
        return pass.token_log_sum_squares(c);
    }
    [[nodiscard]] std::span<const double> token_divergences(std::size_t c) const override {
        return pass.token_divergences(c);
    }
    Pass pass;
};

/// Of a reward head, which has scores alone.
template <class Pass> struct held_rewards final : any_pass::held {
    explicit held_rewards(Pass made) : pass(std::move(made)) {}
    [[nodiscard]] std::span<const double> scores() const override { return pass.scores(); }
    [[nodiscard]] std::size_t tokens() const override { return 0; }
    [[nodiscard]] std::span<const double> token_scores(std::size_t /*c*/) const override { return {}; }
    [[nodiscard]] std::span<const double> token_log_sum_squares(std::size_t /*c*/) const override { return {}; }
    [[nodiscard]] std::span<const double> token_divergences(std::size_t /*c*/) const override { return {}; }
    Pass pass;
};

/// `use(model)` where the model can learn. \throws argument_error where it cannot
template <class Result, class Model, class Use> Result learning_by(Model& model, const Use& use) {
    if constexpr (std::remove_cvref_t<Model>::learns)
        return use(model);
    else
        throw argument_error(message("a model on ", std::remove_cvref_t<Model>::backend::name,
                                     " scores and samples, but does not learn"));
}

/// What a model says of itself.
template <class Model> std::vector<std::pair<std::string, std::string>> fields_described_by(const Model& model) {
    struct {
        std::vector<std::pair<std::string, std::string>> fields;
        void add(std::string name, std::string text) { fields.emplace_back(std::move(name), std::move(text)); }
    } told;
    model.describe(told);
    return std::move(told.fields);
}

template <class Scalar, class Backend> class held_transformer final : public transformer_calls<Scalar> {
  public:
    using model_type = transformer<Scalar, Backend>;
    using calls = transformer_calls<Scalar>;
    using batch = typename calls::batch;

    explicit held_transformer(model_type model) : model_(std::move(model)) {}

    std::unique_ptr<calls> copy() const override { return held(model_); }
    std::unique_ptr<calls> with_adapters(decoder_adapters adapters) const override {
        return held(model_.with_adapters(std::move(adapters)));
    }
    std::unique_ptr<calls> of_tensors(frozen_tensors frozen, decoder_adapters adapters) const override {
        return held(model_.of_tensors(std::move(frozen), std::move(adapters)));
    }
    const transformer_config& config() const override { return model_.config(); }
    const decoder_layout& layout() const override { return model_.layout(); }
    const adapter_layout& adapters() const override { return model_.weights().adapters(); }
    std::optional<std::size_t> trained_offset(const weight_block& part) const override {
        return model_.weights().trained_offset(part);
    }
    std::size_t adapter_offset(const weight_block& part) const override {
        return model_.weights().adapter_offset(part);
    }
    const stored_matrix& frozen(std::size_t tensor) const override { return model_.weights().frozen(tensor); }
    std::size_t trained_size() const override { return model_.weights().trained_size(); }
    void stop_at(token_id token) override { model_.stop_at(token); }
    void begin_step(std::uint64_t key) override { model_.begin_step(key); }
    void end_step() override { model_.end_step(); }
    void recompute_activations(bool on) override { model_.recompute_activations(on); }
    std::span<Scalar> parameters() override {
        return learning<std::span<Scalar>>([](auto& model) { return model.parameters(); });
    }
    std::span<const Scalar> parameters() const override {
        return learning<std::span<const Scalar>>([](auto& model) { return model.parameters(); });
    }
    std::span<Scalar> gradients() override {
        return learning<std::span<Scalar>>([](auto& model) { return model.gradients(); });
    }
    void release_gradients() override { model_.release_gradients(); }
    std::vector<Scalar> read_parameters(std::size_t begin, std::size_t count) const override {
        return model_.read_parameters(begin, count);
    }
    void write_parameters(const std::function<void(std::span<Scalar>)>& write) override {
        model_.write_parameters(write);
    }
    std::vector<std::pair<std::string, std::string>> description() const override {
        return fields_described_by(model_);
    }
    double operations_per_token() const override { return model_.operations_per_token(); }

    any_pass forward(batch completions) const override {
        return learning<any_pass>([&](auto& model) { return held_pass_of(model.forward(completions)); });
    }
    any_pass forward_with_sum_squares(batch completions) const override {
        return learning<any_pass>(
            [&](auto& model) { return held_pass_of(model.forward_with_sum_squares(completions)); });
    }
    any_pass forward_with_divergence(batch completions, const calls& reference,
                                     std::optional<double> lambda) const override {
        const auto* const same = dynamic_cast<const held_transformer*>(&reference);
        require(same != nullptr, "forward_with_divergence: the reference is on another backend than ", Backend::name);
        return learning<any_pass>([&](auto& model) {
            return held_pass_of(model.forward_with_divergence(completions, same->model_, lambda));
        });
    }
    void backward(any_pass&& done, std::span<const double> derivatives) override {
        learning<void>([&](auto& model) { model.backward(pass_in(std::move(done)), derivatives); });
    }
    void backward_tokens(any_pass&& done, std::span<const double> derivatives,
                         std::span<const double> divergence_derivatives) override {
        learning<void>(
            [&](auto& model) { model.backward_tokens(pass_in(std::move(done)), derivatives, divergence_derivatives); });
    }
    ragged<double> token_log_probs(batch completions) const override { return model_.token_log_probs(completions); }
    std::vector<double> log_probs(batch completions) const override { return model_.log_probs(completions); }
    std::vector<Scalar> last_hidden(batch completions) const override {
        const auto states = model_.last_hidden(completions);
        const auto all = states.view();
        return {all.data, all.data + all.rows * all.columns};
    }
    std::vector<Scalar> mean_hidden(batch completions) const override { return model_.mean_hidden(completions); }
    std::unique_ptr<scalar_head_calls<Scalar>> with_scalar_head() const override;
    std::vector<token_id> sample(token_span prompt, const sampling_options& options, generator& random) const override {
        return model_.sample(prompt, options, random);
    }
    ragged<token_id> sample_many(std::span<const token_span> prompts, const sampling_options& options,
                                 std::uint64_t seed, std::string_view purpose) const override {
        return model_.sample_many(prompts, options, seed, purpose);
    }
    std::unique_ptr<decoder_calls<Scalar>> decoder(std::span<const token_span> prompts,
                                                   std::size_t more) const override {
        try {
            return std::make_unique<held_decoder<model_type>>(model_, prompts, more);
        } catch (const memory_error_of<Backend>&) {
            return nullptr;
        }
    }
    sampling_room room_for_sampling() const override { return sampling_at_once<Scalar, Backend>(model_.config()); }
    std::unique_ptr<continued_calls> continued() const override {
        return std::make_unique<held_continued<model_type>>(model_);
    }

  private:
    static std::unique_ptr<calls> held(model_type model) {
        return std::make_unique<held_transformer>(std::move(model));
    }
    template <class Pass> static any_pass held_pass_of(Pass&& pass) {
        return any_pass(std::make_unique<held_pass<std::remove_cvref_t<Pass>>>(std::forward<Pass>(pass)));
    }
    static typename model_type::pass pass_in(any_pass&& done) {
        auto* const own = dynamic_cast<held_pass<typename model_type::pass>*>(&done.inner());
        require(own != nullptr, "backward: the pass is of a model on another backend than ", Backend::name);
        return std::move(own->pass);
    }
    template <class Result, class Use> Result learning(const Use& use) { return learning_by<Result>(model_, use); }
    template <class Result, class Use> Result learning(const Use& use) const {
        return learning_by<Result>(model_, use);
    }

    model_type model_;
};

template <class Scalar, class Backend> class held_scalar_head final : public scalar_head_calls<Scalar> {
  public:
    using head_type = scalar_head<transformer<Scalar, Backend>>;
    using batch = typename scalar_head_calls<Scalar>::batch;

    explicit held_scalar_head(head_type head) : head_(std::move(head)) {}

    std::unique_ptr<scalar_head_calls<Scalar>> copy() const override {
        return std::make_unique<held_scalar_head>(head_);
    }
    std::unique_ptr<transformer_calls<Scalar>> model() const override {
        return std::make_unique<held_transformer<Scalar, Backend>>(head_.model());
    }
    const transformer_config& config() const override { return head_.model().config(); }
    any_pass forward(batch completions) const override {
        return learning_by<any_pass>(head_, [&](auto& head) {
            using pass = typename std::remove_cvref_t<decltype(head)>::pass;
            return any_pass(std::make_unique<held_rewards<pass>>(head.forward(completions)));
        });
    }
    void backward(any_pass&& done, std::span<const double> derivatives) override {
        learning_by<void>(head_, [&](auto& head) {
            using pass = typename std::remove_cvref_t<decltype(head)>::pass;
            auto* const own = dynamic_cast<held_rewards<pass>*>(&done.inner());
            require(own != nullptr, "backward: the pass is no reward head's on ", Backend::name);
            head.backward(std::move(own->pass), derivatives);
        });
    }
    std::vector<double> rewards(batch completions) const override { return head_.rewards(completions); }
    std::vector<Scalar> read_head() const override { return head_.read_head(); }
    void write_head(const std::function<void(std::span<Scalar>)>& write) override { head_.write_head(write); }
    std::span<Scalar> parameters() override {
        return learning_by<std::span<Scalar>>(head_, [](auto& head) { return head.parameters(); });
    }
    std::span<const Scalar> parameters() const override {
        return learning_by<std::span<const Scalar>>(head_, [](auto& head) { return head.parameters(); });
    }
    std::span<Scalar> gradients() override {
        return learning_by<std::span<Scalar>>(head_, [](auto& head) { return head.gradients(); });
    }
    void release_gradients() override { head_.release_gradients(); }
    void begin_step(std::uint64_t key) override { head_.begin_step(key); }
    void end_step() override { head_.end_step(); }
    std::vector<std::pair<std::string, std::string>> description() const override { return fields_described_by(head_); }
    double operations_per_token() const override { return head_.model().operations_per_token(); }

  private:
    head_type head_;
};

template <class Scalar, class Backend>
std::unique_ptr<scalar_head_calls<Scalar>> held_transformer<Scalar, Backend>::with_scalar_head() const {
    return std::make_unique<held_scalar_head<Scalar, Backend>>(scalar_head<model_type>(model_));
}

} // namespace detail

/// The backend of that type as a value.
template <std::floating_point Scalar, class Backend> any_backend<Scalar> any_backend_of() {
    return {.name = Backend::name,
            .learns = transformer<Scalar, Backend>::learns,
            .make = [](const transformer_config& config, frozen_tensors frozen) {
                return any_transformer<Scalar>(std::make_unique<detail::held_transformer<Scalar, Backend>>(
                    transformer<Scalar, Backend>(config, std::move(frozen))));
            }};
}

} // namespace preflearn
