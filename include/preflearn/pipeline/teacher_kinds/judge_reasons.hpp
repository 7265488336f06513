/// \file
/// The reasons that a judge writes before it answers: drawn for many questions at once, each from (seed, question), so
/// that a question has the same reason in any company.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_prompt.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/sampling/sampling_groups.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// A question of a judge about one of many records, and its tokens.
struct judge_question {
    std::size_t record = 0;
    judge_texts texts{};
    std::vector<token_id> tokens{};
};

/// Up to where the judge goes on to answer by itself: the text that leads to the answer.
inline std::string_view reason_alone(std::string_view written, const judge_template& asked) {
    const auto place = std::ranges::find(asked.parts, judge_slot::reason, &judge_part::slot);
    if (place == asked.parts.end() || place + 1 == asked.parts.end() || (place + 1)->slot != judge_slot::text)
        return written;
    const std::string_view cue = without_outer_space((place + 1)->text);
    return cue.empty() ? written : written.substr(0, written.find(cue));
}

/// The reason for every question, whose tokens end at {reason}. \param computed how many tokens were, is added to
inline std::vector<std::string> reasons_for(const any_transformer<float>& model, const judge_encoder& encoder,
                                            const judge_template& asked, const judge_description& how,
                                            std::span<const judge_question> questions, std::size_t& computed) {
    std::vector<token_span> prompts;
    std::vector<generator> randoms;
    for (const judge_question& question : questions) {
        prompts.emplace_back(question.tokens);
        randoms.emplace_back(how.seed, "judge's reason", hash_of(judge_encoder::written(asked, question.texts, true)));
        computed += question.tokens.size();
    }
    const sampling_options sampling{.temperature = how.temperature, .max_tokens = how.reason_tokens};
    std::vector<std::string> reasons;
    for (const std::vector<token_id>& drawn : sample_each(model, prompts, sampling, randoms)) {
        computed += drawn.size();
        reasons.emplace_back(
            reason_alone(encoder.words().decode(drawn, special_text::skip, text_position::continuation), asked));
    }
    return reasons;
}

} // namespace preflearn
