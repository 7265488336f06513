/// \file
/// Preference training with losses that see tokens (LD-DPO, WPO, TDPO, WSPO, any TokenLoss): as `train_preferences`,
/// but the model's pass gives log π of every token and takes a derivative for each.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
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
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/loss/tokens/scores.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// What frozen policies say of the tokens of both responses of every comparison: rows 2i of `first` and 2i + 1 of
/// `second`, or no rows at all.
struct frozen_tokens {
    /// Of `reference_token_log_probs`; no rows: no reference.
    ragged<double> reference{};
    /// Of `weak_token_shift`, for losses that match it.
    ragged<double> weak_shift{};
};

/// A TokenTrainable whose passes by `forward_with_divergence(batch)` know the divergence from its reference at every
/// token, such as `learns_beside`.
template <class M, class Batch>
concept KnowsItsDivergence = TokenTrainable<M, Batch> &&
    requires(M& model, const M& constant, const Batch& batch, typename M::pass pass, const typename M::pass& done,
             std::size_t completion, std::span<const typename M::real> derivatives) {
    { constant.forward_with_divergence(batch) } -> std::same_as<typename M::pass>;
    { done.token_divergences(completion) } -> std::convertible_to<std::span<const typename M::real>>;
    model.backward_tokens(std::move(pass), derivatives, derivatives);
};

/// A token-level loss by what it does: its value and gradient on three fixed pairs, rounded so that another processor
/// gives the same. A loss that refuses the pairs has the fingerprint "unknown".
template <std::floating_point Real, class Loss> std::string fingerprint_of_token_loss(const Loss& loss) {
    constexpr std::array<std::size_t, 4> chosen_offsets{0, 3, 4, 9}, rejected_offsets{0, 2, 4, 7};
    constexpr std::array<Real, 9> a{-1.5, -0.25, -3, -7, -0.5, -2, -1, -4.5, -0.125},
        b{-2, -0.5, -2.5, -6, -1, -1, -3, -4, -0.25}, c{-1, -0.5, -2, -2, -0.25, -1.5, -1, -3, -0.25},
        d{0.25, 0.5, 0.125, 1, 0.5, 0, 0.25, 0.5, 2};
    constexpr std::array<Real, 3> weight{1, 0.5, 2}, target{1, 0.75, 0.5};
    std::array<Real, 9> d_chosen{}, d_chosen_divergence{};
    std::array<Real, 7> d_rejected{}, d_rejected_divergence{};
    const auto columns = [&](std::span<const std::size_t> offsets, std::size_t first) {
        const auto part = [&](const std::array<Real, 9>& values) {
            return std::span(values).subspan(first, offsets.back());
        };
        return token_columns<Real>{{.offsets = offsets}, part(a), part(b), part(c), part(d), part(d)};
    };
    fingerprint print;
    try {
        const token_scores<Real> scores{columns(chosen_offsets, 0), columns(rejected_offsets, 2), weight, target};
        const token_gradients<Real> out{{d_chosen, d_chosen_divergence}, {d_rejected, d_rejected_divergence}};
        print.add_rounded(loss(scores, out).loss);
    } catch (const error&) {
        return "unknown";
    }
    for (const auto values : {std::span<const Real>(d_chosen), std::span<const Real>(d_rejected),
                              std::span<const Real>(d_chosen_divergence), std::span<const Real>(d_rejected_divergence)})
        for (const Real value : values) print.add_rounded(static_cast<double>(value));
    return print.text();
}

/// The objective of `train_token_preferences`; views the comparisons and the frozen tokens; owns the oriented labels
/// and a copy of the loss.
template <class Model, class C, class Loss> class token_preference_objective {
  public:
    using real = typename Model::real;

    token_preference_objective(std::span<const C> comparisons, const label_set& labels, const frozen_tokens& frozen,
                               const Loss& loss, const pair_columns& columns)
        : comparisons_(comparisons), frozen_(frozen), loss_(loss), labelled_(orient(comparisons, labels, columns)) {
        const auto check = [&](const char* name, const ragged<double>& rows, bool needed) {
            require(rows.size() == 2 * comparisons.size() || (rows.empty() && !needed), name, " has ", rows.size(),
                    " rows, ", 2 * comparisons.size(), " were expected for ", comparisons.size(), " comparisons");
        };
        check("frozen.reference", frozen.reference, false);
        check("frozen.weak_shift", frozen.weak_shift, loss_uses_weak_shift<Loss>);
    }

    [[nodiscard]] std::size_t size() const { return labelled_.pairs.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return labelled_.pairs[i].weight; }
    [[nodiscard]] std::size_t abstained() const { return comparisons_.size() - labelled_.pairs.size(); }

    void begin(double total) {
        per_weight_ = total > 0 ? 1 / total : 0;
        sums_ = {};
        chosen_log_probs_ = rejected_log_probs_ = 0;
    }

    void accumulate(Model& model, std::span<const std::size_t> examples) {
        gather(examples);
        typename Model::pass pass = forward(model);
        chosen_.clear();
        rejected_.clear();
        for (std::size_t i = 0; i < examples.size(); ++i) {
            const labelled_pair& p = labelled_.pairs[examples[i]];
            take(chosen_, pass, 2 * i, p, false);
            take(rejected_, pass, 2 * i + 1, p, true);
        }
        for (side* s : {&chosen_, &rejected_}) {
            s->derivatives.resize(s->policy.size());
            s->divergence_derivatives.resize(s->divergence.size());
        }
        const auto given = [](bool there, const std::vector<real>& values) {
            return there ? std::span<const real>(values) : std::span<const real>();
        };
        const auto id = [&](std::size_t i) {
            return message("pair ", comparisons_[labelled_.pairs[examples[i]].index].id);
        };
        sums_ += with_renamed_places("pair", examples.size(), id, [&] {
            return loss_(token_scores<real>{.chosen = columns(chosen_),
                                            .rejected = columns(rejected_),
                                            .weight = given(labelled_.weighted, weight_),
                                            .target = given(labelled_.soft, target_),
                                            .margin = given(labelled_.margins, margin_)},
                         token_gradients<real>{.chosen = {chosen_.derivatives, chosen_.divergence_derivatives},
                                               .rejected = {rejected_.derivatives, rejected_.divergence_derivatives}});
        });
        derivatives_.clear();
        divergence_derivatives_.clear();
        const auto scale = static_cast<real>(per_weight_);
        for (std::size_t i = 0; i < examples.size(); ++i) {
            for (const side* s : {&chosen_, &rejected_}) {
                for (std::size_t at = s->offsets[i]; at < s->offsets[i + 1]; ++at) {
                    derivatives_.push_back(scale * s->derivatives[at]);
                    if constexpr (loss_uses_divergence<Loss>)
                        divergence_derivatives_.push_back(scale * s->divergence_derivatives[at]);
                }
            }
        }
        const std::span<const real> derivatives(derivatives_), divergence_derivatives(divergence_derivatives_);
        if constexpr (loss_uses_divergence<Loss>)
            model.backward_tokens(std::move(pass), derivatives, divergence_derivatives);
        else
            model.backward_tokens(std::move(pass), derivatives);
    }

    void finish(training_step& step) const {
        step.loss = sums_.loss * per_weight_;
        set_pair_metrics(step, sums_, chosen_log_probs_, rejected_log_probs_);
    }

    void describe(run_description& run) const {
        fingerprint labels;
        for (const labelled_pair& p : labelled_.pairs) p.add_to(labels);
        const auto text = [](const ragged<double>& rows) {
            fingerprint print;
            print.add(rows.values());
            print.add(rows.offsets());
            return rows.empty() ? std::string("none") : print.text();
        };
        run.add("objective", "token preferences");
        run.add("pairs", labelled_.pairs.size());
        run.add("data", fingerprint_of(comparisons_));
        run.add("labels", labels.text());
        run.add("reference log-probs", text(frozen_.reference));
        run.add("weak shift", text(frozen_.weak_shift));
        run.add("loss", fingerprint_of_token_loss<real>(loss_));
    }

  private:
    /// The chosen or the rejected responses of a micro-batch.
    struct side {
        std::vector<std::size_t> offsets;
        std::vector<real> policy, reference, log_sum_squares, divergence, weak_shift, derivatives,
            divergence_derivatives;

        void clear() {
            offsets.assign(1, 0);
            for (std::vector<real>* column : {&policy, &reference, &log_sum_squares, &divergence, &weak_shift})
                column->clear();
        }
    };
    static token_columns<real> columns(const side& s) {
        return {.rows = {.offsets = s.offsets},
                .policy = s.policy,
                .reference = s.reference,
                .log_sum_squares = s.log_sum_squares,
                .divergence = s.divergence,
                .weak_shift = s.weak_shift};
    }

    /// The completions, chosen and rejected in turn, and the columns of these pairs.
    void gather(std::span<const std::size_t> examples) {
        batch_.clear();
        for (std::vector<real>* column : {&weight_, &target_, &margin_}) column->clear();
        for (const std::size_t example : examples) {
            const labelled_pair& p = labelled_.pairs[example];
            const C& c = comparisons_[p.index];
            batch_.push_back({c.prompt, p.swapped ? c.second : c.first});
            batch_.push_back({c.prompt, p.swapped ? c.first : c.second});
            weight_.push_back(static_cast<real>(p.weight));
            target_.push_back(static_cast<real>(p.target));
            margin_.push_back(static_cast<real>(p.margin));
        }
    }

    [[nodiscard]] typename Model::pass forward(const Model& model) const {
        const std::span<const completion_of<C>> batch(batch_);
        if constexpr (loss_uses_log_sum_squares<Loss>)
            return model.forward_with_sum_squares(batch);
        else if constexpr (loss_uses_divergence<Loss>)
            return model.forward_with_divergence(batch);
        else
            return model.forward(batch);
    }

    /// Appends completion c of the pass and what the frozen policies say of it.
    void take(side& s, const typename Model::pass& pass, std::size_t c, const labelled_pair& p, bool is_rejected) {
        const std::span<const real> tokens = pass.token_scores(c);
        append(s.policy, tokens, tokens.size(), p, "log-probs of the pass");
        double& total = is_rejected ? rejected_log_probs_ : chosen_log_probs_;
        for (const real value : tokens) total += static_cast<double>(value);
        if constexpr (loss_uses_log_sum_squares<Loss>)
            append(s.log_sum_squares, pass.token_log_sum_squares(c), tokens.size(), p, "sums of squares of the pass");
        if constexpr (loss_uses_divergence<Loss>)
            append(s.divergence, pass.token_divergences(c), tokens.size(), p, "divergences of the pass");
        const std::size_t row = 2 * p.index + (p.swapped != is_rejected ? 1 : 0);
        if (!frozen_.reference.empty())
            append(s.reference, frozen_.reference[row], tokens.size(), p, "log-probs of the reference");
        if (!frozen_.weak_shift.empty())
            append(s.weak_shift, frozen_.weak_shift[row], tokens.size(), p, "shifts of the weak policy");
        s.offsets.push_back(s.policy.size());
    }

    template <class Number>
    void append(std::vector<real>& column, std::span<const Number> row, std::size_t tokens, const labelled_pair& p,
                const char* what) const {
        require(row.size() == tokens, "pair ", comparisons_[p.index].id, ": ", row.size(), " ", what,
                " were found for a response of ", tokens, " tokens");
        for (std::size_t t = 0; t < tokens; ++t) {
            require<numeric_error>(std::isfinite(row[t]), "pair ", comparisons_[p.index].id, ": among the ", what,
                                   " that of token ", t, " is ", row[t], ", a finite number was expected");
            column.push_back(static_cast<real>(row[t]));
        }
    }

    std::span<const C> comparisons_;
    const frozen_tokens& frozen_;
    Loss loss_;
    labelled_pairs labelled_;

    std::vector<completion_of<C>> batch_;
    side chosen_, rejected_;
    std::vector<real> weight_, target_, margin_, derivatives_, divergence_derivatives_;

    double per_weight_ = 0, chosen_log_probs_ = 0, rejected_log_probs_ = 0;
    loss_sums sums_;
};

/// Trains `model` in place on the pairs of `comparisons` (a contiguous range) that have a verdict in `labels`.
/// \param frozen what the reference, and a weak policy where the loss needs one, say of every token; must outlive the
/// call \param loss a TokenLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight of
/// the given
///        weights (a policy's likelihood in the weight changes the numerator alone, as in TRL)
/// \return the history, with the number of abstained pairs
/// \throws argument_error when a comparison has no label, columns or rows of tokens do not fit, all labels abstain, or
/// a
///         loss that couples the batch is to see it in micro-batches; and what `train` throws.
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
    require(!loss_couples_batch<Loss> || options.micro_batch_size == 0 ||
                options.micro_batch_size >= options.batch_size,
            "this loss couples the pairs of a batch: micro_batch_size must be 0, found ", options.micro_batch_size);
    token_preference_objective<Model, C, Loss> objective(std::span<const C>(comparisons), labels, frozen, loss,
                                                         columns);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.abstained();
    return history;
}

} // namespace preflearn
