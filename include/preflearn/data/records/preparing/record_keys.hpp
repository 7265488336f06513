/// \file
/// What records have in common: equal prompts, equal pairs, whatever form they are written in; and which of equal pairs
/// are duplicates or contradict each other. Texts are known by 64-bit hashes, so that a file needs no more memory than
/// some numbers a pair.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

namespace detail {

inline std::uint64_t with_part(std::uint64_t hash, std::string_view part) {
    return hash_of(std::string_view("\0", 1), hash_of(part, hash));
}
inline std::uint64_t with_number(std::uint64_t hash, std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte) hash = (hash ^ (number >> (8 * byte) & 0xFF)) * 0x100000001B3;
    return hash;
}

inline std::uint64_t key_of_turns(const nlohmann::json& turns) {
    std::uint64_t hash = hash_of("");
    for (const nlohmann::json& one : turns) {
        const auto content = one.find("content");
        const bool plain = one.size() == 2 && content != one.end() && content->is_string();
        hash = with_part(hash, one.at("role").get_ref<const std::string&>());
        hash = with_part(hash, plain ? content->get_ref<const std::string&>() : one.dump());
    }
    return hash;
}

/// Of what cannot be read as turns, the text's own.
template <class Turns> std::uint64_t key_of(const nlohmann::json& text, const Turns& turns) {
    try {
        return key_of_turns(turns());
    } catch (const error&) {
        return with_part(hash_of("text"), text.dump());
    }
}

} // namespace detail

/// Equal prompts have equal keys, a transcript and its turns included.
inline std::uint64_t prompt_key(const response_record& record) {
    return detail::key_of(record.prompt, [&] { return prompt_turns(record); });
}
inline std::uint64_t response_key(const response_record& record, std::size_t k) {
    return detail::key_of(record.responses[k], [&] { return response_turns(record, k); });
}

/// What is compared of a record: its texts, whatever their order; its verdict on them in an order of its own; and which
/// of two it prefers, where it does.
struct record_note {
    std::uint64_t prompt = 0, texts = 0, verdict = 0;
    /// Of the two in the order of their keys.
    std::optional<choice> decision{};
};

inline record_note note_of(const response_record& record) {
    record_note note{.prompt = prompt_key(record)};
    std::vector<std::pair<std::uint64_t, double>> responses;
    for (std::size_t k = 0; k < record.responses.size(); ++k)
        responses.emplace_back(response_key(record, k), record.scores.empty() ? 0.0 : record.scores[k] + 0.0);
    const bool swapped = responses.size() == 2 && responses[1].first < responses[0].first;
    std::ranges::sort(responses, [](const auto& a, const auto& b) {
        return std::pair(a.first, std::bit_cast<std::uint64_t>(a.second)) <
               std::pair(b.first, std::bit_cast<std::uint64_t>(b.second));
    });
    note.texts = detail::with_number(note.prompt, responses.size());
    note.verdict = record.scores.empty() ? 1 : 2;
    for (const auto& [key, score] : responses) {
        note.texts = detail::with_number(note.texts, key);
        note.verdict = detail::with_number(note.verdict, std::bit_cast<std::uint64_t>(score));
    }
    if (record.responses.size() == 2) {
        const auto in_order = [&](const preference& verdict) { return swapped ? verdict.mirrored() : verdict; };
        if (record.label) {
            const preference verdict = in_order(*record.label);
            for (const double part : {verdict.first(), verdict.tie(), verdict.abstained() ? 1.0 : 0.0})
                note.verdict = detail::with_number(note.verdict, std::bit_cast<std::uint64_t>(part + 0.0));
            if (!verdict.abstained()) note.decision = verdict.decision();
        } else if (record.has_scores()) {
            const double difference = (record.scores[0] - record.scores[1]) * (swapped ? -1 : 1);
            note.decision = difference > 0 ? choice::first : difference < 0 ? choice::second : choice::tie;
        }
        if (record.margin)
            note.verdict = detail::with_number(
                note.verdict, std::bit_cast<std::uint64_t>((swapped ? -*record.margin : *record.margin) + 0.0));
    } else if (record.form == record_form::single && record.scores.size() == 1) {
        note.decision = record.scores[0] >= 0.5 ? choice::first : choice::second; // a label, good or bad
    }
    return note;
}

struct repeat_rules {
    bool drop_duplicates = true, drop_contradictions = true;
};

/// Which records fall out, with the reason: all of those that say different things of equal texts, since which is right
/// nobody here can know; and every one after the first of those that say the same. Two that prefer the same response
/// with different probabilities both stay. Memory and time n log n.
inline std::vector<std::optional<left_out_reason>> repeats_of(const std::vector<record_note>& notes,
                                                              const repeat_rules& rules = {}) {
    std::vector<std::size_t> order(notes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::tuple(notes[i].texts, i); });
    std::vector<std::optional<left_out_reason>> reasons(notes.size());
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        std::optional<choice> decision;
        bool contradict = false;
        for (; end < order.size() && notes[order[end]].texts == notes[order[begin]].texts; ++end) {
            const auto& said = notes[order[end]].decision;
            contradict = contradict || (said && decision && *said != *decision);
            if (said) decision = said;
        }
        std::unordered_set<std::uint64_t> verdicts;
        for (std::size_t k = begin; k < end; ++k) {
            const record_note& note = notes[order[k]];
            if (contradict && note.decision && rules.drop_contradictions)
                reasons[order[k]] = left_out_reason::contradiction;
            else if (!verdicts.insert(note.verdict).second && rules.drop_duplicates)
                reasons[order[k]] = left_out_reason::duplicate;
        }
    }
    return reasons;
}

} // namespace preflearn
