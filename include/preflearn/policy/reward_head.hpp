/// \file
/// A scalar Bradley-Terry head on a language model, r(x, y) = vᵀ h where h is the final hidden state at the response's
/// last token: the explicit reward model of Ouyang et al. 2022 (arXiv:2203.02155, section 3.5), trained with the loss
/// `bradley_terry`. Gradients flow through the whole model. A bias would cancel and is left out.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/chunks.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/trained_numbers.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/reward/finite.hpp>

namespace preflearn {

/// A RewardModel and a Trainable on token completions: a language model of its own and v, each with its own part of
/// one array, so that an optimiser or a checkpoint sees one vector. End responses with an end-of-sequence token if the
/// model was trained to: h is taken there.
///
/// v starts at zero: the first reward is 0, the first step moves v alone, the second all. To train v alone, freeze the
/// model's tensors when it is loaded, or compute `last_hidden` of all completions once, fit a `linear_reward` to them
/// and copy its parameters to `head()`. `save_transformer(reward.model(), …)` writes the language model; v is `head()`,
/// which the caller keeps. Of a model on a backend that only scores there are `rewards` and `write_head`.
template <class Model = transformer<float>> class scalar_head {
  public:
    using real = double;
    using scalar = typename Model::scalar;
    using backend = typename Model::backend;
    static constexpr bool learns = LearningBackend<backend, scalar>;

    class pass {
      public:
        /// One reward per completion.
        [[nodiscard]] std::span<const double> scores() const { return scores_; }

      private:
        friend scalar_head;
        typename Model::hidden_pass hidden_;
        std::vector<double> scores_;
    };

    /// Copies the trained weights of `model`, and shares the frozen ones.
    explicit scalar_head(const Model& model)
        : all_(model.weights().trained_size() + model.config().hidden_size),
          model_(model, all_.part(0, model.weights().trained_size())) {}
    scalar_head(const scalar_head& other) : all_(other.all_), model_(other.model_, all_.part(0, other.split())) {}
    scalar_head(scalar_head&&) noexcept = default;
    scalar_head& operator=(scalar_head other) noexcept {
        all_ = std::move(other.all_);
        model_ = std::move(other.model_);
        return *this;
    }
    ~scalar_head() = default;

    /// \throws argument_error for completions that the language model refuses (an empty prompt, ids outside the
    /// vocabulary, a sequence too long); numeric_error when a reward is not finite.
    [[nodiscard]] pass forward(std::span<const token_completion> completions) const requires learns {
        pass p{};
        p.hidden_ = model_.forward_hidden(completions);
        p.scores_ = scores_of(p.hidden_.hidden(), completions.size());
        return p;
    }

    /// Adds to the gradients of v and of the whole model. \throws argument_error when the counts differ.
    void backward(pass&& done, std::span<const double> derivatives) requires learns {
        pass p = std::move(done);
        require(derivatives.size() == p.scores_.size(), "backward: ", p.scores_.size(),
                " completions were scored, found ", derivatives.size(), " derivatives");
        const std::size_t size = head().size();
        std::vector<scalar> d_hidden(derivatives.size() * size);
        const matrix_view<const scalar> hidden = p.hidden_.hidden();
        const std::span<scalar> d_head = gradients().subspan(split());
        for (std::size_t c = 0; c < derivatives.size(); ++c) {
            const auto d = static_cast<scalar>(derivatives[c]);
            for (std::size_t j = 0; j < size; ++j) {
                d_head[j] += d * hidden(c, j);
                d_hidden[c * size + j] = d * head()[j];
            }
        }
        model_.backward_hidden(std::move(p.hidden_), {d_hidden.data(), derivatives.size(), size});
    }

    double operator()(token_span prompt, token_span response) const {
        const token_completion one{prompt, response};
        return rewards({&one, 1}).front();
    }
    /// The rewards of many completions; neighbours with equal prompts share the prompt's computation.
    [[nodiscard]] std::vector<double> rewards(std::span<const token_completion> completions) const {
        if constexpr (has_kernel) {
            std::vector<double> scores(completions.size());
            const auto v = all_.values().column_block(split(), model_.config().hidden_size);
            forward_in_chunks(model_.weights(), completions, row_purpose::last_hidden,
                              [&](std::size_t first, const packed_batch& batch, auto hidden) {
                                  backend::reward_head(hidden, v,
                                                       std::span(scores).subspan(first, batch.wanted.size()));
                              });
            check_finite_rewards(scores);
            return scores;
        } else {
            const auto hidden = model_.last_hidden(completions);
            return scores_of(hidden.view(), completions.size());
        }
    }

    [[nodiscard]] const Model& model() const { return model_; }
    /// v, hidden_size numbers.
    [[nodiscard]] std::span<scalar> head() requires learns { return parameters().subspan(split()); }
    [[nodiscard]] std::span<const scalar> head() const requires learns { return parameters().subspan(split()); }
    /// A copy of v, wherever it lies.
    [[nodiscard]] std::vector<scalar> read_head() const { return all_.read(split(), model_.config().hidden_size); }
    /// Calls write(span of v) and takes what it wrote, also where the host cannot reach it.
    template <class Write> void write_head(Write&& write) {
        all_.part(split(), model_.config().hidden_size).write(std::forward<Write>(write));
    }

    /// The language model's trained numbers, then v.
    [[nodiscard]] std::span<scalar> parameters() requires learns { return all_.host_values(); }
    [[nodiscard]] std::span<const scalar> parameters() const requires learns { return all_.host_values(); }
    [[nodiscard]] std::span<scalar> gradients() requires learns { return all_.host_gradients(); }
    void release_gradients() { all_.release_gradients(); }
    void begin_step(std::uint64_t key) { model_.begin_step(key); }
    void end_step() { model_.end_step(); }
    /// Adds to a run's description what is frozen.
    template <class Run> void describe(Run& run) const { model_.describe(run); }

  private:
    template <class U> using view = typename backend::template view<U>;
    /// Whether the backend multiplies hidden states by v itself.
    static constexpr bool has_kernel =
        requires(view<const scalar> hidden, view<const scalar> v, std::span<double> rewards) {
        backend::reward_head(hidden, v, rewards);
    };

    [[nodiscard]] std::vector<double> scores_of(matrix_view<const scalar> hidden, std::size_t count) const {
        std::vector<double> scores(count);
        const std::vector<scalar> v = all_.read(split(), hidden.columns);
        for (std::size_t c = 0; c < count; ++c)
            for (std::size_t j = 0; j < hidden.columns; ++j)
                scores[c] += static_cast<double>(hidden(c, j)) * static_cast<double>(v[j]);
        check_finite_rewards(scores);
        return scores;
    }

    /// Where v starts.
    [[nodiscard]] std::size_t split() const { return all_.size() - model_.config().hidden_size; }

    trained_numbers<scalar, typename Model::backend> all_;
    Model model_; // its trained numbers are the first of all_
};

} // namespace preflearn
