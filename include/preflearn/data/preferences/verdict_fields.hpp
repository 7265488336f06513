/// \file
/// The verdict that a preference record holds: `chosen` before `rejected`, `label`, scores. Two that contradict each
/// other are an error; which of them is right nobody here can know.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/record.hpp>

namespace preflearn::detail {

inline double probability_in(const json_field& field) {
    const double p = field.number();
    if (!(p >= 0 && p <= 1)) field.fail("a probability in [0, 1]");
    return p;
}

inline std::optional<preference> verdict_named(std::string_view word) {
    if (word == "first") return preference::for_first();
    if (word == "second") return preference::for_second();
    if (word == "tie") return preference::tied();
    if (word == "abstain") return preference::abstention();
    return std::nullopt;
}

inline preference label_in(const json_field& label, const json_field& tie, number_label numbers) {
    const nlohmann::json& value = *label;
    if (value.is_number() && numbers == number_label::preferred_index) {
        if (value != 0 && value != 1) label.fail("0 (the first response) or 1 (the second)");
        return value == 0 ? preference::for_first() : preference::for_second();
    }
    if (value.is_number()) {
        const double first = probability_in(label), tied = tie.present() ? probability_in(tie) : 0;
        if (first + tied > 1 + 1e-12) tie.fail("a probability that sums with 'label' to at most 1");
        return {first, tied};
    }
    const auto named = label.is_text() ? verdict_named(label.text()) : std::nullopt;
    if (!named) label.fail("a number, 'first', 'second', 'tie' or 'abstain'");
    return *named;
}

/// Scores of the two responses in their order, from `scores` or from score_chosen and score_rejected.
inline std::optional<response_scores> scores_in(const json_field& record, bool has_chosen) {
    const json_field chosen = record.member("score_chosen"), rejected = record.member("score_rejected");
    std::optional<response_scores> named, listed;
    if (chosen.present() || rejected.present()) {
        require<input_error>(has_chosen, "field '", chosen.present() ? chosen.name : rejected.name,
                             "': stands beside 'responses', of which none is called chosen or rejected; use 'scores'");
        named = response_scores{chosen.number(), rejected.number()};
    }
    if (const json_field scores = record.member("scores"); scores.present()) {
        if (!(*scores).is_array() || (*scores).size() != 2) scores.fail("a list of two numbers");
        listed = response_scores{scores.element(0).number(), scores.element(1).number()};
    }
    require<input_error>(!named || !listed || *named == *listed,
                         "fields 'scores' and 'score_chosen': the record has two pairs of scores that differ");
    return named ? named : listed;
}

/// Refuses a verdict under a name that is not read, unless it says what the others say.
/// \param known the verdict of `label` or of chosen and rejected
inline void check_other_verdicts(const json_field& record, const std::optional<preference>& known) {
    for (const std::string_view name : {"preferred", "winner", "preferred_response"}) {
        if (!record.value->contains(name)) continue;
        const json_field other = record.member(name);
        if (!other.present()) continue;
        const std::string_view word = other.is_text() ? other.text() : std::string_view();
        const auto said = word == "chosen"     ? preference::for_first()
                          : word == "rejected" ? preference::for_second()
                                               : verdict_named(word);
        require<input_error>(known.has_value(), "field '", name, "': a verdict is read from the field 'label' alone");
        require<input_error>(said && said->decision() == known->decision(), "field '", name, "': found ",
                             excerpt{other.value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
                             ", a second verdict that ", said ? "contradicts" : "cannot be compared with",
                             " the record's other one; keep one of them");
    }
}

/// `label`, or `probability`, P(chosen ≻ rejected), by which a teacher's labels are known; both only where they agree.
inline json_field label_field(const json_field& record, bool has_chosen) {
    const json_field label = record.member("label"), probability = record.member("probability");
    if (!probability.present()) return label;
    require<input_error>(has_chosen, "field 'probability': is that of the chosen response, and stands beside "
                                     "'responses', of which none is called chosen; use 'label', P(first), for it");
    probability_in(probability);
    require<input_error>(!label.present() || *label == *probability, "fields 'label' and 'probability': are ",
                         label.present() ? label.value->dump() : "", " and ", probability.value->dump(),
                         ", two probabilities that differ; keep one of them");
    return probability;
}

/// The record's label, and its scores. \throws input_error where two verdicts contradict each other.
inline void read_verdicts(preference_record& result, const json_field& record, bool has_chosen, number_label numbers) {
    const json_field label = label_field(record, has_chosen), tie = record.member("label_tie");
    if (label.present()) {
        result.label = label_in(label, tie, label.name == "label" ? numbers : number_label::probability_of_first);
        require<input_error>(!has_chosen || result.label->decision() != choice::second, "field '", label.name,
                             "': found ", label.value->dump(),
                             ", which prefers the second response, beside 'chosen' and 'rejected', which prefer the "
                             "first; remove one, or give the texts as 'responses'");
    } else {
        require<input_error>(!tie.present(), "field 'label_tie': there is no field 'label' beside it");
        if (has_chosen) result.label = preference::for_first();
    }
    check_other_verdicts(record, result.label);
    result.scores = scores_in(record, has_chosen);
    require<input_error>(!has_chosen || !result.scores || result.scores->first >= result.scores->second,
                         "the score of the chosen response, ", result.scores ? result.scores->first : 0,
                         ", is below that of the rejected one, ", result.scores ? result.scores->second : 0,
                         "; which of the two is right cannot be told (give the texts as 'responses' with a 'label')");
    if (const json_field weight = record.member("weight"); weight.present()) {
        result.weight = weight.number();
        if (!(*result.weight >= 0)) weight.fail("a number of at least 0");
    }
    const json_field human = record.member("human"); // which may also be somebody's text
    if (human.present() && (human.value->is_number() || (human.is_text() && verdict_named(human.text()))))
        result.human = label_in(human, record.member("human_tie"), number_label::probability_of_first);
    if (const json_field margin = record.member("margin"); margin.present()) {
        result.margin = margin.number();
        if (result.label) result.label = result.label->with_margin(*result.margin);
    }
}

} // namespace preflearn::detail
