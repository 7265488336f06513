/// \file
/// A transformer on a backend that is chosen at run time: what walks over it (a study, a program that scores or labels)
/// is compiled once for all backends, and each backend's model once for all of these (any_backend.hpp). A call costs
/// one indirection a batch; bits are those of `transformer` on that backend.
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
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/rows_at_once.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>

namespace preflearn {

/// What a forward run keeps for backward, of any transformer; see `scored_pass`.
class any_pass {
  public:
    /// The pass itself, of a type that its model knows.
    struct held {
        virtual ~held() = default;
        [[nodiscard]] virtual std::span<const double> scores() const = 0;
        [[nodiscard]] virtual std::size_t tokens() const = 0;
        [[nodiscard]] virtual std::span<const double> token_scores(std::size_t c) const = 0;
        [[nodiscard]] virtual std::span<const double> token_log_sum_squares(std::size_t c) const = 0;
        [[nodiscard]] virtual std::span<const double> token_divergences(std::size_t c) const = 0;
    };

    explicit any_pass(std::unique_ptr<held> pass) : pass_(std::move(pass)) {}
    [[nodiscard]] std::span<const double> scores() const { return pass_->scores(); }
    [[nodiscard]] std::size_t tokens() const { return pass_->tokens(); }
    [[nodiscard]] std::span<const double> token_scores(std::size_t c) const { return pass_->token_scores(c); }
    [[nodiscard]] std::span<const double> token_log_sum_squares(std::size_t c) const {
        return pass_->token_log_sum_squares(c);
    }
    [[nodiscard]] std::span<const double> token_divergences(std::size_t c) const { return pass_->token_divergences(c); }
    [[nodiscard]] held& inner() { return *pass_; }

  private:
    std::unique_ptr<held> pass_;
};

template <std::floating_point Scalar> struct scalar_head_calls; // any_scalar_head.hpp

/// What a transformer does, whatever its backend: the members of `transformer` of the same names.
template <std::floating_point Scalar> struct transformer_calls {
    using batch = std::span<const token_completion>;

    virtual ~transformer_calls() = default;
    [[nodiscard]] virtual std::unique_ptr<transformer_calls> copy() const = 0;
    [[nodiscard]] virtual std::unique_ptr<transformer_calls> with_adapters(decoder_adapters adapters) const = 0;
    [[nodiscard]] virtual std::unique_ptr<transformer_calls> of_tensors(frozen_tensors frozen,
                                                                        decoder_adapters adapters) const = 0;
    [[nodiscard]] virtual const transformer_config& config() const = 0;
    [[nodiscard]] virtual const decoder_layout& layout() const = 0;
    [[nodiscard]] virtual const adapter_layout& adapters() const = 0;
    [[nodiscard]] virtual std::optional<std::size_t> trained_offset(const weight_block& part) const = 0;
    [[nodiscard]] virtual std::size_t adapter_offset(const weight_block& part) const = 0;
    [[nodiscard]] virtual const stored_matrix& frozen(std::size_t tensor) const = 0;
    [[nodiscard]] virtual std::size_t trained_size() const = 0;
    virtual void stop_at(token_id token) = 0;
    virtual void begin_step(std::uint64_t key) = 0;
    virtual void end_step() = 0;
    virtual void recompute_activations(bool on) = 0;
    [[nodiscard]] virtual std::span<Scalar> parameters() = 0;
    [[nodiscard]] virtual std::span<const Scalar> parameters() const = 0;
    [[nodiscard]] virtual std::span<Scalar> gradients() = 0;
    virtual void release_gradients() = 0;
    [[nodiscard]] virtual std::vector<Scalar> read_parameters(std::size_t begin, std::size_t count) const = 0;
    virtual void write_parameters(const std::function<void(std::span<Scalar>)>& write) = 0;
    [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> description() const = 0;
    [[nodiscard]] virtual double operations_per_token() const = 0;
    [[nodiscard]] virtual any_pass forward(batch completions) const = 0;
    [[nodiscard]] virtual any_pass forward_with_sum_squares(batch completions) const = 0;
    [[nodiscard]] virtual any_pass forward_with_divergence(batch completions, const transformer_calls& reference,
                                                           std::optional<double> lambda) const = 0;
    virtual void backward(any_pass&& done, std::span<const double> derivatives) = 0;
    virtual void backward_tokens(any_pass&& done, std::span<const double> derivatives,
                                 std::span<const double> divergence_derivatives) = 0;
    [[nodiscard]] virtual ragged<double> token_log_probs(batch completions) const = 0;
    [[nodiscard]] virtual std::vector<double> log_probs(batch completions) const = 0;
    [[nodiscard]] virtual std::vector<Scalar> last_hidden(batch completions) const = 0;
    [[nodiscard]] virtual std::vector<Scalar> mean_hidden(batch completions) const = 0;
    [[nodiscard]] virtual std::unique_ptr<scalar_head_calls<Scalar>> with_scalar_head() const = 0;
    [[nodiscard]] virtual std::vector<token_id> sample(token_span prompt, const sampling_options& options,
                                                       generator& random) const = 0;
    [[nodiscard]] virtual ragged<token_id> sample_many(std::span<const token_span> prompts,
                                                       const sampling_options& options, std::uint64_t seed,
                                                       std::string_view purpose) const = 0;
    [[nodiscard]] virtual std::unique_ptr<decoder_calls<Scalar>> decoder(std::span<const token_span> prompts,
                                                                         std::size_t more) const = 0;
    [[nodiscard]] virtual sampling_room room_for_sampling() const = 0;
    [[nodiscard]] virtual std::unique_ptr<continued_calls> continued() const = 0;
};

/// A GenerativePolicy and a Trainable on token completions as `transformer` is, with its members. Made by `any_backend`
/// or by `load_any_transformer`. A model whose backend cannot learn refuses to when it is asked.
template <std::floating_point Scalar = float> class any_transformer {
  public:
    using scalar = Scalar;
    using real = double;
    using pass = any_pass;
    using calls = transformer_calls<Scalar>;
    using batch = typename calls::batch;

    explicit any_transformer(std::unique_ptr<calls> model) : model_(std::move(model)) {}
    any_transformer(const any_transformer& other) : model_(other.model_->copy()) {}
    any_transformer(any_transformer&&) noexcept = default;
    any_transformer& operator=(any_transformer other) noexcept {
        model_ = std::move(other.model_);
        return *this;
    }
    ~any_transformer() = default;

    [[nodiscard]] const transformer_config& config() const { return model_->config(); }
    [[nodiscard]] const decoder_layout& layout() const { return model_->layout(); }
    /// What is asked of the weights where they are written and adapted.
    class weights_asked {
      public:
        explicit weights_asked(const calls& model) : model_(model) {}
        [[nodiscard]] const adapter_layout& adapters() const { return model_.adapters(); }
        [[nodiscard]] std::optional<std::size_t> trained_offset(const weight_block& part) const {
            return model_.trained_offset(part);
        }
        [[nodiscard]] std::optional<std::size_t> trained_offset(const tensor_place& tensor) const {
            return model_.trained_offset({tensor.offset, tensor.rows, tensor.columns});
        }
        [[nodiscard]] std::size_t adapter_offset(const weight_block& part) const { return model_.adapter_offset(part); }
        [[nodiscard]] const stored_matrix& frozen(std::size_t tensor) const { return model_.frozen(tensor); }
        [[nodiscard]] std::size_t trained_size() const { return model_.trained_size(); }

      private:
        const calls& model_;
    };
    [[nodiscard]] weights_asked weights() const { return weights_asked(*model_); }
    [[nodiscard]] std::span<const std::string> notes() const { return config().notes; }
    void stop_at(token_id token) { model_->stop_at(token); }

    [[nodiscard]] any_transformer without_adapter() const { return with_adapters({}); }
    [[nodiscard]] any_transformer with_adapters(decoder_adapters adapters) const {
        return any_transformer(model_->with_adapters(std::move(adapters)));
    }
    [[nodiscard]] any_transformer of_tensors(frozen_tensors frozen, decoder_adapters adapters = {}) const {
        return any_transformer(model_->of_tensors(std::move(frozen), std::move(adapters)));
    }
    void begin_step(std::uint64_t key) { model_->begin_step(key); }
    void end_step() { model_->end_step(); }
    void recompute_activations(bool on = true) { model_->recompute_activations(on); }

    /// \throws argument_error when the backend cannot learn; so do gradients, forward and backward.
    [[nodiscard]] std::span<Scalar> parameters() { return model_->parameters(); }
    [[nodiscard]] std::span<const Scalar> parameters() const { return std::as_const(*model_).parameters(); }
    [[nodiscard]] std::span<Scalar> gradients() { return model_->gradients(); }
    void release_gradients() { model_->release_gradients(); }
    [[nodiscard]] std::vector<Scalar> read_parameters(std::size_t begin, std::size_t count) const {
        return model_->read_parameters(begin, count);
    }
    template <class Write> void write_parameters(Write&& write) {
        model_->write_parameters([&](std::span<Scalar> all) { write(all); });
    }
    template <class Run> void describe(Run& run) const {
        for (const auto& [name, text] : model_->description()) run.add(name, text);
    }
    [[nodiscard]] double operations_per_token() const { return model_->operations_per_token(); }

    [[nodiscard]] pass forward(batch completions) const { return model_->forward(completions); }
    [[nodiscard]] pass forward_with_sum_squares(batch completions) const {
        return model_->forward_with_sum_squares(completions);
    }
    [[nodiscard]] pass forward_with_divergence(batch completions, const any_transformer& reference,
                                               std::optional<double> lambda = {}) const {
        return model_->forward_with_divergence(completions, *reference.model_, lambda);
    }
    void backward(pass&& done, std::span<const double> derivatives) { model_->backward(std::move(done), derivatives); }
    void backward_tokens(pass&& done, std::span<const double> derivatives,
                         std::span<const double> divergence_derivatives = {}) {
        model_->backward_tokens(std::move(done), derivatives, divergence_derivatives);
    }

    [[nodiscard]] ragged<double> token_log_probs(batch completions) const {
        return model_->token_log_probs(completions);
    }
    [[nodiscard]] std::vector<double> log_probs(batch completions) const { return model_->log_probs(completions); }
    [[nodiscard]] double log_prob(token_span prompt, token_span response) const {
        const token_completion one{prompt, response};
        return log_probs({&one, 1}).front();
    }
    /// Final hidden states, completions × hidden_size: at each completion's last token, or the mean over the
    /// response's.
    [[nodiscard]] std::vector<Scalar> last_hidden(batch completions) const { return model_->last_hidden(completions); }
    [[nodiscard]] std::vector<Scalar> mean_hidden(batch completions) const { return model_->mean_hidden(completions); }
    /// What an `any_scalar_head` holds: a copy of this model with a new head on it.
    [[nodiscard]] std::unique_ptr<scalar_head_calls<Scalar>> with_scalar_head() const {
        return model_->with_scalar_head();
    }
    [[nodiscard]] std::vector<token_id> sample(token_span prompt, const sampling_options& options,
                                               generator& random) const {
        return model_->sample(prompt, options, random);
    }
    [[nodiscard]] ragged<token_id> sample_many(std::span<const token_span> prompts, const sampling_options& options,
                                               std::uint64_t seed, std::string_view purpose = "sample") const {
        return model_->sample_many(prompts, options, seed, purpose);
    }
    /// A `cached_decoder` of this model, which must outlive it unchanged; null where a device's memory is too small.
    [[nodiscard]] std::unique_ptr<decoder_calls<Scalar>> decoder(std::span<const token_span> prompts,
                                                                 std::size_t more) const {
        return model_->decoder(prompts, more);
    }
    /// How many sequences should grow together.
    [[nodiscard]] sampling_room room_for_sampling() const { return model_->room_for_sampling(); }
    /// `continued_scores` of this model, which must outlive it unchanged.
    [[nodiscard]] std::unique_ptr<continued_calls> continued() const { return model_->continued(); }

  private:
    std::unique_ptr<calls> model_;
};

/// A backend of models in `Scalar`, chosen at run time; see `any_backend_of`.
template <std::floating_point Scalar> struct any_backend {
    std::string_view name;
    bool learns;
    /// A model whose trained numbers are to be written; as transformer's constructor.
    any_transformer<Scalar> (*make)(const transformer_config&, frozen_tensors);
};

} // namespace preflearn
