/// \file
/// Students' responses as an evaluator is shown them: by prompt, each different text once, in an order drawn from
/// (seed, id), so that nothing tells whose they are.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>

namespace preflearn {

/// A prompt and its different responses in an evaluator's reading.
struct prompt_texts {
    std::uint64_t id = 0;
    std::string prompt{};
    std::vector<std::string> distinct{};
    /// Of each student, in the order of its file, where in `distinct` its responses are.
    std::vector<std::vector<std::size_t>> of{};
};

/// \throws input_error naming the prompt where a conversation cannot be written in the evaluator's chat format.
inline prompt_texts texts_of(const evaluated_prompt& asked, const preference_options& reading) {
    prompt_texts texts{.id = asked.id};
    std::unordered_map<std::string, std::size_t> numbers;
    try {
        for (const student_responses& one : asked.of) {
            const response_record record =
                asked.conversation ? as_texts(as_conversations(one.record), reading) : one.record;
            if (texts.of.empty()) texts.prompt = record.prompt.get<std::string>();
            require<input_error>(record.prompt == texts.prompt, "two students' files have another text of it");
            std::vector<std::size_t>& own = texts.of.emplace_back();
            for (const nlohmann::json& response : record.responses) {
                const auto [at, is_new] = numbers.try_emplace(response.get<std::string>(), texts.distinct.size());
                if (is_new) texts.distinct.push_back(at->first);
                own.push_back(at->second);
            }
        }
    } catch (const error& failure) {
        throw input_error(message("prompt ", asked.name, ": ", failure.what()));
    }
    return texts;
}

inline std::vector<prompt_texts> texts_of(const evaluated_students& students, const preference_options& reading) {
    std::vector<prompt_texts> all;
    for (const evaluated_prompt& prompt : students.prompts) all.push_back(texts_of(prompt, reading));
    return all;
}

/// All different responses in a drawn order. \param least so many are shown: the first of the order again where there
/// are fewer. Views the texts.
inline shown_texts all_shown(const prompt_texts& texts, std::uint64_t seed, std::size_t least = 1) {
    shown_texts shown{.id = texts.id, .prompt = texts.prompt};
    shown.places = generator(seed, "order of responses", texts.id).permutation(texts.distinct.size());
    while (shown.places.size() < least) shown.places.push_back(shown.places.front());
    for (const std::size_t place : shown.places) shown.responses.emplace_back(texts.distinct[place]);
    return shown;
}

/// Two of them in this order.
inline shown_texts two_shown(const prompt_texts& texts, std::size_t first, std::size_t second) {
    return {.id = texts.id,
            .prompt = texts.prompt,
            .responses = {texts.distinct[first], texts.distinct[second]},
            .places = {first, second}};
}

/// Two different texts of one prompt, the lower one first, to be shown in both orders.
struct text_pair {
    std::size_t prompt = 0, first = 0, second = 0;
    friend auto operator<=>(const text_pair&, const text_pair&) = default;
};

/// The first responses of the students in each of these pairs, each two texts once. Of every prompt first one pair,
/// then the next: so that neighbours are of different prompts.
inline std::vector<text_pair> text_pairs(std::span<const prompt_texts> prompts,
                                         std::span<const std::array<std::size_t, 2>> pairs) {
    std::vector<text_pair> all;
    std::set<text_pair> known;
    for (const auto& [a, b] : pairs) {
        for (std::size_t p = 0; p < prompts.size(); ++p) {
            const auto [low, high] = std::minmax({prompts[p].of[a].front(), prompts[p].of[b].front()});
            if (low != high && known.insert({p, low, high}).second) all.push_back({p, low, high});
        }
    }
    return all;
}

} // namespace preflearn
