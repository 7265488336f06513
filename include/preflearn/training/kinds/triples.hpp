/// \file
/// Training on triples (TPO): pairs labelled as in preference.hpp, each with a third, gold response to its prompt, such
/// as a demonstration, which no label touches. Minimises a TripleLoss, so that fine-tuning on the gold responses and
/// alignment to the pairs are one run.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/pair_batch.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// A comparison with a gold response to its prompt: what takes comparisons (teachers, `reference_log_probs`) takes
/// triples and sees the first two responses.
template <class Prompt, class Response = Prompt> struct triple {
    std::uint64_t id = 0;
    Prompt prompt{};
    Response first{};
    Response second{};
    Response gold{};
};

/// A Comparison with a gold response of the same type; a user's own struct is as good as `triple`.
template <class T>
concept Triple = Comparison<T> && requires(const T& t) {
    requires std::same_as<std::remove_cvref_t<decltype(t.gold)>, response_of<T>>;
};

template <class T> consteval void check_triple() {
    static_assert(Triple<T>, "a Triple has an integer member `id` and members `prompt`, `first`, `second` and `gold`, "
                             "the last three of one type");
}

/// An array of them.
template <class R>
concept Triples = std::ranges::contiguous_range<R> && Triple<std::ranges::range_value_t<R>>;

/// A loss on triples by what it does: its value and gradient on three fixed triples, rounded so that another processor
/// gives the same. A loss that refuses them has the fingerprint "unknown".
template <std::floating_point Real, class Loss> std::string fingerprint_of_triple_loss(const Loss& loss) {
    constexpr std::array<Real, 3> chosen{-12.5, -7, -3.5}, rejected{-14, -7, -33}, reference_chosen{-13, -8, -5},
        reference_rejected{-13.5, -8, -30}, weight{1, 0.5, 2}, target{1, 0.5, 0.75}, gold{-9, -2.5, -60};
    constexpr std::array<std::uint32_t, 3> chosen_tokens{5, 3, 2}, rejected_tokens{7, 3, 14}, gold_tokens{4, 1, 23};
    std::array<Real, 3> d_chosen{}, d_rejected{}, d_gold{};
    fingerprint print;
    try {
        const triple_scores<Real> scores{
            {chosen, rejected, reference_chosen, reference_rejected, chosen_tokens, rejected_tokens, weight, target},
            gold,
            gold_tokens};
        print.add_rounded(loss(scores, triple_gradients<Real>{{d_chosen, d_rejected}, d_gold}).loss);
    } catch (const error&) {
        return "unknown";
    }
    for (const auto& values : {d_chosen, d_rejected, d_gold})
        for (const Real value : values) print.add_rounded(static_cast<double>(value));
    return print.text();
}

/// The objective of `train_triples`; views the triples; owns the oriented labels and a copy of the loss. The lengths of
/// the gold responses are taken from the model once.
template <class Model, Triple T, class Loss> class triple_objective {
  public:
    using real = typename Model::real;

    triple_objective(const Model& model, std::span<const T> triples, const label_set& labels,
                     std::span<const double> references, const Loss& loss, const pair_columns& columns)
        : pairs_(triples, labels, references, columns), loss_(loss) {
        lengths_.reserve(pairs_.size());
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            const std::size_t length = tokens_of(model, pairs_.comparison(i).gold);
            require(length > 0 && length <= std::numeric_limits<std::uint32_t>::max(), "pair ", pairs_.comparison(i).id,
                    ": its gold response has ", length, " tokens, at least 1 was expected");
            lengths_.push_back(static_cast<std::uint32_t>(length));
        }
    }

    [[nodiscard]] std::size_t size() const { return pairs_.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return pairs_.weight(i); }
    [[nodiscard]] std::size_t abstained() const { return pairs_.abstained(); }

    void begin(double total) {
        per_weight_ = total > 0 ? 1 / total : 0;
        sums_ = {};
        pairs_.begin();
    }

    void accumulate(Model& model, std::span<const std::size_t> examples) {
        pairs_.gather(model, examples, [&](std::size_t i, auto& completions) {
            completions.push_back({pairs_.comparison(i).prompt, pairs_.comparison(i).gold});
        });
        typename Model::pass pass = std::as_const(model).forward(pairs_.completions());
        pairs_.take(pass.scores(), examples);
        take_gold(pass.scores(), examples);
        sums_ += pairs_.by_id(examples, [&] {
            return loss_(triple_scores<real>{.pairs = pairs_.scores(), .gold = gold_, .gold_tokens = gold_tokens_},
                         triple_gradients<real>{.pairs = pairs_.gradients(), .gold = d_gold_});
        });
        const std::span<real> derivatives = pairs_.derivatives(per_weight_);
        for (std::size_t i = 0; i < examples.size(); ++i)
            derivatives[3 * i + 2] = static_cast<real>(per_weight_) * d_gold_[i];
        model.backward(std::move(pass), std::span<const real>(derivatives));
    }

    void finish(training_step& step) const {
        step.loss = sums_.loss * per_weight_;
        pairs_.set_metrics(step, sums_);
    }

    void describe(run_description& run) const {
        run.add("objective", "triples");
        pairs_.describe(run);
        run.add("loss", fingerprint_of_triple_loss<real>(loss_));
    }

  private:
    void take_gold(std::span<const real> scores, std::span<const std::size_t> examples) {
        gold_.resize(examples.size());
        d_gold_.resize(examples.size());
        gold_tokens_.resize(examples.size());
        for (std::size_t i = 0; i < examples.size(); ++i) {
            gold_[i] = scores[3 * i + 2];
            gold_tokens_[i] = lengths_[examples[i]];
            require<numeric_error>(std::isfinite(gold_[i]), "pair ", pairs_.comparison(examples[i]).id,
                                   ": the score of its gold response is ", gold_[i]);
        }
    }

    pair_batch<Model, T> pairs_;
    Loss loss_;
    std::vector<std::uint32_t> lengths_; // of the gold responses of all labelled pairs

    std::vector<real> gold_, d_gold_;
    std::vector<std::uint32_t> gold_tokens_;
    double per_weight_ = 0;
    loss_sums sums_;
};

/// Trains `model` in place on the triples (a contiguous range) that have a verdict in `labels`, which is on `first` and
/// `second`.
/// \param reference_log_probs two per triple, of `first` and of `second` (see `reference_log_probs`), or empty: no
///        reference (TPO)
/// \param loss a TripleLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight
/// \return the history, with the number of abstained triples; its metrics are of the pairs, as in `train_preferences`
/// \throws argument_error when a triple has no label or no token of gold, columns do not fit, or all labels abstain;
///         and what `train` throws.
template <class Model, std::ranges::contiguous_range Range, class Loss, class Optimiser = adamw>
training_history train_triples(Model& model, const Range& triples, const label_set& labels,
                               std::span<const double> reference_log_probs, const Loss& loss,
                               const Optimiser& optimiser, const training_options& options = {},
                               const pair_columns& columns = {}) {
    using T = std::ranges::range_value_t<Range>;
    check_triple<T>();
    check_trainable<Model, batch_of<T>>();
    check_triple_loss<Loss, typename Model::real>();
    triple_objective<Model, T, Loss> objective(model, std::span<const T>(triples), labels, reference_log_probs, loss,
                                               columns);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.abstained();
    return history;
}

} // namespace preflearn
