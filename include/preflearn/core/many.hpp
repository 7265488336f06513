/// \file
/// Many at once: speed lives in batches. Each function calls the type's own batch member when it has one
/// and loops over the scalar form otherwise, so a ten-line user type works and a language model is fast.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/core/requirements.hpp>

namespace preflearn {

/// log π(y | x) of every completion, in nats. Uses `policy.log_probs(completions)` where it exists.
template <class P, class Prompt, class Response>
std::vector<double> log_probs(const P& policy, std::span<const completion<Prompt, Response>> completions) {
    if constexpr (requires {
                      { policy.log_probs(completions) } -> std::convertible_to<std::vector<double>>;
                  }) {
        return policy.log_probs(completions);
    } else {
        check_policy<P, comparison<Prompt, Response>>();
        std::vector<double> all(completions.size());
        parallel_for(all.size(), [&](std::size_t i) {
            all[i] = static_cast<double>(policy.log_prob(completions[i].prompt, completions[i].response));
        });
        return all;
    }
}

/// The reward of every completion. Uses `reward.rewards(completions)` where it exists.
template <class R, class Prompt, class Response>
std::vector<double> rewards(const R& reward, std::span<const completion<Prompt, Response>> completions) {
    if constexpr (requires {
                      { reward.rewards(completions) } -> std::convertible_to<std::vector<double>>;
                  }) {
        return reward.rewards(completions);
    } else {
        check_reward_model<R, comparison<Prompt, Response>>();
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
template <class P, class Prompt>
auto samples(const P& policy, std::span<const Prompt> prompts, const sampling_options& options, std::uint64_t seed,
             std::string_view purpose) {
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
template <class T, class C> std::vector<preference> preferences(const T& teacher, std::span<const C> comparisons) {
    check_comparison<C>();
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
template <class C, class T> label_set label_all(std::span<const C> comparisons, const T& teacher) {
    const std::vector<preference> verdicts = preferences(teacher, comparisons);
    label_set labels;
    for (std::size_t i = 0; i < comparisons.size(); ++i)
        labels.add({static_cast<std::uint64_t>(comparisons[i].id), verdicts[i]});
    return labels;
}

} // namespace preflearn
