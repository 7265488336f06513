/// \file
/// What preference training minimises, written once for every kind of data: Σ weight · loss / Σ weight of a batch. A
/// `LossBatch` knows the data (pairs, triples, tokens, single completions, lists: see kinds/) and stands between the
/// model and the loss; here the loss meets it: micro-batches, losses that couple the batch, running means.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/training/batch_state.hpp>
#include <preflearn/training/loop/culprit.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>

namespace preflearn {

/// Numbered examples and the micro-batch of them that is in hand. For every micro-batch the objective calls
/// `gather(examples)`, `forward(model)`, `take(pass, examples)`, which refuses scores that are not finite, gives the
/// loss `scores()` and `gradients()`, and ends with `backward(model, pass, factor)`, which hands on factor times what
/// the loss wrote. `begin()` starts a batch, `report(step, sums)` writes its metrics, `describe(run)` says what the
/// data are. Messages call an example `name(i)`; a loss calls it "`place` i" by its place in the micro-batch.
///
/// A batch may also have `prepare(model, batch, micro)`, called first with the whole batch and the size of its
/// micro-batches where the loss couples the batch, and `reduced()`, called when what `prepare` made is in the state.
template <class B>
concept LossBatch = requires(B& batch, const B& constant, typename B::model_type& model,
                             const typename B::model_type& frozen, typename B::model_type::pass pass,
                             std::span<const std::size_t> examples, training_step& step, run_description& run) {
    { constant.size() } -> std::convertible_to<std::size_t>;
    { constant.weight(std::size_t{}) } -> std::convertible_to<double>;
    { constant.name(std::size_t{}) } -> std::convertible_to<std::string>;
    { B::kind } -> std::convertible_to<std::string_view>;
    { B::place } -> std::convertible_to<std::string_view>;
    batch.begin();
    batch.gather(examples);
    { constant.forward(frozen) } -> std::same_as<typename B::model_type::pass>;
    batch.take(pass, examples);
    { batch.gradients() } -> std::convertible_to<typename decltype(constant.scores())::gradients>;
    batch.backward(model, std::move(pass), double{});
    constant.report(step, typename decltype(constant.scores())::sums{});
    constant.describe(run);
};

/// What a batch's loss sees.
template <LossBatch Batch> using scores_of = decltype(std::declval<const Batch&>().scores());

namespace detail {

/// What a loss has to know of a batch before an example's loss: nothing, or its state.
template <class L, class Scores> struct state_or_nothing {
    struct type {};
};
template <class L, class Scores>
    requires CoupledLoss<L, Scores>
struct state_or_nothing<L, Scores> {
    using type = state_of<L, Scores>;
};

} // namespace detail

/// What the sum of weight · loss of a batch is divided by: the sum of its weights, or the number of its examples, so
/// that a batch of light ones counts for less (the plain mean E[C ℓ] of CW-PO, arXiv:2603.04968).
enum class batch_mean { over_weights, over_examples };

/// An Objective of the loop; owns the batch and a copy of the loss.
template <LossBatch Batch, class L> class loss_objective {
  public:
    using model_type = typename Batch::model_type;
    using pass = typename model_type::pass;

    loss_objective(Batch batch, const L& loss, batch_mean mean = batch_mean::over_weights)
        : batch_(std::move(batch)), loss_(loss), mean_(mean) {}

    [[nodiscard]] const Batch& batch() const { return batch_; }
    [[nodiscard]] std::size_t size() const { return batch_.size(); }
    [[nodiscard]] double weight(std::size_t i) const {
        return mean_ == batch_mean::over_weights ? batch_.weight(i) : 1;
    }
    /// The running mean of the loss, which goes from step to step; empty for most losses.
    [[nodiscard]] std::span<double> running() { return state_.running(); }

    void begin(double total) {
        per_weight_ = total > 0 ? 1 / total : 0;
        sums_ = {};
        seen_ = tokens_ = 0;
        batch_.begin();
        state_.begin();
    }

    /// The state of a coupled loss over the whole batch, before the first micro-batch is mapped; where there is one
    /// micro-batch alone, `accumulate` makes it of the only pass.
    void prepare(const model_type& model, std::span<const std::size_t> batch, std::size_t micro) {
        if constexpr (coupled) {
            if (!couples()) return;
            if constexpr (requires { batch_.prepare(model, batch, micro); }) batch_.prepare(model, batch, micro);
            if constexpr (state_needs_scores) {
                if (micro >= batch.size()) return;
                for (std::size_t at = 0; at < batch.size(); at += micro) {
                    const auto part = batch.subspan(at, std::min(micro, batch.size() - at));
                    batch_.take(forward(model, part), part);
                    reduce(part);
                    if constexpr (requires { batch_.reduced(); }) batch_.reduced();
                }
                batch_.begin();
            } else {
                batch_.gather({});
                reduce({});
            }
            state_.settle();
        }
    }

    void accumulate(model_type& model, std::span<const std::size_t> examples) {
        pass done = forward(model, examples);
        if constexpr (requires { done.tokens(); }) tokens_ += done.tokens();
        batch_.take(done, examples);
        sums_ += losses_of(examples, batch_.gradients());
        seen_ += examples.size();
        batch_.backward(model, std::move(done), per_weight_);
    }

    void finish(training_step& step) const {
        step.loss = sums_.loss * per_weight_;
        if (tokens_ > 0) step.tokens = static_cast<double>(tokens_);
        batch_.report(step, sums_);
    }

    /// Loss and metrics of all examples under the model, `together` of them at once, without gradients. A loss that
    /// couples the batch takes them all for one batch, and carries nothing on.
    training_step evaluate(const model_type& model, std::size_t together) {
        std::vector<std::size_t> all(size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        return evaluate(model, all, together);
    }
    /// The same of some examples.
    training_step evaluate(const model_type& model, std::span<const std::size_t> all, std::size_t together) {
        double total = 0;
        for (const std::size_t i : all) total += weight(i);
        const auto kept = std::exchange(state_, {});
        const std::size_t part = std::max<std::size_t>(together, 1);
        begin(total);
        prepare(model, all, part);
        for (std::size_t at = 0; at < all.size(); at += part) {
            const auto examples = all.subspan(at, std::min(part, all.size() - at));
            batch_.take(forward(model, examples), examples);
            sums_ += losses_of(examples, typename scores::gradients{});
            seen_ += examples.size();
        }
        state_ = kept;
        training_step step;
        finish(step);
        return step;
    }

    void describe(run_description& run) const {
        run.add("objective", Batch::kind);
        batch_.describe(run);
        run.add("loss", identity_of(loss_));
        if (mean_ == batch_mean::over_examples) run.add("mean", std::string_view("over examples"));
    }

  private:
    using scores = scores_of<Batch>;
    static constexpr bool coupled = CoupledLoss<L, scores>;
    /// Whether the state is made of the model's scores, as it is where the loss does not say otherwise.
    static constexpr bool state_needs_scores = !requires { requires !L::uses_scores; };

    /// Whether a loss that was chosen at run time couples the batch.
    [[nodiscard]] bool couples() const {
        if constexpr (requires { loss_.couples_pairs(); }) return loss_.couples_pairs();
        return true;
    }

    /// The pass over these examples, which are in hand afterwards; what the model throws names the example.
    pass forward(const model_type& model, std::span<const std::size_t> examples) {
        batch_.gather(examples);
        return naming_the_culprit([&] { return std::as_const(batch_).forward(model); }, examples.size(),
                                  [&](std::size_t i) {
                                      batch_.gather(examples.subspan(i, 1));
                                      (void)std::as_const(batch_).forward(model);
                                  },
                                  [&](std::size_t i) { return batch_.name(examples[i]); });
    }
    void reduce(std::span<const std::size_t> examples) {
        state_.merge(by_name(examples, [&] { return loss_.reduce(batch_.scores()); }));
    }
    /// The loss of the examples in hand, by the state of the whole batch.
    typename scores::sums losses_of(std::span<const std::size_t> examples, const typename scores::gradients& out) {
        if constexpr (coupled) {
            if (!state_.known()) {
                reduce(examples);
                state_.settle();
            }
        }
        return by_name(examples, [&] {
            if constexpr (coupled)
                return map_from(loss_, batch_.scores(), state_.value(), out, seen_);
            else
                return loss_(batch_.scores(), out);
        });
    }
    /// What `evaluate` returns; errors of the loss name an example as messages do.
    template <class Evaluate>
    decltype(auto) by_name(std::span<const std::size_t> examples, const Evaluate& evaluate) const {
        return with_renamed_places(
            Batch::place, examples.size(), [&](std::size_t i) { return batch_.name(examples[i]); }, evaluate);
    }

    Batch batch_;
    L loss_;
    batch_mean mean_;
    batch_state<typename detail::state_or_nothing<L, scores>::type> state_;
    typename scores::sums sums_;
    std::size_t seen_ = 0; // of this batch, by a coupled loss
    double per_weight_ = 0;
    std::size_t tokens_ = 0; // of this batch, that the model computed
};

} // namespace preflearn
