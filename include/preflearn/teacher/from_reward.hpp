/// \file
/// Any reward model as a teacher: the verdict is made of the margin r(x, first) − r(x, second) by a rule. With an
/// implicit reward and hard labels it is step 2 of Tao & Li 2025 (arXiv:2409.08813); with a gold reward it is the gold
/// teacher; with `drawn_label` it is a simulated human.
// SPDX-License-Identifier: MIT
#pragma once

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
#include <preflearn/core/held.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/teacher/rule.hpp>

namespace preflearn {

/// A Teacher on every domain of its reward model, which it owns, a copy of one that has a name:
/// `reward_teacher{implicit_reward{weak, sft, 0.1}, soft_label{}}`. A reward in std::cref, such as a large one, is
/// referred to and must outlive this object and its copies. Swapping the responses mirrors the verdict if the rule
/// does.
template <class Reward, class Rule = hard_label> class reward_teacher {
    static_assert(LabelRule<Rule>, "a label rule is called, const, with the margin of the first response's reward over "
                                   "the second's, or with (margin, id), and returns preflearn::preference or a "
                                   "probability");

  public:
    explicit reward_teacher(Reward reward, Rule rule = {})
        : reward_(std::forward<Reward>(reward)), rule_(std::move(rule)) {}

    /// \throws numeric_error naming the pair when a reward is not finite.
    template <Comparison C>
        requires RewardModel<Reward, C>
    [[nodiscard]] preference operator()(const C& c) const {
        return verdict(c, static_cast<double>(reward_(c.prompt, c.first)),
                       static_cast<double>(reward_(c.prompt, c.second)));
    }

    /// The verdicts on many pairs. A reward with a batch of its own scores all responses at once, both of a pair next
    /// to each other, so that a language model computes their prompt once. \throws as above.
    template <std::ranges::contiguous_range Comparisons>
    std::vector<preference> preferences(const Comparisons& range) const {
        using C = std::ranges::range_value_t<Comparisons>;
        check_comparison<C>();
        const auto comparisons = view_of(range);
        std::vector<preference> all(comparisons.size(), preference::abstention());
        if constexpr (requires(std::span<const completion_of<C>> completions) {
                          { reward_.rewards(completions) } -> std::convertible_to<std::vector<double>>;
                      }) {
            const std::vector<completion_of<C>> completions = completions_of(comparisons);
            const std::vector<double> scores = rewards(reward_, completions);
            require(scores.size() == completions.size(), "the reward model gave ", scores.size(), " rewards for ",
                    completions.size(), " completions");
            for (std::size_t i = 0; i < all.size(); ++i)
                all[i] = verdict(comparisons[i], scores[2 * i], scores[2 * i + 1]);
        } else {
            check_reward_model<Reward, C>();
            parallel_for(all.size(), [&](std::size_t i) { all[i] = (*this)(comparisons[i]); });
        }
        return all;
    }

  private:
    template <class C> preference verdict(const C& c, double first, double second) const {
        require<numeric_error>(std::isfinite(first) && std::isfinite(second), "pair ", c.id,
                               ": the rewards of its first and second response are ", first, " and ", second);
        return apply_rule(rule_, first - second, static_cast<std::uint64_t>(c.id));
    }

    Reward reward_;
    Rule rule_;
};

template <class Reward> reward_teacher(Reward&&) -> reward_teacher<owned<Reward>, hard_label>;
template <class Reward, class Rule> reward_teacher(Reward&&, Rule) -> reward_teacher<owned<Reward>, Rule>;

} // namespace preflearn
