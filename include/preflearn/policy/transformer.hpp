/// \file
/// A decoder-only transformer: a language model π(y | x) that scores, learns and generates. Its family (Llama, Qwen2 …)
/// is a value in its configuration; templated on its scalar and on its backend, which owns the arrays and supplies the
/// operations. Completions run as packed rows, and neighbours with equal prompts share the prompt's rows, forward and
/// backward (see packed_batch.hpp). What is computed of a completion has the same bits alone and in any batch, in any
/// order, with shared prompts or not, for any number of threads; so has what is drawn. A gradient's depend on the
/// batch's completions and their order.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/backward.hpp>
#include <preflearn/policy/decoder/chunks.hpp>
#include <preflearn/policy/decoder/forward.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/decoder/named_tensors.hpp>
#include <preflearn/policy/decoder/scored_pass.hpp>
#include <preflearn/policy/decoder/weights.hpp>
#include <preflearn/policy/sampling/generate.hpp>

namespace preflearn {

/// A GenerativePolicy on token completions, and on a LearningBackend a Trainable. `parameters()` are the trained
/// numbers, all of them unless tensors were frozen. Const calls are safe from several threads. Copies share frozen
/// tensors and nothing else; gradients are working memory and are not copied.
template <std::floating_point Scalar = float, class Backend = cpu_backend> class transformer {
    static_assert(ScoringBackend<Backend, Scalar>,
                  "a transformer runs on a ScoringBackend, which owns arrays and has the operations of a decoder: "
                  "backend/concepts.hpp lists them");

  public:
    using scalar = Scalar;
    using real = double;
    using backend = Backend;
    using array = typename Backend::template array<Scalar>;
    using weights_type = decoder_weights<Scalar, Backend>;
    using pass = scored_pass<transformer>;
    using hidden_pass = preflearn::hidden_pass<transformer>;
    static constexpr bool learns = LearningBackend<Backend, Scalar>;

    /// Trained parameters are zero but the norms' weights, which are one: to be filled by `write_parameters`.
    /// \throws argument_error for a bad configuration, or frozen tensors or adapters that do not fit it.
    explicit transformer(const transformer_config& config, frozen_tensors frozen = {}, decoder_adapters adapters = {})
        : weights_(config, std::move(frozen), std::move(adapters)) {}
    /// Random weights: see `initialise`.
    transformer(const transformer_config& config, generator random) : weights_(config) { initialise(*this, random); }
    /// The same model whose trained numbers and gradients lie in `home`, part of a larger model's.
    transformer(const transformer& other, trained_numbers<Scalar, Backend> home)
        : weights_(other.weights_, std::move(home)), step_(other.step_), recomputes_(other.recomputes_) {}

    [[nodiscard]] const transformer_config& config() const { return weights_.config(); }
    [[nodiscard]] const decoder_layout& layout() const { return weights_.layout(); }
    [[nodiscard]] const weights_type& weights() const { return weights_; }
    /// What loading it noticed and decided; empty for a model that was made here.
    [[nodiscard]] std::span<const std::string> notes() const { return config().notes; }
    /// Sampling stops there, too. \throws argument_error for a token outside the vocabulary.
    void stop_at(token_id token) { weights_.stop_at(token); }

    /// The same model with its adapters off, which shares all frozen weights: the reference of a model that learns by
    /// adapters, without a second copy of anything.
    [[nodiscard]] transformer without_adapter() const { return with_adapters({}); }
    /// The same model with other adapters, whose numbers are zero; frozen weights are shared. \throws argument_error
    /// for adapters that do not fit.
    [[nodiscard]] transformer with_adapters(decoder_adapters adapters) const {
        transformer other(weights_.with_adapters(std::move(adapters)));
        other.recomputes_ = recomputes_;
        return other;
    }
    /// A model of the same configuration on the same backend. \throws as the constructor.
    [[nodiscard]] transformer of_tensors(frozen_tensors frozen, decoder_adapters adapters = {}) const {
        return transformer(config(), std::move(frozen), std::move(adapters));
    }
    /// While a step is made (the training loop says so), the adapters' dropout is on for passes that backward follows;
    /// `key` differs from step to step. Scoring and sampling never leave anything out.
    void begin_step(std::uint64_t key) { step_ = key; }
    void end_step() { step_.reset(); }
    /// Passes then keep the residual rows alone and backward runs each layer again: about a third more time, a fraction
    /// of the memory, the same bits.
    void recompute_activations(bool on = true) { recomputes_ = on; }

    /// The trained numbers.
    [[nodiscard]] std::span<Scalar> parameters() requires learns { return weights_.trained().host_values(); }
    [[nodiscard]] std::span<const Scalar> parameters() const requires learns {
        return weights_.trained().host_values();
    }
    /// As long as parameters(); allocated, as zeros, when first asked for.
    [[nodiscard]] std::span<Scalar> gradients() requires learns { return weights_.trained().host_gradients(); }
    /// Gives their memory back; spans of them end.
    void release_gradients() { weights_.trained().release_gradients(); }
    /// A copy of `count` trained numbers from `begin` on, also where the host cannot reach them.
    [[nodiscard]] std::vector<Scalar> read_parameters(std::size_t begin, std::size_t count) const {
        return weights_.trained().read(begin, count);
    }
    /// Calls write(span of the trained numbers) and takes what it wrote, also where the host cannot reach them.
    template <class Write> void write_parameters(Write&& write) {
        weights_.trained().write(std::forward<Write>(write));
    }
    /// Adds to a run's description which computation it is, and what its frozen tensors are. Reads these.
    template <class Run> void describe(Run& run) const {
        run.add("model", identity_of(config()));
        if (Backend::name != cpu_backend::name) run.add("backend", std::string(Backend::name)); // whose bits differ
        if (!weights_.adapters().empty()) run.add("adapter", weights_.adapters().identity());
        if (const std::string frozen = weights_.frozen_identity(); !frozen.empty()) run.add("frozen weights", frozen);
    }
    /// Of a training step, in the layers' products (see `decoder_weights`).
    [[nodiscard]] double operations_per_token() const { return weights_.operations_per_token(); }
    /// \throws (when compiled) unless the model can learn.
    static consteval void check_trainable() {
        static_assert(learns, "a transformer learns only on a LearningBackend: this backend scores and samples, but "
                              "lacks host(view) or the backward pass of an operation (backend/concepts.hpp)");
    }

    /// Scores completions and keeps what backward needs: for 135M parameters about 0.7 MB per row in float.
    /// \throws argument_error for an empty prompt, an id outside the vocabulary or a sequence longer than
    /// config().maximum_length, naming the completion; numeric_error when a log-probability is not finite.
    [[nodiscard]] pass forward(std::span<const token_completion> completions) const requires learns {
        return scored(completions, false);
    }
    /// The same with log Σ_v π(v)² at every token, by which WPO weighs pairs. \throws as forward.
    [[nodiscard]] pass forward_with_sum_squares(std::span<const token_completion> completions) const requires learns {
        return scored(completions, true);
    }
    /// The same with KL(π_ref ‖ π) at every token, for losses in which it counts (TDPO). The reference, which may be
    /// another model of the same vocabulary, is run here once and must live until backward. \throws as forward;
    /// argument_error when the vocabularies differ. \param lambda instead, log Σ_v π(v)^{1+λ} π_ref(v)^{−λ} (SPA),
    /// through which no derivatives flow
    [[nodiscard]] pass forward_with_divergence(std::span<const token_completion> completions,
                                               const transformer& reference,
                                               std::optional<double> lambda = {}) const requires learns {
        const transformer_config& other = reference.config();
        require(other.vocabulary_size == config().vocabulary_size, "the reference has a vocabulary of ",
                other.vocabulary_size, " tokens, the policy of ", config().vocabulary_size);
        packed_batch::check(completions, other);
        pass p = scored(completions, false);
        const std::size_t count = p.batch_.wanted.size();
        kept_rows<Scalar, Backend> frozen(other, p.batch_.rows(), count, false);
        layer_workspace<Scalar, Backend> work(other, p.batch_.rows(), false);
        decoder_forward(reference.weights_, p.batch_, frozen, work);
        p.reference_ = &reference;
        p.reference_hidden_ = std::move(frozen.hidden);
        std::vector<double> of_rows(count);
        if (lambda)
            extrapolations(p, *lambda, of_rows);
        else
            divergences(p, of_rows);
        for (const std::size_t source : p.batch_.sources) p.token_divergences_.push_back(of_rows[source]);
        return p;
    }

    /// Adds to the gradients, given d loss / d score of every completion. Consumes the pass, which must come from
    /// this model with these parameters. \throws argument_error when the counts differ.
    void backward(pass&& done, std::span<const double> derivatives) requires learns {
        require(derivatives.size() == done.scores_.size(), "backward: ", done.scores_.size(),
                " completions were scored, found ", derivatives.size(), " derivatives");
        std::vector<double> per_token;
        for (std::size_t c = 0; c < derivatives.size(); ++c)
            per_token.insert(per_token.end(), done.token_scores(c).size(), derivatives[c]);
        backward_tokens(std::move(done), per_token);
    }
    /// The same for d loss / d log π of every response token, completion after completion, and, of a pass by
    /// `forward_with_divergence`, d loss / d KL of every token; none: zero.
    void backward_tokens(pass&& done, std::span<const double> derivatives,
                         std::span<const double> divergence_derivatives = {}) requires learns {
        pass p = std::move(done);
        require(derivatives.size() == p.token_scores_.size(), "backward_tokens: ", p.token_scores_.size(),
                " tokens were scored, found ", derivatives.size(), " derivatives");
        require(divergence_derivatives.empty() || divergence_derivatives.size() == p.token_divergences_.size(),
                "backward_tokens: ", p.token_divergences_.size(), " divergences were computed, found ",
                divergence_derivatives.size(), " derivatives");
        if (p.batch_.rows() == 0) return;
        array d_hidden(p.batch_.wanted.size(), config().hidden_size);
        Backend::fill(d_hidden.view(), Scalar(0));
        const auto d_head = weights_.gradient(layout().head().weight);
        Backend::log_probs_backward(p.kept_.hidden.view(), weights_.head(), weights_.logits(), p.batch_.targets,
                                    p.batch_.sources, p.normalisers_, derivatives, d_hidden.view(), d_head);
        const auto flows = [](double derivative) { return derivative != 0; };
        if (std::ranges::any_of(divergence_derivatives, flows)) {
            std::vector<double> weights(p.batch_.wanted.size()), unused(weights.size());
            for (std::size_t t = 0; t < divergence_derivatives.size(); ++t)
                weights[p.batch_.sources[t]] += divergence_derivatives[t];
            divergences(p, unused, weights, d_hidden.view(), d_head);
        }
        decoder_backward(weights_, p.batch_, p.kept_, d_hidden.view());
    }

    /// The final hidden state of every completion at its last token. \throws as forward.
    [[nodiscard]] hidden_pass forward_hidden(std::span<const token_completion> completions) const requires learns {
        hidden_pass p;
        run(p, packed_batch(completions, config(), row_purpose::last_hidden));
        return p;
    }
    /// Adds to the gradients, given d loss / d hidden. \throws argument_error when the shapes differ.
    void backward_hidden(hidden_pass&& done, matrix_view<const Scalar> d_hidden) requires learns {
        hidden_pass p = std::move(done);
        require(d_hidden.rows == p.batch_.wanted.size() && d_hidden.columns == config().hidden_size,
                "backward_hidden: derivatives of ", p.batch_.wanted.size(), " x ", config().hidden_size,
                " were expected, found ", d_hidden.rows, " x ", d_hidden.columns);
        array uploaded(d_hidden.rows, d_hidden.columns);
        for (std::size_t r = 0; r < d_hidden.rows; ++r)
            Backend::upload(std::span<const Scalar>(d_hidden.row(r), d_hidden.columns),
                            uploaded.view().row_block(r, 1));
        decoder_backward(weights_, p.batch_, p.kept_, uploaded.view());
    }

    /// The hidden states alone, with nothing kept: completions × hidden_size.
    [[nodiscard]] cpu_backend::matrix<Scalar> last_hidden(std::span<const token_completion> completions) const {
        cpu_backend::matrix<Scalar> all(completions.size(), config().hidden_size);
        forward_in_chunks(weights_, completions, row_purpose::last_hidden,
                          [&](std::size_t first, const packed_batch& batch, auto hidden) {
                              Backend::download(hidden, std::span<Scalar>(all.view().row(first),
                                                                          batch.wanted.size() * all.view().columns));
                          });
        return all;
    }
    /// The means over the responses' tokens instead; see `preflearn::mean_hidden`.
    [[nodiscard]] std::vector<Scalar> mean_hidden(std::span<const token_completion> completions) const {
        return preflearn::mean_hidden(weights_, completions);
    }
    /// log π of every response token, one row per completion; keeps nothing for backward, so that the working memory
    /// stays small for any number of completions. \throws as forward.
    [[nodiscard]] ragged<double> token_log_probs(std::span<const token_completion> completions) const {
        return preflearn::token_log_probs(weights_, completions);
    }
    /// log π(y | x) of every completion. \throws as forward.
    [[nodiscard]] std::vector<double> log_probs(std::span<const token_completion> completions) const {
        const ragged<double> tokens = token_log_probs(completions);
        std::vector<double> sums(completions.size());
        for (std::size_t c = 0; c < sums.size(); ++c) sums[c] = log_prob_of_tokens(tokens[c], c);
        return sums;
    }
    [[nodiscard]] double log_prob(token_span prompt, token_span response) const {
        const token_completion one{prompt, response};
        return log_probs({&one, 1}).front();
    }

    /// Draws a response: its tokens, the end token included where one was drawn. Ends there, after options.max_tokens,
    /// or at the model's maximum length. \throws argument_error for bad options or a bad prompt.
    [[nodiscard]] std::vector<token_id> sample(token_span prompt, const sampling_options& options,
                                               generator& random) const {
        return generate(*this, std::span(&prompt, 1), options, std::span(&random, 1)).front();
    }
    /// Draws a response to every prompt, many at a time; response i is drawn from generator{seed, purpose, i}.
    [[nodiscard]] ragged<token_id> sample_many(std::span<const token_span> prompts, const sampling_options& options,
                                               std::uint64_t seed, std::string_view purpose = "sample") const {
        return generate_many(*this, prompts, options, seed, purpose);
    }

  private:
    explicit transformer(weights_type weights) : weights_(std::move(weights)) {}

    template <class Pass> void run(Pass& p, packed_batch batch) const {
        p.batch_ = std::move(batch);
        if (step_ && weights_.adapters().dropped() != 0) p.batch_.draw_dropout(*step_);
        const kept_layers keep{.first = weights_.trains_embedding() ? 0 : weights_.first_trained_layer(),
                               .inputs_only = recomputes_};
        p.kept_ = kept_rows<Scalar, Backend>(config(), p.batch_.rows(), p.batch_.wanted.size(), keep);
        layer_workspace<Scalar, Backend> work(config(), p.batch_.rows(), false);
        decoder_forward(weights_, p.batch_, p.kept_, work);
    }

    [[nodiscard]] pass scored(std::span<const token_completion> completions, bool with_sum_squares) const {
        pass p;
        run(p, packed_batch(completions, config(), row_purpose::log_probs));
        p.token_scores_.resize(p.batch_.targets.size());
        p.normalisers_.resize(p.batch_.wanted.size());
        std::vector<double> of_rows(with_sum_squares ? p.batch_.wanted.size() : 0);
        Backend::log_probs(p.kept_.hidden.view(), weights_.head(), weights_.logits(), p.batch_.targets,
                           p.batch_.sources,
                           {.log_probs = p.token_scores_, .normalisers = p.normalisers_, .log_sum_squares = of_rows});
        if (with_sum_squares)
            for (const std::size_t source : p.batch_.sources) p.token_log_sum_squares_.push_back(of_rows[source]);
        for (std::size_t c = 0; c < completions.size(); ++c)
            p.scores_.push_back(log_prob_of_tokens(p.token_scores(c), c));
        return p;
    }

    /// KL(π_ref ‖ π) of every wanted row, and the gradient of its weighted sum.
    void divergences(const pass& p, std::span<double> of_rows, std::span<const double> weights = {},
                     typename Backend::template view<Scalar> d_hidden = {},
                     typename Backend::template view<Scalar> d_head = {}) const {
        if (p.batch_.wanted.empty()) return;
        const weights_type& reference = p.reference_->weights_;
        Backend::kl_from_reference(p.reference_hidden_.view(), reference.head(), reference.logits(),
                                   p.kept_.hidden.view(), weights_.head(), weights_.logits(), of_rows, weights,
                                   d_hidden, d_head);
    }

    void extrapolations(const pass& p, double lambda, std::span<double> of_rows) const {
        if (p.batch_.wanted.empty()) return;
        const weights_type& reference = p.reference_->weights_;
        if constexpr (requires {
                          Backend::extrapolation(p.reference_hidden_.view(), reference.head(), reference.logits(),
                                                 p.kept_.hidden.view(), weights_.head(), weights_.logits(), lambda,
                                                 of_rows);
                      })
            Backend::extrapolation(p.reference_hidden_.view(), reference.head(), reference.logits(),
                                   p.kept_.hidden.view(), weights_.head(), weights_.logits(), lambda, of_rows);
        else
            throw argument_error(message("the backend ", Backend::name, " extrapolates no logits"));
    }

    weights_type weights_;
    std::optional<std::uint64_t> step_; // while one is made
    bool recomputes_ = false;
};

} // namespace preflearn
