/// \file
/// Pairs that a teacher and a truth judge, for tests of cards.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>

namespace test {

/// Margins whose decisions are right with probability σ(margin / temperature): honest at that temperature. Three pairs
/// of a prompt, two categories.
inline preflearn::card_subject honest_subject(std::size_t count, double temperature = 1) {
    preflearn::card_subject subject{
        .name = "weak", .truth = "human", .pairs = {}, .category_field = "kind", .categories = {"a", "b"}};
    preflearn::generator random(7);
    for (std::size_t i = 0; i < count; ++i) {
        const double margin = temperature * 4 * (random.uniform() - 0.5);
        const bool first = random.uniform() < preflearn::sigmoid(margin / temperature);
        const preflearn::preference gold =
            (first ? preflearn::preference::for_first() : preflearn::preference::for_second())
                .with_margin(first ? 1 : -2);
        subject.pairs.push_back(
            {.prompt = i / 3,
             .said = (margin > 0 ? preflearn::preference::for_first() : preflearn::preference::for_second())
                         .with_margin(margin),
             .gold = gold,
             .length_difference = static_cast<double>(random.below(41)) - 20,
             .first_shown_first = random.below(2) == 0,
             .category = i % 2});
    }
    return subject;
}

/// The same pair with its responses in the other order.
inline preflearn::card_pair turned(preflearn::card_pair pair) {
    pair.said = pair.said.mirrored();
    pair.gold = pair.gold.mirrored();
    pair.length_difference = -pair.length_difference;
    if (pair.first_shown_first) pair.first_shown_first = !*pair.first_shown_first;
    return pair;
}

} // namespace test
