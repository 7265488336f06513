/// \file
/// Many at once: speed lives in batches. Each function calls the type's own batch member when it has one
/// and loops over the scalar form otherwise, on all threads, so a ten-line user type works and a language model is
/// fast. Comparisons, completions and prompts come as any contiguous range of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// A contiguous range of completions: of `completion<Prompt, Response>`, that is.
template <class R>
concept Completions = std::ranges::contiguous_range<R> && requires {
    typename std::ranges::range_value_t<R>;
    requires std::same_as<std::ranges::range_value_t<R>, completion<decltype(std::ranges::range_value_t<R>::prompt),
                                                                    decltype(std::ranges::range_value_t<R>::response)>>;
};
/// The comparison of two responses like those completed.
template <Completions R>
using comparison_of =
    comparison<decltype(std::ranges::range_value_t<R>::prompt), decltype(std::ranges::range_value_t<R>::response)>;

/// log π(y | x) of every completion, in nats. Uses `policy.log_probs(completions)` where it exists.
template <class P, Completions Range> std::vector<double> log_probs(const P& policy, const Range& range) {
    const auto completions = view_of(range);
    if constexpr (requires {
                      { policy.log_probs(completions) } -> std::convertible_to<std::vector<double>>;
                  }) {
        return policy.log_probs(completions);
    } else {
        check_policy<P, comparison_of<Range>>();
        std::vector<double> all(completions.size());
        parallel_for(all.size(), [&](std::size_t i) {
            all[i] = static_cast<double>(policy.log_prob(completions[i].prompt, completions[i].response));
        });
        return all;
    }
}

/// The reward of every completion. Uses `reward.rewards(completions)` where it exists.
template <class R, Completions Range> std::vector<double> rewards(const R& reward, const Range& range) {
    const auto completions = view_of(range);
    if constexpr (requires {
                      { reward.rewards(completions) } -> std::convertible_to<std::vector<double>>;
                  }) {
        return reward.rewards(completions);
    } else {
        check_reward_model<R, comparison_of<Range>>();
        std::vector<double> all(completions.size());
        parallel_for(all.size(), [&](std::size_t i) {
            all[i] = static_cast<double>(reward(completions[i].prompt, completions[i].response));
        });
        return all;
    }
}

/// A response to every prompt; response i is drawn from generator{seed, purpose, i}, so that policies asked with one
/// seed are compared under common random numbers. Uses `policy.sample_many(prompts, options, seed, purpose)` where it
/// exists. \return something indexed by prompt whose entries view or are responses (a vector, a ragged array)
template <class P, std::ranges::contiguous_range Prompts>
auto sample_all(const P& policy, const Prompts& range, const sampling_options& options, std::uint64_t seed,
                std::string_view purpose) {
    const auto prompts = view_of(range);
    if constexpr (requires { policy.sample_many(prompts, options, seed, purpose); }) {
        return policy.sample_many(prompts, options, seed, purpose);
    } else {
        std::vector<decltype(policy.sample(prompts.front(), options, std::declval<generator&>()))> all(prompts.size());
        parallel_for(all.size(), [&](std::size_t i) {
            generator random(seed, purpose, i);
            all[i] = policy.sample(prompts[i], options, random);
        });
        return all;
    }
}

/// The teacher's verdict on every comparison. Uses `teacher.preferences(comparisons)` where it exists.
template <class T, std::ranges::contiguous_range Comparisons>
std::vector<preference> preferences(const T& teacher, const Comparisons& range) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    const auto comparisons = view_of(range);
    if constexpr (requires {
                      { teacher.preferences(comparisons) } -> std::convertible_to<std::vector<preference>>;
                  }) {
        return teacher.preferences(comparisons);
    } else {
        check_teacher<T, C>();
        std::vector<preference> all(comparisons.size(), preference::abstention());
        parallel_for(all.size(), [&](std::size_t i) { all[i] = teacher(comparisons[i]); });
        return all;
    }
}

/// Labels every comparison with the teacher's verdict (step 2 of Tao & Li 2025), in the order given.
/// \throws argument_error when two comparisons share an id.
template <std::ranges::contiguous_range Comparisons, class T>
label_set label_all(const Comparisons& range, const T& teacher) {
    const auto comparisons = view_of(range);
    const std::vector<preference> verdicts = preferences(teacher, comparisons);
    label_set labels;
    for (std::size_t i = 0; i < comparisons.size(); ++i)
        labels.add({static_cast<std::uint64_t>(comparisons[i].id), verdicts[i]});
    return labels;
}

} // namespace preflearn
