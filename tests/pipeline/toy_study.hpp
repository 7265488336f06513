/// \file
/// A study of toy policies whose gold reward needs no prompt: the share of even tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <preflearn/core/many.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/teacher/from_reward.hpp>

#include "toy_policy.hpp"

namespace test {

inline double even_share(token_span /*prompt*/, token_span response) {
    double even = 0;
    for (const token_id token : response) even += token % 2 == 0;
    return response.empty() ? 0 : even / static_cast<double>(response.size());
}

using even_gold = double (*)(token_span, token_span);

struct toy_data {
    ragged<token_id> tokens;
    std::vector<token_comparison> pairs;
    label_set human;

    explicit toy_data(std::size_t count) {
        generator random(3, "toy data");
        for (std::size_t i = 0; i < 2 * count; ++i) {
            std::vector<token_id> response(2 + random.below(4));
            for (token_id& token : response) token = static_cast<token_id>(1 + random.below(7));
            tokens.push_back(response);
        }
        const ragged<token_id>& rows = tokens;
        for (std::size_t i = 0; i < count; ++i) pairs.push_back({i, {}, rows[2 * i], rows[2 * i + 1]});
        human = label_all(std::span<const token_comparison>(pairs),
                          reward_teacher{even_gold(even_share), drawn_label{.temperature = 0.2, .seed = 4}});
    }
    toy_data(const toy_data&) = delete;
    toy_data& operator=(const toy_data&) = delete;
};

inline study_options toy_options() {
    study_options options{.beta = 0.5};
    options.teacher_optimiser.rate = options.student_optimiser.rate = 0.02;
    options.teacher_training.epochs = options.student_training.epochs = 2;
    options.sampling.max_tokens = 6;
    return options;
}

/// 40 labelled, 60 unlabelled and 40 test pairs.
inline study_result run_toy_study(const toy_data& data, const study_options& options) {
    const toy_policy teacher(8), student(8);
    const std::span<const token_comparison> pairs(data.pairs);
    const study_input<toy_policy, toy_policy, token_comparison, even_gold> input{.teacher = teacher,
                                                                                 .student = student,
                                                                                 .labelled = pairs.subspan(0, 40),
                                                                                 .unlabelled = pairs.subspan(40, 60),
                                                                                 .test = pairs.subspan(100, 40),
                                                                                 .human = data.human,
                                                                                 .gold = even_share};
    return run_study(input, dpo{.beta = options.beta}, options);
}

} // namespace test
