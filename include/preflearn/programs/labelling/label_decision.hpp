/// \file
/// What is known of a record without its texts, and what becomes of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>
#include <preflearn/programs/labelling/label_record.hpp>

namespace preflearn {

/// What is known of a record without its texts. `human` is about the responses in their order in the file.
struct record_facts {
    std::uint64_t id = 0, prompt = 0; ///< of the prompt a hash
    std::size_t line = 0, responses = 0;
    std::vector<std::size_t> lengths{}; ///< of the responses, in bytes
    bool identical = false;
    std::optional<preference> human{};
    std::uint64_t content = 0; ///< of two responses, `content_of_pair`
};

inline record_facts facts_of(const label_record& record) {
    std::vector<std::size_t> lengths;
    for (const std::string& response : record.responses) lengths.push_back(response.size());
    return {.id = record.id,
            .prompt = hash_of(record.prompt),
            .line = record.line,
            .responses = record.responses.size(),
            .lengths = std::move(lengths),
            .identical = record.responses.size() == 2 && record.responses[0] == record.responses[1],
            .human = record.human,
            .content = record.responses.size() == 2
                           ? content_of_pair(record.prompt, record.responses[0], record.responses[1])
                           : 0};
}

/// What becomes of a record.
struct label_decision {
    /// Empty: it is written. Else a word: tie, abstained, below_top, or a left_out_reason's name.
    std::string_view left_out{};
    std::string why{};
    /// Which response of the file is the chosen one, of two.
    std::size_t chosen = 0;
    /// P(chosen ≻ rejected) as it is written, and before the rule, calibrated.
    double probability = 1, confidence = 1;
    /// Chosen minus rejected as it is written, the log-odds of `confidence`; a flip turns the label as a whole.
    std::optional<double> margin{};
    /// |margin| as the teacher says it, not calibrated: by this the surest are found; infinite for certain verdicts.
    double evidence = std::numeric_limits<double>::infinity();
    double weight = 1;
    bool flipped = false;
    /// Of more than two responses, in the file's order.
    std::vector<double> scores{};
};

} // namespace preflearn
