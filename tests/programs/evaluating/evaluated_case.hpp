/// \file
/// Three students of four prompts with two responses each, before a gold teacher that scores and a judge that compares.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/programs/evaluating/evaluation.hpp>

namespace test {

inline preflearn::evaluated_students evaluated_case_students() {
    using namespace preflearn;
    evaluated_students students{.names = {"sft", "weak", "human"}, .models = {"m:1", "", ""}};
    for (std::size_t p = 0; p < 4; ++p) {
        evaluated_prompt& prompt =
            students.prompts.emplace_back(evaluated_prompt{.id = p, .name = "p" + std::to_string(p)});
        for (std::size_t s = 0; s < 3; ++s) {
            student_responses& of = prompt.of.emplace_back();
            of.record.prompt = prompt.name;
            of.record.responses = {std::string(1 + (s + p) % 3, 'x'), std::string(4 + s, 'y')};
            of.finish = {"stop", s == 0 ? "length" : "stop"};
            of.tokens = {1, 2};
            if (s == 1) of.record.scores = {1, 0};
        }
        students.clusters.push_back(p);
    }
    students.cluster_count = 4;
    return students;
}

/// Rewards: the student's number, more by 1 for the second response; on the last prompt human's are the least.
inline preflearn::evaluator_verdicts evaluated_case_gold() {
    preflearn::evaluator_verdicts gold{.name = "gold:1", .role = "gold", .kind = "longer"};
    for (std::size_t p = 0; p < 4; ++p) {
        auto& row = gold.rewards.emplace_back();
        for (const double s : {0.0, 1.0, p == 3 ? -1.0 : 2.0}) row.push_back({s, s + 1});
    }
    return gold;
}

/// Prefers whoever is shown first on one prompt, the first student of the pair on others; knows nothing of the last.
inline preflearn::evaluator_verdicts evaluated_case_judge() {
    using namespace preflearn;
    evaluator_verdicts judge{
        .name = "judge:2", .role = "judge", .kind = "recorded", .way = {.scores = false, .least = 2}};
    const preference yes = preference::for_first(), no = preference::for_second();
    for (std::size_t p = 0; p < 4; ++p)
        judge.verdicts.push_back(std::vector<std::optional<both_orders>>(
            3, p == 3 ? std::nullopt : std::optional(both_orders{yes, p == 0 ? yes : no})));
    judge.left_out["no_label"] = {1, "prompt p3: no verdict was recorded"};
    return judge;
}

inline preflearn::evaluation evaluated_case() {
    return preflearn::evaluate_students(evaluated_case_students(), {evaluated_case_gold(), evaluated_case_judge()},
                                        {.replicates = 100});
}

} // namespace test
