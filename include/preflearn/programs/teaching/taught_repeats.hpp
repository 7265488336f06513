/// \file
/// The same teacher made again with other seeds, so that its card says how much of it is luck: the labels that they
/// give are compared with each other. Repeats learn from the same pairs, are held against the same ones, and lie in
/// OUT.unfinished until the teacher is made, so that a stopped run goes on with those that it has.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/pipeline/teacher_card/card_consistency.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>

namespace preflearn {

/// Whether another seed can make another teacher of that kind, or another answer of it.
inline bool depends_on_seed(const teach_options& options) {
    if (options.kind == "judge") return options.judge.reason_tokens > 0 && options.judge.temperature > 0;
    if (options.kind == "features") return options.features.head != "linear";
    return options.kind != "longer" && options.kind != "recorded" && options.kind != "ensemble";
}

/// The options of the repeat of that number, from 1, which has the seed `seed` + number.
inline teach_options repeat_options(const teach_options& options, std::size_t number) {
    teach_options other = options;
    other.seed = options.seed + number;
    other.split_seed = options.split_by();
    other.seeds = 1;
    other.is_repeat = true;
    other.repeats.clear();
    other.out = unfinished_path(options.out) / "repeats" / message("seed-", other.seed);
    return other;
}

/// Judgements of the card's pairs by the teacher and its repeats, in that order. \param said of each, of each pair
inline card_consistency consistency_of_taught(const card_subject& subject, std::vector<std::string> names,
                                              const std::vector<std::vector<preference>>& said) {
    std::vector<repeated_pair> pairs;
    for (std::size_t i = 0; i < subject.pairs.size(); ++i) {
        repeated_pair& pair = pairs.emplace_back(
            repeated_pair{.prompt = subject.pairs[i].prompt, .said = {}, .gold = subject.pairs[i].gold});
        for (const std::vector<preference>& one : said) pair.said.push_back(one[i]);
    }
    return consistency_of(std::move(names), pairs);
}

} // namespace preflearn
