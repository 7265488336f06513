/// \file
/// The kind `implicit`: the implicit reward of a policy and its reference, β (log π − log π_ref) (Tao & Li 2025,
/// equation 4).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/reward/implicit.hpp>

namespace preflearn {

namespace detail {

/// A teacher's two models and how each reads; the reference reads as the policy does unless it is another model.
struct implicit_teacher {
    teacher_models models;
    text_reading reading;
    std::optional<text_reading> reference_reading;
    double beta;

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        return judge(
            block, [&](std::span<const token_completion> all) { return models.policy->log_probs(all); },
            [&](std::span<const token_completion> all) { return models.reference->log_probs(all); });
    }
    /// \param policy, reference log-probs of completions by the models
    template <class Policy, class Reference>
    [[nodiscard]] judged_block judge(std::span<const shown_texts> block, const Policy& policy,
                                     const Reference& reference) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        std::optional<tokens_of_block> others;
        if (reference_reading) others.emplace(*reference_reading, block, judged.all);
        const tokens_of_block tokens(reading, block, judged.all);
        if (reference_reading) others.emplace(*reference_reading, block, judged.all); // without what became unfit
        const std::span<const token_completion> as_reference = others ? others->all() : tokens.all();
        const std::vector<double> rewards = implicit_rewards(policy(tokens.all()), reference(as_reference), beta);
        for (std::size_t i = 0; i < block.size(); ++i)
            judged.all[i].scores.assign(rewards.begin() + static_cast<std::ptrdiff_t>(tokens.begin_of(i)),
                                        rewards.begin() + static_cast<std::ptrdiff_t>(tokens.end_of(i)));
        judged.tokens = tokens.tokens() + (others ? others->tokens() : tokens.tokens());
        return judged;
    }
};

} // namespace detail

/// \throws as `load_models`.
inline text_teacher load_implicit_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    teacher_models models = load_models(on, opened, true);
    text_reading reading = reading_of(opened, *models.policy, opened.base);
    std::optional<text_reading> other;
    if (opened.description.reference->from == weights_from::outside)
        other = reading_of(opened, *models.reference, opened.reference);
    text_teacher teacher{.operations_per_token = models.policy->operations_per_token(),
                         .parameters = models.policy->layout().size()};
    add_notes(teacher.notes, reading, *models.policy);
    if (other) add_notes(teacher.notes, *other, *models.reference);
    const auto held = std::make_shared<const detail::implicit_teacher>(
        detail::implicit_teacher{std::move(models), std::move(reading), std::move(other), opened.description.beta});
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    teacher.continued = [held] {
        const detail::continued_model policy(*held->models.policy), reference(*held->models.reference);
        return text_judging([held, policy, reference](std::span<const shown_texts> block) {
            const std::size_t before = policy.computed() + reference.computed();
            judged_block judged = held->judge(block, policy, reference);
            judged.tokens = policy.computed() + reference.computed() - before;
            return judged;
        });
    };
    return teacher;
}

} // namespace preflearn
