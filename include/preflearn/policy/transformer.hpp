/// \file
/// A decoder-only transformer: a language model π(y | x) that scores, learns and generates. Templated on its scalar,
/// on its family (`llama`: which parts, which tensor names) and on its backend. Completions run as packed rows, and
/// neighbours with equal prompts share the prompt's rows, forward and backward (see batch.hpp). What is computed of a
/// completion has the same bits alone and in any batch, in any order, with shared prompts or not, for any number of
/// threads; so has what is drawn. A gradient's depend on the batch's completions and their order.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/attend.hpp>
#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/linear_divergence.hpp>
#include <preflearn/loss/vocabulary/linear_log_probs.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/decoder_layer.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/decoder/kept_rows.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/packed_batch.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/log_prob_head.hpp>

namespace preflearn {

/// A GenerativePolicy and a Trainable on token completions. Const calls are safe from several threads. Copies share
/// nothing; gradients are working memory and are not copied. `extra` parameters at the end of the flat vector, zero at
/// first, are left alone by the model: heads on top (a scalar reward) keep theirs there.
template <std::floating_point Scalar, class Backend = cpu_backend> class transformer {
  public:
    using scalar = Scalar;
    using real = double;
    using backend = Backend;
    using matrix = typename Backend::template matrix<Scalar>;

    /// What a forward run keeps for backward: the activations of every layer.
    class pass {
      public:
        /// log π(y | x) of each completion in nats; 0 for an empty response.
        [[nodiscard]] std::span<const double> scores() const { return scores_; }
        /// log π of each response token, row c belonging to completion c.
        [[nodiscard]] std::span<const double> token_scores(std::size_t c) const {
            return std::span(token_scores_)
                .subspan(batch_.token_offsets[c], batch_.token_offsets[c + 1] - batch_.token_offsets[c]);
        }
        /// log Σ_v π(v)² over the vocabulary at each response token, after `forward_with_sum_squares`.
        [[nodiscard]] std::span<const double> token_log_sum_squares(std::size_t c) const {
            return std::span(token_log_sum_squares_)
                .subspan(batch_.token_offsets[c], batch_.token_offsets[c + 1] - batch_.token_offsets[c]);
        }
        /// KL(π_ref ‖ π) of the next token's distributions at each response token, after `forward_with_divergence`.
        [[nodiscard]] std::span<const double> token_divergences(std::size_t c) const {
            return std::span(token_divergences_)
                .subspan(batch_.token_offsets[c], batch_.token_offsets[c + 1] - batch_.token_offsets[c]);
        }

      private:
        friend transformer;
        packed_batch batch_;
        activations<Scalar, Backend> kept_;
        std::vector<double> scores_, token_scores_, token_log_sum_squares_, token_divergences_, normalisers_;
        const transformer* reference_ = nullptr;
        matrix reference_hidden_;
    };

    /// The same for hidden states.
    class hidden_pass {
      public:
        /// One row per completion: the final norm's output at its last token (the prompt's last for an empty response).
        [[nodiscard]] matrix_view<const Scalar> hidden() const { return kept_.hidden.view(); }

      private:
        friend transformer;
        packed_batch batch_;
        activations<Scalar, Backend> kept_;
    };

    /// All parameters zero but the norms' weights: to be filled by loading. \throws argument_error for a bad
    /// configuration.
    explicit transformer(const transformer_config& config, std::size_t extra = 0)
        : config_(validated(config)), layout_(config_), extra_(extra), parameters_(1, layout_.size() + extra) {
        fill(parameters(), Scalar(0));
        for (const tensor_place& place : layout_.tensors())
            if (place.is_vector())
                fill(parameters().subspan(place.offset, place.size()), static_cast<Scalar>(place.initial_value()));
    }
    /// Random weights: see `initialise`.
    transformer(const transformer_config& config, generator random, std::size_t extra = 0)
        : transformer(config, extra) {
        initialise(parameters(), layout_, config_, random());
    }
    /// The same model with `extra` parameters at the end in place of those it had.
    transformer(const transformer& other, std::size_t extra) : transformer(other.config_, extra) {
        std::copy_n(other.parameters().begin(), layout_.size(), parameters().begin());
    }
    transformer(const transformer& other)
        : config_(other.config_), layout_(other.layout_), extra_(other.extra_), parameters_(other.parameters_) {}
    transformer(transformer&&) noexcept = default;
    transformer& operator=(transformer other) noexcept {
        config_ = std::move(other.config_);
        layout_ = std::move(other.layout_);
        extra_ = other.extra_;
        parameters_ = std::move(other.parameters_);
        gradients_ = std::move(other.gradients_);
        return *this;
    }

    [[nodiscard]] const transformer_config& config() const { return config_; }
    /// What loading it noticed and decided; empty for a model that was made here.
    [[nodiscard]] std::span<const std::string> notes() const { return config_.notes; }
    /// Sampling stops there, too. \throws argument_error for a token outside the vocabulary.
    void stop_at(token_id token) {
        require(token >= 0 && static_cast<std::size_t>(token) < config_.vocabulary_size, "the end token ", token,
                " is outside the vocabulary of ", config_.vocabulary_size);
        add_end_token(config_, token);
    }
    [[nodiscard]] const decoder_layout& layout() const { return layout_; }
    /// All parameters, the extra ones last.
    [[nodiscard]] std::span<Scalar> parameters() { return flat(parameters_); }
    [[nodiscard]] std::span<const Scalar> parameters() const { return flat(parameters_); }
    /// As long as parameters(); allocated, as zeros, when first asked for.
    [[nodiscard]] std::span<Scalar> gradients() {
        if (gradients_.view().columns != parameters_.view().columns) {
            gradients_ = matrix(1, parameters_.view().columns);
            fill(flat(gradients_), Scalar(0));
        }
        return flat(gradients_);
    }
    /// The parameters of heads on top, and their gradients.
    [[nodiscard]] std::span<Scalar> extra_parameters() { return parameters().last(extra_); }
    [[nodiscard]] std::span<const Scalar> extra_parameters() const { return parameters().last(extra_); }
    [[nodiscard]] std::span<Scalar> extra_gradients() { return gradients().last(extra_); }

    /// Scores completions and keeps what backward needs: for 135M parameters about 0.7 MB per row in float.
    /// \throws argument_error for an empty prompt, an id outside the vocabulary or a sequence longer than
    /// config().maximum_length, naming the completion; numeric_error when a log-probability is not finite.
    [[nodiscard]] pass forward(std::span<const token_completion> completions) const {
        return scored(completions, false);
    }

    /// The same with log Σ_v π(v)² at every token, by which WPO weighs pairs. \throws as forward.
    [[nodiscard]] pass forward_with_sum_squares(std::span<const token_completion> completions) const {
        return scored(completions, true);
    }

    /// The same with KL(π_ref ‖ π) at every token, for losses in which it counts (TDPO). The reference, which may be
    /// another model of the same vocabulary, is run here once and must live until backward. \throws as forward;
    /// argument_error when the vocabularies differ.
    [[nodiscard]] pass forward_with_divergence(std::span<const token_completion> completions,
                                               const transformer& reference) const {
        require(reference.config_.vocabulary_size == config_.vocabulary_size, "the reference has a vocabulary of ",
                reference.config_.vocabulary_size, " tokens, the policy of ", config_.vocabulary_size);
        packed_batch::check(completions, reference.config_);
        pass p = scored(completions, false);
        const std::size_t count = p.batch_.wanted.size();
        activations<Scalar, Backend> frozen(reference.config_, p.batch_.rows(), count, false);
        layer_workspace<Scalar, Backend> work(reference.config_, p.batch_.rows(), false);
        reference.run(p.batch_, frozen, work);
        p.reference_ = &reference;
        p.reference_hidden_ = std::move(frozen.hidden);
        std::vector<double> of_rows(count);
        divergences(p, of_rows);
        for (const std::size_t source : p.batch_.sources) p.token_divergences_.push_back(of_rows[source]);
        return p;
    }

    /// Adds to the gradients, given d loss / d score of every completion. Consumes the pass, which must come from
    /// this model with these parameters. \throws argument_error when the counts differ.
    void backward(pass&& done, std::span<const double> derivatives) {
        require(derivatives.size() == done.scores_.size(), "backward: ", done.scores_.size(),
                " completions were scored, found ", derivatives.size(), " derivatives");
        std::vector<double> per_token(done.token_scores_.size());
        for (std::size_t c = 0; c < derivatives.size(); ++c)
            std::fill(per_token.begin() + static_cast<std::ptrdiff_t>(done.batch_.token_offsets[c]),
                      per_token.begin() + static_cast<std::ptrdiff_t>(done.batch_.token_offsets[c + 1]),
                      derivatives[c]);
        backward_tokens(std::move(done), per_token);
    }

    /// The same for d loss / d log π of every response token, completion after completion.
    void backward_tokens(pass&& done, std::span<const double> derivatives) {
        backward_tokens(std::move(done), derivatives, {});
    }

    /// The same with d loss / d KL of every token, of a pass by `forward_with_divergence`; none: zero.
    void backward_tokens(pass&& done, std::span<const double> derivatives,
                         std::span<const double> divergence_derivatives) {
        pass p = std::move(done);
        require(derivatives.size() == p.token_scores_.size(), "backward_tokens: ", p.token_scores_.size(),
                " tokens were scored, found ", derivatives.size(), " derivatives");
        require(divergence_derivatives.empty() || divergence_derivatives.size() == p.token_divergences_.size(),
                "backward_tokens: ", p.token_divergences_.size(), " divergences were computed, found ",
                divergence_derivatives.size(), " derivatives");
        if (p.batch_.rows() == 0) return;
        matrix d_hidden(p.batch_.wanted.size(), config_.hidden_size);
        fill(flat(d_hidden), Scalar(0));
        log_prob_head<Scalar, Backend>(p.batch_.targets, p.batch_.sources)
            .backward(p.kept_.hidden.view(), head(parameters().data()), p.normalisers_, derivatives, d_hidden.view(),
                      head(gradients().data()));
        if (!divergence_derivatives.empty()) {
            std::vector<double> weights(p.batch_.wanted.size()), unused(weights.size());
            for (std::size_t t = 0; t < divergence_derivatives.size(); ++t)
                weights[p.batch_.sources[t]] += divergence_derivatives[t];
            divergences(p, unused, weights, {.hidden = d_hidden.view(), .head = head(gradients().data())});
        }
        backward_from(p.batch_, p.kept_, d_hidden.view());
    }

    /// The final hidden state of every completion at its last token. \throws as forward.
    [[nodiscard]] hidden_pass forward_hidden(std::span<const token_completion> completions) const {
        hidden_pass p;
        p.batch_ = packed_batch(completions, config_, row_purpose::last_hidden);
        p.kept_ = activations<Scalar, Backend>(config_, p.batch_.rows(), p.batch_.wanted.size(), true);
        layer_workspace<Scalar, Backend> work(config_, p.batch_.rows(), false);
        run(p.batch_, p.kept_, work);
        return p;
    }

    /// Adds to the gradients, given d loss / d hidden. \throws argument_error when the shapes differ.
    void backward_hidden(hidden_pass&& done, matrix_view<const Scalar> d_hidden) {
        hidden_pass p = std::move(done);
        require(d_hidden.rows == p.batch_.wanted.size() && d_hidden.columns == config_.hidden_size,
                "backward_hidden: derivatives of ", p.batch_.wanted.size(), " x ", config_.hidden_size,
                " were expected, found ", d_hidden.rows, " x ", d_hidden.columns);
        if (p.batch_.rows() != 0) backward_from(p.batch_, p.kept_, d_hidden);
    }

    /// The hidden states alone, with nothing kept: completions × hidden_size.
    [[nodiscard]] matrix last_hidden(std::span<const token_completion> completions) const {
        matrix all(completions.size(), config_.hidden_size);
        in_chunks(completions, row_purpose::last_hidden, [&](std::size_t first, const packed_batch& batch, auto& kept) {
            copy_rows<Scalar>(kept.hidden.view().row_block(0, batch.wanted.size()),
                              all.view().row_block(first, batch.wanted.size()));
        });
        return all;
    }

    /// log π of every response token, one row per completion; keeps nothing for backward, so that the working memory
    /// stays small for any number of completions. \throws as forward.
    [[nodiscard]] ragged<double> token_log_probs(std::span<const token_completion> completions) const {
        ragged<double> all;
        std::vector<double> values, normalisers;
        in_chunks(completions, row_purpose::log_probs, [&](std::size_t, const packed_batch& batch, auto& kept) {
            values.resize(batch.targets.size());
            normalisers.resize(batch.wanted.size());
            score(batch, kept, values, normalisers);
            for (std::size_t c = 0; c < batch.completions(); ++c)
                all.push_back(std::span(values).subspan(batch.token_offsets[c],
                                                        batch.token_offsets[c + 1] - batch.token_offsets[c]));
        });
        return all;
    }

    /// log π(y | x) of every completion. \throws as forward.
    [[nodiscard]] std::vector<double> log_probs(std::span<const token_completion> completions) const {
        const ragged<double> tokens = token_log_probs(completions);
        std::vector<double> sums(completions.size());
        for (std::size_t c = 0; c < sums.size(); ++c) sums[c] = total(tokens[c], c);
        return sums;
    }
    [[nodiscard]] double log_prob(token_span prompt, token_span response) const {
        const token_completion one{prompt, response};
        return log_probs({&one, 1}).front();
    }

    /// Draws a response: its tokens, the end token included where one was drawn. Ends there, after options.max_tokens,
    /// or at the model's maximum length. \throws argument_error for bad options or a bad prompt.
    [[nodiscard]] std::vector<token_id> sample(token_span prompt, const sampling_options& options,
                                               generator& random) const;
    /// Draws a response to every prompt, many at a time; response i is drawn from generator{seed, purpose, i}.
    [[nodiscard]] ragged<token_id> sample_many(std::span<const token_span> prompts, const sampling_options& options,
                                               std::uint64_t seed, std::string_view purpose = "sample") const;

    /// Runs layer `number`, with `attend` in place of attention over a packed batch (a cache, for one).
    template <class Attend>
    void run_layer(std::size_t number, const layer_rows<Scalar>& rows, layer_workspace<Scalar, Backend>& work,
                   Attend&& attend) const {
        layer_forward<Backend, Scalar>(layer_parameters<const Scalar>(parameters().data(), layout_.layer(number)),
                                       config_, rows, work, attend);
    }

    /// x = embedding of each token.
    void embed(std::span<const token_id> tokens, matrix_view<Scalar> x) const {
        const Scalar* table = parameters().data() + layout_.embedding().weight.offset;
        for (std::size_t r = 0; r < tokens.size(); ++r)
            std::copy_n(table + static_cast<std::size_t>(tokens[r]) * config_.hidden_size, config_.hidden_size,
                        x.row(r));
    }
    /// The final norm.
    void finish(matrix_view<const Scalar> x, matrix_view<Scalar> hidden, Scalar* inverse) const {
        rms_norm<>::forward<Scalar>(x, parameters().data() + layout_.final_norm().weight.offset, config_.norm_epsilon,
                                    hidden, inverse);
    }
    /// The output head, vocabulary × hidden.
    [[nodiscard]] matrix_view<const Scalar> head() const { return head(parameters().data()); }

    /// Runs a batch up to the final hidden states of its wanted rows; `after(layer, rows)` sees each layer's arrays.
    template <class After>
    void run(const packed_batch& batch, activations<Scalar, Backend>& kept, layer_workspace<Scalar, Backend>& work,
             After&& after) const {
        const std::size_t count = batch.rows();
        if (count == 0) return;
        const rotary_table<Scalar> rotary(config_, 0, batch.longest);
        attention<Scalar> attend(batch, config_, false);
        embed(batch.tokens, kept.stream(0, count));
        for (std::size_t number = 0; number < config_.layers; ++number) {
            const layer_rows<Scalar> rows = kept.layer(number, count);
            run_layer(number, rows, work, [&](const layer_rows<Scalar>& r) {
                rotary.turn_rows(r.query_key_value, config_.heads + config_.key_value_heads, batch.positions, false);
                attend.forward(r.query_key_value, r.mixed, r.normaliser);
            });
            after(number, rows);
        }
        const auto last = kept.stream(config_.layers, count);
        const auto wanted = kept.final_input.view().row_block(0, batch.wanted.size());
        for (std::size_t w = 0; w < wanted.rows; ++w)
            std::copy_n(last.row(batch.wanted[w]), config_.hidden_size, wanted.row(w));
        finish(wanted, kept.hidden.view().row_block(0, wanted.rows), kept.final_inverse.data());
    }
    void run(const packed_batch& batch, activations<Scalar, Backend>& kept,
             layer_workspace<Scalar, Backend>& work) const {
        run(batch, kept, work, [](auto&&...) {});
    }

  private:
    template <class Matrix> static auto flat(Matrix& m) {
        return std::span(m.view().data, m.view().rows * m.view().columns);
    }
    static void fill(std::span<Scalar> values, Scalar value) {
        parallel_blocks(values.size(), std::size_t{1} << 20, [&](std::size_t begin, std::size_t end) {
            std::fill(values.begin() + static_cast<std::ptrdiff_t>(begin),
                      values.begin() + static_cast<std::ptrdiff_t>(end), value);
        });
    }
    template <class T> matrix_view<T> head(T* first) const {
        return {first + layout_.head().weight.offset, config_.vocabulary_size, config_.hidden_size};
    }

    [[nodiscard]] pass scored(std::span<const token_completion> completions, bool with_sum_squares) const {
        pass p;
        p.batch_ = packed_batch(completions, config_, row_purpose::log_probs);
        p.kept_ = activations<Scalar, Backend>(config_, p.batch_.rows(), p.batch_.wanted.size(), true);
        layer_workspace<Scalar, Backend> work(config_, p.batch_.rows(), false);
        run(p.batch_, p.kept_, work);
        p.token_scores_.resize(p.batch_.targets.size());
        p.normalisers_.resize(p.batch_.wanted.size());
        std::vector<double> of_rows(with_sum_squares ? p.batch_.wanted.size() : 0);
        score(p.batch_, p.kept_, p.token_scores_, p.normalisers_, of_rows);
        if (with_sum_squares)
            for (const std::size_t source : p.batch_.sources) p.token_log_sum_squares_.push_back(of_rows[source]);
        for (std::size_t c = 0; c < completions.size(); ++c) p.scores_.push_back(total(p.token_scores(c), c));
        return p;
    }

    void score(const packed_batch& batch, const activations<Scalar, Backend>& kept, std::span<double> log_probs,
               std::span<double> normalisers, std::span<double> log_sum_squares = {}) const {
        const auto hidden = kept.hidden.view().row_block(0, batch.wanted.size());
        if (log_sum_squares.empty())
            log_prob_head<Scalar, Backend>(batch.targets, batch.sources)
                .forward(hidden, head(), log_probs, normalisers);
        else
            (void)linear_log_probs<Scalar, Backend>(hidden, head(), batch.targets, batch.sources)
                .forward_unchecked(
                    {.log_probs = log_probs, .normalisers = normalisers, .log_sum_squares = log_sum_squares});
    }

    /// KL(π_ref ‖ π) of every wanted row, and the gradient of its weighted sum.
    void divergences(const pass& p, std::span<double> of_rows, std::span<const double> weights = {},
                     const linear_gradients<Scalar>& into = {}) const {
        const std::size_t count = p.batch_.wanted.size();
        if (count == 0) return;
        linear_kl_from_reference<Backend>(
            linear_model<Scalar>{.hidden = std::as_const(p.reference_hidden_).view().row_block(0, count),
                                 .head = p.reference_->head()},
            linear_model<Scalar>{.hidden = p.kept_.hidden.view().row_block(0, count), .head = head()}, of_rows, weights,
            into);
    }

    static double total(std::span<const double> log_probs, std::size_t completion) {
        double sum = 0;
        for (const double value : log_probs) sum += value;
        require<numeric_error>(std::isfinite(sum), "completion ", completion, ": its log-probability is ", sum,
                               "; the model's parameters hold infinities or NaN, or overflow");
        return sum;
    }

    /// Runs consecutive completions in chunks of bounded size through one set of arrays. A group of equal prompts is
    /// cut only when it does not fit into a chunk by itself.
    template <class Use>
    void in_chunks(std::span<const token_completion> completions, row_purpose purpose, Use&& use) const {
        constexpr std::size_t bytes = std::size_t{64} << 20;
        const std::size_t most =
            std::clamp<std::size_t>(bytes / activations<Scalar, Backend>::row_bytes(config_), 128, 1024);
        packed_batch::check(completions, config_);
        const std::vector<completion_chunk> chunks = chunks_of(completions, most);
        std::size_t rows = 0, wanted = 0;
        for (const completion_chunk& chunk : chunks) {
            rows = std::max(rows, chunk.rows);
            wanted = std::max({wanted, chunk.rows, chunk.end - chunk.begin});
        }
        activations<Scalar, Backend> kept(config_, rows, wanted, false);
        layer_workspace<Scalar, Backend> work(config_, rows, false);
        for (const completion_chunk& chunk : chunks) {
            const packed_batch batch(completions.subspan(chunk.begin, chunk.end - chunk.begin), config_, purpose);
            run(batch, kept, work);
            use(chunk.begin, batch, kept);
        }
    }

    void backward_from(const packed_batch& batch, activations<Scalar, Backend>& kept,
                       matrix_view<const Scalar> d_hidden) {
        const std::size_t count = batch.rows(), n = config_.hidden_size;
        Scalar* const d = gradients().data();
        matrix d_final(batch.wanted.size(), n), stream(count, n);
        fill(flat(d_final), Scalar(0));
        fill(flat(stream), Scalar(0));
        rms_norm<>::backward<Scalar>(kept.final_input.view(), parameters().data() + layout_.final_norm().weight.offset,
                                     kept.final_inverse.data(), d_hidden, d_final.view(),
                                     d + layout_.final_norm().weight.offset);
        const auto dx = stream.view();
        const auto add_row = [n](const Scalar* from, Scalar* to) {
            for (std::size_t c = 0; c < n; ++c) to[c] += from[c];
        };
        for (std::size_t w = 0; w < batch.wanted.size(); ++w) add_row(d_final.view().row(w), dx.row(batch.wanted[w]));
        const rotary_table<Scalar> rotary(config_, 0, batch.longest);
        attention<Scalar> attend(batch, config_, true);
        layer_workspace<Scalar, Backend> work(config_, count, true);
        for (std::size_t number = config_.layers; number-- > 0;) {
            layer_backward<Backend, Scalar>(
                layer_parameters<const Scalar>(parameters().data(), layout_.layer(number)),
                layer_parameters<Scalar>(d, layout_.layer(number)), config_, kept.layer(number, count), work, dx,
                [&](const layer_rows<Scalar>& r, matrix_view<const Scalar> d_mixed, matrix_view<Scalar> d_qkv) {
                    attend.backward(r.query_key_value, r.mixed, r.normaliser, d_mixed, d_qkv);
                    rotary.turn_rows(d_qkv, config_.heads + config_.key_value_heads, batch.positions, true);
                });
        }
        for (std::size_t r = 0; r < count; ++r)
            add_row(dx.row(r), d + layout_.embedding().weight.offset + static_cast<std::size_t>(batch.tokens[r]) * n);
    }

    transformer_config config_;
    decoder_layout layout_;
    std::size_t extra_ = 0;
    matrix parameters_, gradients_;
};

/// A named tensor of a model: its name in Hugging Face files, its shape (outermost first), its part of the parameters.
template <class T> struct named_tensor {
    std::string name;
    std::vector<std::size_t> shape;
    std::span<T> values;
};

/// Every tensor of a model, in the order of the flat vector; extra parameters have no name and are left out.
template <class Model> auto tensors(Model& model) {
    using element = typename decltype(model.parameters())::element_type;
    std::vector<named_tensor<element>> all;
    for (const tensor_place& place : model.layout().tensors()) {
        all.push_back({layer_name(place.entry.hugging_face.name, place.layer), place.shape(),
                       model.parameters().subspan(place.offset, place.size())});
    }
    return all;
}

} // namespace preflearn

#include <preflearn/policy/sampling/generate.hpp> // IWYU pragma: keep: defines sample and sample_many
