/// \file
/// Preference training: minimises a preference loss over labelled pairs (DPO on a policy with a reference,
/// Bradley-Terry on a reward model, any other loss), oriented by their labels (see labelled_pairs.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/evaluate.hpp>
#include <preflearn/training/batch_state.hpp>
#include <preflearn/training/fingerprint.hpp>
#include <preflearn/training/labelled_pairs.hpp>
#include <preflearn/training/loop.hpp>
#include <preflearn/training/metrics.hpp>
#include <preflearn/training/supervised.hpp>

namespace preflearn {

namespace detail {

/// What a loss has to know of a batch before a pair's loss: nothing, or its state.
template <class L, class Real> struct state_of_pairs {
    struct type {};
};
template <class L, class Real>
    requires CoupledLoss<L, Real>
struct state_of_pairs<L, Real> {
    using type = coupled_state<L, Real>;
};

} // namespace detail

/// The objective of `train_preferences`; views the comparisons; owns the oriented labels and a copy of the loss.
template <class Model, class C, class Loss> class preference_objective {
  public:
    using real = typename Model::real;

    preference_objective(std::span<const C> comparisons, const label_set& labels, std::span<const double> references,
                         const Loss& loss, pair_columns columns)
        : comparisons_(comparisons), loss_(loss), labelled_(orient(comparisons, labels, columns)),
          referenced_(!references.empty()) {
        require(!referenced_ || references.size() == 2 * comparisons.size(), "reference_log_probs has ",
                references.size(), " entries, ", 2 * comparisons.size(), " were expected for ", comparisons.size(),
                " comparisons");
        references_.reserve(labelled_.pairs.size());
        for (const labelled_pair& p : labelled_.pairs) {
            reference r;
            if (referenced_) {
                const double first = references[2 * p.index], second = references[2 * p.index + 1];
                require<numeric_error>(std::isfinite(first) && std::isfinite(second), "pair ", comparisons[p.index].id,
                                       ": its reference log-probs are ", first, " and ", second,
                                       ", finite numbers were expected");
                r = p.swapped ? reference{second, first} : reference{first, second};
            }
            references_.push_back(r);
        }
    }

    [[nodiscard]] std::size_t size() const { return labelled_.pairs.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return labelled_.pairs[i].weight; }
    [[nodiscard]] std::size_t abstained() const { return comparisons_.size() - labelled_.pairs.size(); }

    [[nodiscard]] std::span<double> running() { return state_.running(); }

    void begin(double total) {
        per_weight_ = total > 0 ? 1 / total : 0;
        sums_ = {};
        chosen_log_probs_ = rejected_log_probs_ = 0;
        state_.begin();
        seen_ = 0;
    }

    /// The state of a coupled loss over the whole batch, where micro-batches need it before the first of them is
    /// mapped.
    void prepare(const Model& model, std::span<const std::size_t> batch, std::size_t micro) {
        if constexpr (coupled) {
            if constexpr (requires { loss_.couples_pairs(); }) {
                if (!loss_.couples_pairs()) return;
            }
            if (micro >= batch.size()) return;
            for (std::size_t at = 0; at < batch.size(); at += micro) {
                const auto part = batch.subspan(at, std::min(micro, batch.size() - at));
                gather(model, part);
                take_scores(model.forward(std::span<const completion_of<C>>(batch_)).scores(), part);
                state_.merge(loss_.reduce(columns()));
            }
            state_.settle();
            chosen_log_probs_ = rejected_log_probs_ = 0;
        }
    }

    void accumulate(Model& model, std::span<const std::size_t> examples) {
        gather(model, examples);
        typename Model::pass pass = std::as_const(model).forward(std::span<const completion_of<C>>(batch_));
        take_scores(pass.scores(), examples);
        const pair_gradients<real> gradients{d_chosen_, d_rejected_};
        if constexpr (coupled) {
            if (!state_.known()) {
                state_.merge(loss_.reduce(columns()));
                state_.settle();
            }
            sums_ += map_shard(loss_, columns(), state_.value(), gradients, seen_);
            seen_ += examples.size();
        } else {
            sums_ += loss_(columns(), gradients);
        }
        derivatives_.resize(batch_.size());
        for (std::size_t i = 0; i < examples.size(); ++i) {
            derivatives_[2 * i] = static_cast<real>(per_weight_) * d_chosen_[i];
            derivatives_[2 * i + 1] = static_cast<real>(per_weight_) * d_rejected_[i];
        }
        model.backward(std::move(pass), std::span<const real>(derivatives_));
    }

    void finish(training_step& step) const {
        step.loss = sums_.loss * per_weight_;
        set_pair_metrics(step, sums_, chosen_log_probs_, rejected_log_probs_);
    }

    void describe(run_description& run) const {
        fingerprint labels, references;
        for (std::size_t i = 0; i < labelled_.pairs.size(); ++i) {
            const labelled_pair& p = labelled_.pairs[i];
            p.add_to(labels);
            references.add(p.swapped ? references_[i].rejected : references_[i].chosen); // in the order given, which
            references.add(p.swapped ? references_[i].chosen : references_[i].rejected); // the labels do not change
        }
        run.add("objective", "preferences");
        run.add("pairs", labelled_.pairs.size());
        run.add("data", fingerprint_of(comparisons_));
        run.add("labels", labels.text());
        run.add("reference log-probs", referenced_ ? references.text() : "none");
        run.add("loss", fingerprint_of_loss<real>(loss_));
    }

  private:
    static constexpr bool coupled = CoupledLoss<Loss, real>;

    struct reference {
        double chosen = 0, rejected = 0;
    };

    [[nodiscard]] pair_scores<real> columns() const {
        const auto given = [](bool there, const std::vector<real>& values) {
            return there ? std::span<const real>(values) : std::span<const real>();
        };
        return {.chosen = chosen_,
                .rejected = rejected_,
                .reference_chosen = given(referenced_, reference_chosen_),
                .reference_rejected = given(referenced_, reference_rejected_),
                .chosen_tokens = chosen_tokens_,
                .rejected_tokens = rejected_tokens_,
                .weight = given(labelled_.weighted, weight_),
                .target = given(labelled_.soft, target_),
                .margin = given(labelled_.margins, margin_)};
    }

    /// The completions, chosen and rejected in turn, and the columns of these pairs.
    void gather([[maybe_unused]] const Model& model, std::span<const std::size_t> examples) {
        const std::size_t n = examples.size();
        batch_.clear();
        for (std::vector<real>* column : {&chosen_, &rejected_, &reference_chosen_, &reference_rejected_, &weight_,
                                          &target_, &margin_, &d_chosen_, &d_rejected_})
            column->resize(n);
        if constexpr (knows_tokens<Model, response_of<C>>) {
            chosen_tokens_.resize(n);
            rejected_tokens_.resize(n);
        }
        for (std::size_t i = 0; i < n; ++i) {
            const labelled_pair& p = labelled_.pairs[examples[i]];
            const C& c = comparisons_[p.index];
            const auto& better = p.swapped ? c.second : c.first;
            const auto& worse = p.swapped ? c.first : c.second;
            batch_.push_back({c.prompt, better});
            batch_.push_back({c.prompt, worse});
            if constexpr (knows_tokens<Model, response_of<C>>) {
                chosen_tokens_[i] = static_cast<std::uint32_t>(tokens_of(model, better));
                rejected_tokens_[i] = static_cast<std::uint32_t>(tokens_of(model, worse));
            }
            reference_chosen_[i] = static_cast<real>(references_[examples[i]].chosen);
            reference_rejected_[i] = static_cast<real>(references_[examples[i]].rejected);
            weight_[i] = static_cast<real>(p.weight);
            target_[i] = static_cast<real>(p.target);
            margin_[i] = static_cast<real>(p.margin);
        }
    }

    void take_scores(std::span<const real> scores, std::span<const std::size_t> examples) {
        require(scores.size() == batch_.size(), "the model gave ", scores.size(), " scores for ", batch_.size(),
                " completions");
        for (std::size_t i = 0; i < examples.size(); ++i) {
            chosen_[i] = scores[2 * i];
            rejected_[i] = scores[2 * i + 1];
            require<numeric_error>(std::isfinite(chosen_[i]) && std::isfinite(rejected_[i]), "pair ",
                                   comparisons_[labelled_.pairs[examples[i]].index].id,
                                   ": the scores of its chosen and rejected response are ", chosen_[i], " and ",
                                   rejected_[i]);
            chosen_log_probs_ += static_cast<double>(chosen_[i]);
            rejected_log_probs_ += static_cast<double>(rejected_[i]);
        }
    }

    std::span<const C> comparisons_;
    Loss loss_;
    labelled_pairs labelled_;
    std::vector<reference> references_; // of each labelled pair
    bool referenced_;

    std::vector<completion_of<C>> batch_;
    std::vector<real> chosen_, rejected_, reference_chosen_, reference_rejected_, weight_, target_, margin_;
    std::vector<real> d_chosen_, d_rejected_, derivatives_;
    std::vector<std::uint32_t> chosen_tokens_, rejected_tokens_;

    batch_state<typename detail::state_of_pairs<Loss, real>::type> state_;
    std::size_t seen_ = 0; // of this batch, by a coupled loss
    double per_weight_ = 0, chosen_log_probs_ = 0, rejected_log_probs_ = 0;
    loss_sums sums_;
};

/// Trains `model` in place on the pairs of `comparisons` (a contiguous range) that have a verdict in `labels`.
/// \param reference_log_probs two per comparison, of `first` and of `second` (see `reference_log_probs`), or empty: no
///        reference (reward models, reference-free losses)
/// \param loss a PreferenceLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight. A
///        CoupledLoss sees the whole batch of the step: with micro-batches this costs a second forward pass. A running
///        mean (BCO's shift) goes from step to step and is part of the checkpoint
/// \return the history, with the number of abstained pairs
/// \throws argument_error when a comparison has no label, columns do not fit, or all labels abstain; and what `train`
///         throws.
template <class Model, std::ranges::contiguous_range Comparisons, class Loss>
training_history train_preferences(Model& model, const Comparisons& comparisons, const label_set& labels,
                                   std::span<const double> reference_log_probs, const Loss& loss,
                                   const adamw& optimiser, const training_options& options = {},
                                   pair_columns columns = {}) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    check_trainable<Model, batch_of<C>>();
    check_preference_loss<Loss, typename Model::real>();
    if constexpr (reduces_pairs<Loss, typename Model::real>) check_coupled_loss<Loss, typename Model::real>();
    preference_objective<Model, C, Loss> objective(std::span<const C>(comparisons), labels, reference_log_probs, loss,
                                                   columns);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.abstained();
    return history;
}

} // namespace preflearn
