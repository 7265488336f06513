/// \file
/// A scalar head on a transformer whose backend is chosen at run time: `scalar_head` on that backend's transformer,
/// behind one type, as any_transformer.hpp does it for the model itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/config.hpp>

namespace preflearn {

/// What a scalar head does, whatever its backend: the members of `scalar_head` of the same names.
template <std::floating_point Scalar> struct scalar_head_calls {
    using batch = std::span<const token_completion>;

    virtual ~scalar_head_calls() = default;
    [[nodiscard]] virtual std::unique_ptr<scalar_head_calls> copy() const = 0;
    [[nodiscard]] virtual std::unique_ptr<transformer_calls<Scalar>> model() const = 0;
    [[nodiscard]] virtual const transformer_config& config() const = 0;
    [[nodiscard]] virtual any_pass forward(batch completions) const = 0;
    virtual void backward(any_pass&& done, std::span<const double> derivatives) = 0;
    [[nodiscard]] virtual std::vector<double> rewards(batch completions) const = 0;
    [[nodiscard]] virtual std::vector<Scalar> read_head() const = 0;
    virtual void write_head(const std::function<void(std::span<Scalar>)>& write) = 0;
    [[nodiscard]] virtual std::span<Scalar> parameters() = 0;
    [[nodiscard]] virtual std::span<const Scalar> parameters() const = 0;
    [[nodiscard]] virtual std::span<Scalar> gradients() = 0;
    virtual void release_gradients() = 0;
    virtual void begin_step(std::uint64_t key) = 0;
    virtual void end_step() = 0;
    [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> description() const = 0;
    [[nodiscard]] virtual double operations_per_token() const = 0;
};

/// A RewardModel and a Trainable on token completions, with the members of `scalar_head`. A model whose backend cannot
/// learn refuses to when it is asked.
template <std::floating_point Scalar = float> class any_scalar_head {
  public:
    using scalar = Scalar;
    using real = double;
    using pass = any_pass;
    using calls = scalar_head_calls<Scalar>;
    using batch = typename calls::batch;

    /// A new head, of zeros, on a copy of the model. Of one without trained numbers the head alone learns.
    explicit any_scalar_head(const any_transformer<Scalar>& model) : head_(model.with_scalar_head()) {}
    any_scalar_head(const any_scalar_head& other) : head_(other.head_->copy()) {}
    any_scalar_head(any_scalar_head&&) noexcept = default;
    any_scalar_head& operator=(any_scalar_head other) noexcept {
        head_ = std::move(other.head_);
        return *this;
    }
    ~any_scalar_head() = default;

    /// A copy of the language model as it is now.
    [[nodiscard]] any_transformer<Scalar> model() const { return any_transformer<Scalar>(head_->model()); }
    [[nodiscard]] const transformer_config& config() const { return head_->config(); }
    /// \throws argument_error when the backend cannot learn; so do parameters, gradients and backward.
    [[nodiscard]] pass forward(batch completions) const { return head_->forward(completions); }
    void backward(pass&& done, std::span<const double> derivatives) { head_->backward(std::move(done), derivatives); }
    [[nodiscard]] double operator()(token_span prompt, token_span response) const {
        const token_completion one{prompt, response};
        return rewards({&one, 1}).front();
    }
    [[nodiscard]] std::vector<double> rewards(batch completions) const { return head_->rewards(completions); }
    /// A copy of v, hidden_size numbers.
    [[nodiscard]] std::vector<Scalar> read_head() const { return head_->read_head(); }
    template <class Write> void write_head(Write&& write) {
        head_->write_head([&](std::span<Scalar> v) { write(v); });
    }
    /// The language model's trained numbers, then v.
    [[nodiscard]] std::span<Scalar> parameters() { return head_->parameters(); }
    [[nodiscard]] std::span<const Scalar> parameters() const { return std::as_const(*head_).parameters(); }
    [[nodiscard]] std::span<Scalar> gradients() { return head_->gradients(); }
    void release_gradients() { head_->release_gradients(); }
    void begin_step(std::uint64_t key) { head_->begin_step(key); }
    void end_step() { head_->end_step(); }
    template <class Run> void describe(Run& run) const {
        for (const auto& [name, text] : head_->description()) run.add(name, text);
    }
    [[nodiscard]] double operations_per_token() const { return head_->operations_per_token(); }

  private:
    std::unique_ptr<calls> head_;
};

} // namespace preflearn
