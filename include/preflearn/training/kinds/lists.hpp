/// \file
/// Training on rankings of any number of responses to a prompt: minimises a ListwiseLoss (Plackett-Luce) over lists,
/// best response first, of a policy with a reference (listwise DPO) or of a reward model without. Lists of two
/// responses are pairs with hard labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/objective.hpp>

namespace preflearn {

/// Responses to one prompt, best first. The id is the list's name in messages.
template <class Prompt, class Response = Prompt> struct ranked_list {
    std::uint64_t id = 0;
    Prompt prompt{};
    std::vector<Response> responses{};
};

/// Anything with an id, a prompt and a range of responses; a user's own struct is as good as `ranked_list`.
///
/// Semantics: `l.responses` stands best first.
template <class L>
concept RankedList = requires(const L& l) {
    { l.id } -> std::convertible_to<std::uint64_t>;
    l.prompt;
    requires std::ranges::random_access_range<decltype((l.responses))>;
};

template <class L> consteval void check_ranked_list() {
    static_assert(RankedList<L>, "a RankedList has an integer member `id` and members `prompt` and `responses`, the "
                                 "last an array of responses, the best one first");
}

/// The pair that two of its responses would be.
template <class L>
using comparison_of_list = comparison<std::remove_cvref_t<decltype(std::declval<const L&>().prompt)>,
                                      std::ranges::range_value_t<decltype((std::declval<const L&>().responses))>>;

/// An array of them.
template <class R>
concept RankedLists = std::ranges::contiguous_range<R> && RankedList<std::ranges::range_value_t<R>>;

/// log π(y | x) in nats of every response, list after list.
template <class P, RankedLists Lists> std::vector<double> reference_log_probs(const P& policy, const Lists& lists) {
    using C = comparison_of_list<std::ranges::range_value_t<Lists>>;
    check_policy<P, C>();
    std::vector<completion_of<C>> completions;
    for (const auto& list : lists)
        for (const auto& response : list.responses) completions.push_back({list.prompt, response});
    return log_probs(policy, std::span<const completion_of<C>>(completions));
}

/// Further numbers of the lists, each one per list or empty: so many of its responses are ranked, the rest are all
/// behind them in unknown order (empty: all are ranked), and the weight, finite and not negative (empty: one).
struct list_columns {
    column_view<const std::uint32_t> ranked{};
    column_view<const double> weight{};
};

/// Ranked lists, all responses of each in turn. Views the lists, their columns and the reference.
template <class Model, RankedList List> class list_batch {
  public:
    using model_type = Model;
    using real = typename Model::real;
    using example = completion_of<comparison_of_list<List>>;
    static constexpr std::string_view kind = "listwise", place = "group";

    /// \throws argument_error naming the list when it has fewer than two responses or a column holds a bad number, or
    /// when columns do not fit; numeric_error naming the response whose reference is not finite.
    list_batch(std::span<const List> lists, std::span<const double> references, const list_columns& columns)
        : lists_(lists), references_(references), columns_(columns) {
        const auto check = [&](const char* name, std::size_t found) {
            require(found == 0 || found == lists.size(), name, " has ", found, " entries for ", lists.size(), " lists");
        };
        check("ranked", columns.ranked.size());
        check("weight", columns.weight.size());
        firsts_.push_back(0);
        for (std::size_t i = 0; i < lists.size(); ++i) {
            const std::size_t size = responses(i);
            require(size > 1, "list ", lists[i].id, ": it has ", size, " responses, at least 2 were expected");
            require(columns.ranked.empty() || columns.ranked[i] <= size, "list ", lists[i].id, ": ",
                    columns.ranked.empty() ? 0 : columns.ranked[i], " of its ", size, " responses are ranked");
            require(weight(i) >= 0 && std::isfinite(weight(i)), "list ", lists[i].id, ": weight is ", weight(i),
                    ", a finite number that is not negative was expected");
            firsts_.push_back(firsts_.back() + size);
        }
        require(references.empty() || references.size() == firsts_.back(), "reference_log_probs has ",
                references.size(), " entries for ", firsts_.back(), " responses");
        for (std::size_t i = 0; i < lists.size() && !references.empty(); ++i)
            for (std::size_t k = 0; k < responses(i); ++k)
                require<numeric_error>(std::isfinite(references[firsts_[i] + k]), "list ", lists[i].id, ", response ",
                                       k, ": its reference log-prob is ", references[firsts_[i] + k]);
    }

    [[nodiscard]] std::size_t size() const { return lists_.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return columns_.weight.empty() ? 1 : columns_.weight[i]; }
    [[nodiscard]] std::string name(std::size_t i) const { return message("list ", lists_[i].id); }

    void begin() { first_log_probs_ = rest_log_probs_ = 0; }
    void gather(std::span<const std::size_t> examples) {
        completions_.clear();
        reference_.clear();
        ranked_.clear();
        weight_.clear();
        offsets_.assign(1, 0);
        for (const std::size_t i : examples) {
            for (const auto& response : lists_[i].responses) completions_.push_back({lists_[i].prompt, response});
            offsets_.push_back(completions_.size());
            if (!references_.empty())
                for (const double value : references_.subspan(firsts_[i], responses(i)))
                    reference_.push_back(static_cast<real>(value));
            if (!columns_.ranked.empty()) ranked_.push_back(columns_.ranked[i]);
            if (!columns_.weight.empty()) weight_.push_back(static_cast<real>(columns_.weight[i]));
        }
        gradient_.resize(completions_.size());
    }
    [[nodiscard]] typename Model::pass forward(const Model& model) const {
        return model.forward(std::span<const example>(completions_));
    }
    void take(const typename Model::pass& pass, std::span<const std::size_t> examples) {
        const std::span<const real> scores = pass.scores();
        require(scores.size() == completions_.size(), "the model gave ", scores.size(), " scores for ",
                completions_.size(), " completions");
        score_.assign(scores.begin(), scores.end());
        for (std::size_t i = 0; i < examples.size(); ++i) {
            double rest = 0;
            for (std::size_t at = offsets_[i]; at < offsets_[i + 1]; ++at) {
                require<numeric_error>(std::isfinite(score_[at]), name(examples[i]), ", response ", at - offsets_[i],
                                       ": its score is ", score_[at]);
                if (at > offsets_[i]) rest += static_cast<double>(score_[at]);
            }
            first_log_probs_ += static_cast<double>(score_[offsets_[i]]);
            rest_log_probs_ += rest / static_cast<double>(offsets_[i + 1] - offsets_[i] - 1);
        }
    }
    [[nodiscard]] ranked_scores<real> scores() const {
        return {.score = score_, .offsets = offsets_, .reference = reference_, .ranked = ranked_, .weight = weight_};
    }
    [[nodiscard]] std::span<real> gradients() { return gradient_; }
    void backward(Model& model, typename Model::pass&& pass, double factor) {
        for (real& d : gradient_) d *= static_cast<real>(factor);
        model.backward(std::move(pass), std::span<const real>(gradient_));
    }
    void report(training_step& step, const ranked_sums& sums) const {
        const auto groups = static_cast<double>(sums.groups);
        step.rewards_chosen = sums.first_rewards / groups;
        step.rewards_rejected = sums.rest_rewards / groups;
        step.rewards_margins = step.rewards_chosen - step.rewards_rejected;
        step.rewards_accuracies = static_cast<double>(sums.best_first) / groups;
        step.rewards_ties = static_cast<double>(sums.ties) / groups;
        step.logps_chosen = first_log_probs_ / groups;
        step.logps_rejected = rest_log_probs_ / groups;
    }
    void describe(run_description& run) const {
        fingerprint labels, references;
        labels.add(columns_.ranked);
        labels.add(columns_.weight);
        references.add(references_);
        run.add("lists", size());
        run.add("data", fingerprint_of(lists_));
        run.add("labels", labels.text());
        run.add("reference log-probs", references_.empty() ? "none" : references.text());
    }

  private:
    [[nodiscard]] std::size_t responses(std::size_t i) const {
        return static_cast<std::size_t>(std::ranges::size(lists_[i].responses));
    }

    std::span<const List> lists_;
    std::span<const double> references_;
    list_columns columns_;
    std::vector<std::size_t> firsts_; // where each list's responses begin in the references

    std::vector<example> completions_;
    std::vector<real> score_, reference_, weight_, gradient_;
    std::vector<std::size_t> offsets_;
    std::vector<std::uint32_t> ranked_;
    double first_log_probs_ = 0, rest_log_probs_ = 0;
};

/// Trains `model` in place on `lists` (a contiguous range of RankedLists) of two responses or more.
/// \param reference_log_probs one per response, list after list (see `reference_log_probs`), or empty: no reference
/// \param loss a ListwiseLoss for the type of the model's scores; the batch's loss is Σ weight · loss / Σ weight
/// \return the history; metrics of the chosen response are those of each list's first, of the rejected one the mean of
///         the others', and `rewards/accuracies` is the share of lists whose first response has the largest reward
/// \throws argument_error naming the list when it has fewer than two responses or a column holds a bad number, or when
///         columns do not fit; and what `train` throws.
template <class Model, std::ranges::contiguous_range Lists, class Loss, class Optimiser = adamw>
training_history train_listwise(Model& model, const Lists& lists, std::span<const double> reference_log_probs,
                                const Loss& loss, const Optimiser& optimiser, const training_options& options = {},
                                const list_columns& columns = {}) {
    using list = std::ranges::range_value_t<Lists>;
    check_ranked_list<list>();
    check_trainable<Model, batch_of<comparison_of_list<list>>>();
    check_listwise_loss<Loss, typename Model::real>();
    loss_objective objective(list_batch<Model, list>(lists, reference_log_probs, columns), loss);
    return train(model, objective, optimiser, options);
}

} // namespace preflearn
