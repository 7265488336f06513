/// \file
/// Training on triples (TPO): pairs labelled as in pairs.hpp, each with a third, gold response to its prompt, such
/// as a demonstration, which no label touches. Minimises a TripleLoss, so that fine-tuning on the gold responses and
/// alignment to the pairs are one run.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/response_length.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/pair_numbers.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/objective.hpp>

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

/// Labelled triples: chosen, rejected and gold response in turn. Views the triples; the lengths of the gold responses
/// are taken from the model once.
template <class Model, Triple T> class triple_batch {
  public:
    using model_type = Model;
    using real = typename Model::real;
    static constexpr std::string_view kind = "triples", place = "pair";

    /// \throws argument_error and numeric_error as `table_of`, and naming the triple without a token of gold.
    triple_batch(const Model& model, std::span<const T> triples, const label_set& labels,
                 std::span<const double> references, const pair_columns& columns,
                 lengths_read lengths = lengths_read::both)
        : triples_(triples), pairs_(table_of(model, triples, labels, references, columns, lengths, 3)) {
        lengths_.reserve(size());
        for (std::size_t i = 0; i < size(); ++i) {
            const std::size_t length = response_length(model, of(i).gold);
            require(length > 0 && length <= std::numeric_limits<std::uint32_t>::max(), name(i),
                    ": its gold response has ", length, " tokens, at least 1 was expected");
            lengths_.push_back(static_cast<std::uint32_t>(length));
        }
    }

    [[nodiscard]] std::size_t size() const { return pairs_.size(); }
    [[nodiscard]] std::size_t abstained() const { return pairs_.abstained(); }
    [[nodiscard]] double weight(std::size_t i) const { return pairs_[i].weight; }
    [[nodiscard]] std::string name(std::size_t i) const { return pairs_[i].name(); }

    void begin() { pairs_.begin(); }
    void gather(std::span<const std::size_t> examples) {
        pairs_.gather(examples);
        completions_.clear();
        gold_tokens_.clear();
        for (const std::size_t i : examples) {
            append_pair(completions_, of(i), pairs_[i]);
            completions_.push_back({of(i).prompt, of(i).gold});
            gold_tokens_.push_back(lengths_[i]);
        }
        d_gold_.resize(examples.size());
    }
    [[nodiscard]] typename Model::pass forward(const Model& model) const {
        return model.forward(std::span<const completion_of<T>>(completions_));
    }
    void take(const typename Model::pass& pass, std::span<const std::size_t> examples) {
        const std::span<const real> scores = pass.scores();
        pairs_.take(scores, examples);
        gold_.clear();
        for (std::size_t i = 0; i < examples.size(); ++i) {
            gold_.push_back(scores[3 * i + 2]);
            require<numeric_error>(std::isfinite(gold_[i]), name(examples[i]), ": the score of its gold response is ",
                                   gold_[i]);
        }
    }
    [[nodiscard]] triple_scores<real> scores() const {
        return {.pairs = pairs_.scores(), .gold = gold_, .gold_tokens = gold_tokens_};
    }
    [[nodiscard]] triple_gradients<real> gradients() { return {.pairs = pairs_.gradients(), .gold = d_gold_}; }
    void backward(Model& model, typename Model::pass&& pass, double factor) {
        const std::span<real> derivatives = pairs_.derivatives(factor);
        for (std::size_t i = 0; i < d_gold_.size(); ++i)
            derivatives[3 * i + 2] = static_cast<real>(factor) * d_gold_[i];
        model.backward(std::move(pass), std::span<const real>(derivatives));
    }
    void report(training_step& step, const loss_sums& sums) const { pairs_.report(step, sums); }
    void describe(run_description& run) const { pairs_.describe(run, fingerprint_of(triples_)); }

  private:
    [[nodiscard]] const T& of(std::size_t i) const { return triples_[pairs_[i].index]; }

    std::span<const T> triples_;
    pair_numbers<real> pairs_;
    std::vector<std::uint32_t> lengths_; // of the gold responses of all labelled pairs

    std::vector<completion_of<T>> completions_;
    std::vector<real> gold_, d_gold_;
    std::vector<std::uint32_t> gold_tokens_;
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
    loss_objective objective(
        triple_batch(model, std::span<const T>(triples), labels, reference_log_probs, columns, lengths_read_by(loss)),
        loss);
    training_history history = train(model, objective, optimiser, options);
    history.abstained = objective.batch().abstained();
    return history;
}

} // namespace preflearn
