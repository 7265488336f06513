/// \file
/// Preference training with losses that see tokens (LD-DPO, WPO, TDPO, WSPO, any TokenLoss): as `train_preferences`,
/// but the model's pass gives log π of every token and takes a derivative for each.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>
#include <preflearn/loss/tokens/scores.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/token_side.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/objective.hpp>

namespace preflearn {

/// What frozen policies say of the tokens of both responses of every comparison: rows 2i of `first` and 2i + 1 of
/// `second`, or no rows at all.
struct frozen_tokens {
    /// Of `reference_token_log_probs`; no rows: no reference.
    ragged<double> reference{};
    /// Of `weak_token_shift`, for losses that match it.
    ragged<double> weak_shift{};
};

/// What a model's pass gives of every token beside its log-prob, and what a loss needs of it.
enum class token_extra : std::uint8_t { nothing, log_sum_squares, divergence };
template <class Loss>
inline constexpr token_extra token_extra_of = loss_uses_log_sum_squares<Loss> ? token_extra::log_sum_squares
                                              : loss_uses_divergence<Loss>    ? token_extra::divergence
                                                                              : token_extra::nothing;

/// Labelled pairs token by token, chosen and rejected response in turn. Views the comparisons and the frozen tokens.
template <class Model, Comparison C, token_extra Extra> class token_batch {
  public:
    using model_type = Model;
    using real = typename Model::real;
    static constexpr std::string_view kind = "token preferences", place = "pair";

    /// \throws argument_error as `orient`, or when the rows of tokens do not fit.
    token_batch(std::span<const C> comparisons, const label_set& labels, const frozen_tokens& frozen,
                const pair_columns& columns, bool uses_weak_shift = false)
        : comparisons_(comparisons), all_(orient(comparisons, labels, columns)), frozen_(frozen) {
        const auto check = [&](const char* name, const ragged<double>& rows, bool needed) {
            require(rows.size() == 2 * comparisons.size() || (rows.empty() && !needed), name, " has ", rows.size(),
                    " rows, ", 2 * comparisons.size(), " were expected for ", comparisons.size(), " comparisons");
        };
        check("frozen.reference", frozen.reference, false);
        check("frozen.weak_shift", frozen.weak_shift, uses_weak_shift);
    }

    [[nodiscard]] std::size_t size() const { return all_.pairs.size(); }
    [[nodiscard]] std::size_t abstained() const { return all_.abstained; }
    [[nodiscard]] double weight(std::size_t i) const { return all_.pairs[i].weight; }
    [[nodiscard]] std::string name(std::size_t i) const { return all_.pairs[i].name(); }

    void begin() { chosen_log_probs_ = rejected_log_probs_ = 0; }
    void gather(std::span<const std::size_t> examples) {
        labels_.gather(all_, examples);
        completions_.clear();
        for (const std::size_t i : examples)
            append_pair(completions_, comparisons_[all_.pairs[i].index], all_.pairs[i]);
    }
    [[nodiscard]] typename Model::pass forward(const Model& model) const {
        const std::span<const completion_of<C>> batch(completions_);
        if constexpr (Extra == token_extra::log_sum_squares)
            return model.forward_with_sum_squares(batch);
        else if constexpr (Extra == token_extra::divergence)
            return model.forward_with_divergence(batch);
        else
            return model.forward(batch);
    }
    void take(const typename Model::pass& pass, std::span<const std::size_t> examples) {
        chosen_.clear();
        rejected_.clear();
        for (std::size_t i = 0; i < examples.size(); ++i) {
            const labelled_pair& p = all_.pairs[examples[i]];
            const std::size_t first = 2 * p.index, second = first + 1;
            take(chosen_, chosen_log_probs_, pass, 2 * i, p, p.swapped ? second : first);
            take(rejected_, rejected_log_probs_, pass, 2 * i + 1, p, p.swapped ? first : second);
        }
    }
    [[nodiscard]] token_scores<real> scores() const {
        return {.chosen = chosen_.columns(),
                .rejected = rejected_.columns(),
                .weight = labels_.weight(),
                .target = labels_.target(),
                .margin = labels_.margin()};
    }
    [[nodiscard]] token_gradients<real> gradients() {
        return {.chosen = chosen_.gradients(), .rejected = rejected_.gradients()};
    }
    void backward(Model& model, typename Model::pass&& pass, double factor) {
        derivatives_.clear();
        divergence_derivatives_.clear();
        const auto append = [scale = static_cast<real>(factor)](std::vector<real>& all, std::span<const real> some) {
            for (const real d : some) all.push_back(scale * d);
        };
        for (std::size_t i = 0; 2 * i < completions_.size(); ++i) {
            for (const token_side<real>* side : {&chosen_, &rejected_}) {
                append(derivatives_, side->d_policy(i));
                if constexpr (Extra == token_extra::divergence) append(divergence_derivatives_, side->d_divergence(i));
            }
        }
        const std::span<const real> derivatives(derivatives_), divergence_derivatives(divergence_derivatives_);
        if constexpr (Extra == token_extra::divergence)
            model.backward_tokens(std::move(pass), derivatives, divergence_derivatives);
        else
            model.backward_tokens(std::move(pass), derivatives);
    }
    void report(training_step& step, const loss_sums& sums) const {
        set_pair_metrics(step, sums, chosen_log_probs_, rejected_log_probs_);
    }
    void describe(run_description& run) const {
        const auto text = [](const ragged<double>& rows) {
            fingerprint print;
            print.add(rows.values());
            print.add(rows.offsets());
            return rows.empty() ? std::string("none") : print.text();
        };
        all_.describe(run, fingerprint_of(comparisons_));
        run.add("reference log-probs", text(frozen_.reference));
        run.add("weak shift", text(frozen_.weak_shift));
    }

  private:
    /// Completion c of the pass, and what the frozen policies say of it in this row.
    void take(token_side<real>& side, double& log_probs, const typename Model::pass& pass, std::size_t c,
              const labelled_pair& p, std::size_t row) {
        const std::span<const real> tokens = pass.token_scores(c);
        side.add(p, tokens);
        for (const real value : tokens) log_probs += static_cast<double>(value);
        if constexpr (Extra == token_extra::log_sum_squares) side.add_log_sum_squares(p, pass.token_log_sum_squares(c));
        if constexpr (Extra == token_extra::divergence) side.add_divergences(p, pass.token_divergences(c));
        if (!frozen_.reference.empty()) side.add_reference(p, frozen_.reference[row]);
        if (!frozen_.weak_shift.empty()) side.add_weak_shift(p, frozen_.weak_shift[row]);
    }

    std::span<const C> comparisons_;
    labelled_pairs all_;
    const frozen_tokens& frozen_;

    std::vector<completion_of<C>> completions_;
    label_columns<real> labels_;
    token_side<real> chosen_, rejected_;
    std::vector<real> derivatives_, divergence_derivatives_;
    double chosen_log_probs_ = 0, rejected_log_probs_ = 0;
};

/// Trains `model` in place on the pairs of `comparisons` (a contiguous range) that have a verdict in `labels`.
/// \param frozen what the reference, and a weak policy where the loss needs one, say of every token; must outlive the
///        call
/// \param loss a TokenLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight of the
///        given weights (a policy's likelihood in the weight changes the numerator alone, as in TRL). One that couples
///        the batch sees all of the step's: with micro-batches this costs a second forward pass
/// \return the history, with the number of abstained pairs
/// \throws argument_error when a comparison has no label, columns or rows of tokens do not fit, or all labels abstain;
///         and what `train` throws.
template <class Model, std::ranges::contiguous_range Comparisons, class Loss, class Optimiser = adamw>
training_history train_token_preferences(Model& model, const Comparisons& comparisons, const label_set& labels,
                                         const frozen_tokens& frozen, const Loss& loss, const Optimiser& optimiser,
                                         const training_options& options = {}, const pair_columns& columns = {}) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    check_token_trainable<Model, batch_of<C>>();
    check_token_loss<Loss, typename Model::real>();
    static_assert(
        !loss_uses_divergence<Loss> || KnowsItsDivergence<Model, batch_of<C>>,
        "this loss needs the divergence from the reference at every token: learns_beside{model, reference} is "
        "trained in place of a model that has forward_with_divergence(batch, reference)");
    static_assert(!loss_uses_divergence<Loss> || !loss_uses_log_sum_squares<Loss>,
                  "a pass gives either the divergence or the sum of squares at every token, and this loss needs both");
    static_assert(!loss_uses_log_sum_squares<Loss> || KnowsSumSquares<Model, batch_of<C>>,
                  "this loss weighs pairs by the policy's likelihood: the model needs a const member "
                  "forward_with_sum_squares(batch) whose pass has token_log_sum_squares(completion)");
    loss_objective objective(
        token_batch<Model, C, token_extra_of<Loss>>(comparisons, labels, frozen, columns, loss_uses_weak_shift<Loss>),
        loss);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.batch().abstained();
    return history;
}

} // namespace preflearn
