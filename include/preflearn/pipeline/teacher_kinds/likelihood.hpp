/// \file
/// The kind `likelihood`: log π(y | x) of one model, such as one that was fine-tuned on good responses, summed over the
/// response's tokens or their mean (per token).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>

namespace preflearn {

namespace detail {

struct likelihood_teacher {
    teacher_models models;
    text_reading reading;
    bool per_token;

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        return judge(block, [&](std::span<const token_completion> all) { return models.policy->log_probs(all); });
    }
    /// \param score log-probs of completions by the model
    template <class Score>
    [[nodiscard]] judged_block judge(std::span<const shown_texts> block, const Score& score) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        const tokens_of_block tokens(reading, block, judged.all);
        const std::vector<double> log_probs = score(tokens.all());
        for (std::size_t i = 0; i < block.size(); ++i) {
            for (std::size_t c = tokens.begin_of(i); c < tokens.end_of(i); ++c) {
                require<numeric_error>(std::isfinite(log_probs[c]), "pair ", block[i].id, ": a log-probability is ",
                                       log_probs[c]);
                const std::size_t length = tokens.all()[c].response.size();
                if (per_token && length == 0 && !judged.all[i].unfit)
                    judged.all[i].unfit = left_out_pair{.reason = left_out_reason::empty_response,
                                                        .message = "a response has no token to divide by"};
                judged.all[i].scores.push_back(per_token ? log_probs[c] / static_cast<double>(length) : log_probs[c]);
            }
            if (judged.all[i].unfit) judged.all[i].scores.clear();
        }
        judged.tokens = tokens.tokens();
        return judged;
    }
};

} // namespace detail

/// \throws as `load_models`.
inline text_teacher load_likelihood_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    teacher_models models = load_models(on, opened, false);
    text_reading reading = reading_of(opened, *models.policy, opened.base);
    text_teacher teacher{.operations_per_token = models.policy->operations_per_token(),
                         .parameters = models.policy->layout().size()};
    add_notes(teacher.notes, reading, *models.policy);
    const auto held = std::make_shared<const detail::likelihood_teacher>(
        detail::likelihood_teacher{std::move(models), std::move(reading), opened.description.per_token});
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    teacher.continued = [held] {
        const detail::continued_model policy(*held->models.policy);
        return text_judging([held, policy](std::span<const shown_texts> block) {
            const std::size_t before = policy.computed();
            judged_block judged = held->judge(block, policy);
            judged.tokens = policy.computed() - before;
            return judged;
        });
    };
    return teacher;
}

} // namespace preflearn
