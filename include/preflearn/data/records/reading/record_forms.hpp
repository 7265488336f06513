/// \file
/// The forms in which prompts and responses are written: what `parse_record` reads, and beside it several rated, ranked
/// or scored responses (UltraFeedback, Nectar, the lines of `label`), single completions (KTO) and TL;DR comparisons.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>
#include <preflearn/data/records/reading/many_responses.hpp>
#include <preflearn/data/records/reading/record_columns.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn {

namespace detail {

/// A rating: a number, or a text that is one ("4"); `unrated` for null and any other text ("N/A").
inline double rating_in(const json_field& field) {
    if (!field.present() || field.value->is_null()) return unrated;
    if (field.is_text()) return finite_number(field.text()).value_or(unrated);
    const double score = field.number();
    require<input_error>(std::isfinite(score), "field '", field.name, "': found ", score, ", expected a finite number");
    return score;
}

/// The verdict's fields as parse_record reads them.
inline void take_verdicts(response_record& to, const nlohmann::json& record, bool has_chosen, number_label numbers) {
    preference_record read;
    read_verdicts(read, json_field{&record, ""}, has_chosen, numbers);
    to.label = read.label;
    to.named_probability = is_there(record, "probability");
    to.margin = read.margin;
    to.human = read.human;
    if (read.scores) to.scores = {read.scores->first, read.scores->second};
}

/// Prompt and responses of two, in any form that parse_record reads.
inline void take_pair(response_record& to, const json_field& prompt, const std::array<json_field, 2>& responses,
                      const preference_options& options) {
    for (const json_field& response : responses)
        if (!response.present()) response.fail("a text or a list of turns {role, content}");
    if (responses[0].is_text() && responses[1].is_text() && (!prompt.present() || prompt.is_text())) {
        preference_record read;
        read_texts(read, prompt, responses, options);
        to.form = prompt.present() ? record_form::explicit_text : record_form::hh;
        to.prompt = read.prompt;
        to.responses = {read.first, read.second};
        to.repeats_prompt = read.repeats_prompt;
        return;
    }
    to.form = record_form::conversations;
    const nlohmann::json first = json_turns(responses[0], "assistant"), second = json_turns(responses[1], "assistant");
    const nlohmann::json asked = prompt.present() ? json_turns(prompt, "user") : nlohmann::json::array();
    std::vector<std::string> texts[3];
    const conversation_prompt found = conversation_prompt_of(
        prompt, whole_turns(asked, options.ignored_members, texts[0]), responses,
        whole_turns(first, options.ignored_members, texts[1]), whole_turns(second, options.ignored_members, texts[2]));
    to.repeats_prompt = prompt.present() && found.taken > 0;
    const auto part = [](const nlohmann::json& turns, std::size_t from, std::size_t end) {
        auto some = nlohmann::json::array();
        for (std::size_t i = from; i < end; ++i) some.push_back(turns[i]);
        return some;
    };
    const bool shared = found.taken > 0 && !(prompt.present() && !prompt.is_text());
    to.prompt = shared ? part(first, 0, found.taken) : asked;
    to.responses = {part(first, found.taken, first.size()), part(second, found.taken, second.size())};
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
        require<input_error>(
            to.responses[k].front().at("role") == "assistant" && to.responses[k].back().at("role") == "assistant",
            "field '", responses[k].name, "': a response begins and ends with a turn of the role 'assistant'");
}

/// The only one of these members that the object has; not present for none. \throws input_error for two.
inline json_field only_member(const json_field& object, std::initializer_list<std::string_view> names,
                              std::string_view option) {
    const auto any = [](const nlohmann::json&) { return true; };
    const std::string_view found =
        only_one(*object.value, std::span<const std::string_view>(names.begin(), names.size()), option, any);
    return found.empty() ? json_field{nullptr, message(object.name, ".", *names.begin())} : object.member(found);
}

inline json_field member_at(const json_field& object, std::string_view path) {
    const nlohmann::json* const found = field_at(*object.value, path);
    return {found == nullptr || found->is_null() ? nullptr : found, message(object.name, ".", path)};
}

/// The text of a response that is an object with more beside it, and its score.
inline std::pair<json_field, double> rated_response(const json_field& response, const record_columns& columns) {
    if (!response.present() || !response.value->is_object() || is_there(*response.value, "role") ||
        is_there(*response.value, "from"))
        return {response, unrated};
    const json_field text =
        !columns.response.empty()
            ? member_at(response, columns.response)
            : only_member(response, {"response", "text", "content", "answer", "completion", "generation", "output"},
                          "--response-field");
    if (!text.present()) text.fail("a text");
    if (!columns.score.empty()) {
        const double score = rating_in(member_at(response, columns.score));
        return {text, columns.lower_is_better ? -score : score};
    }
    const json_field score =
        only_member(response, {"overall_score", "score", "rating", "rank", "ranking"}, "--score-field");
    const bool rank = score.present() && score.name.substr(score.name.rfind('.') + 1).starts_with("rank");
    return {text, rank ? -rating_in(score) : rating_in(score)};
}

inline void take_list_scores(response_record& to, nlohmann::json& record, const record_columns& columns) {
    const auto list = [](const nlohmann::json& value) { return value.is_array(); };
    const std::string name(columns.scores.empty() ? only_one(record, score_lists, "--scores-field", list) : "scores");
    if (name.empty() || !is_there(record, name)) return;
    const json_field scores = json_field{&record, ""}.member(name);
    if (!scores.value->is_array() || scores.value->size() != to.responses.size())
        scores.fail("a list of one number for each response");
    require<input_error>(to.scores.empty(), "field '", name, "': the responses have scores of their own, too");
    const bool lower = columns.scores.empty() ? name.starts_with("rank") : columns.lower_is_better;
    for (std::size_t k = 0; k < scores.value->size(); ++k) {
        const double score = rating_in(scores.element(k));
        to.scores.push_back(lower ? -score : score);
    }
    record.erase(name);
}

inline void take_responses(response_record& to, nlohmann::json& record, const record_columns& columns,
                           const preference_options& options) {
    const json_field all{&record, ""}, list = all.member("responses");
    if (!list.present() || !list.value->is_array() || list.value->empty()) list.fail("a list of at least one response");
    std::vector<json_field> responses;
    std::vector<double> scores;
    for (std::size_t k = 0; k < list.value->size(); ++k) {
        auto [text, score] = rated_response(list.element(k), columns);
        responses.push_back(std::move(text));
        scores.push_back(score);
    }
    if (responses.size() == 2)
        take_pair(to, all.member("prompt"), {responses[0], responses[1]}, options);
    else
        take_many(to, all.member("prompt"), responses, options);
    to.form = record_form::responses;
    if (std::ranges::any_of(scores, [](double score) { return !std::isnan(score); })) to.scores = std::move(scores);
    take_list_scores(to, record, columns);
    if (responses.size() == 2) {
        const std::vector<double> known = to.scores;
        take_verdicts(to, record, false, options.label_numbers);
        to.scores = known;
    }
}

/// Reddit posts and news of "Learning to summarize from human feedback" (Stiennon et al. 2020), with the prompt that
/// its models read; the summaries follow it behind a space.
inline void take_tldr(response_record& to, const nlohmann::json& record) {
    const json_field all{&record, ""}, info = all.member("info"), summaries = all.member("summaries");
    if (!info.value->is_object()) info.fail("an object with post, title and subreddit");
    if (!summaries.value->is_array() || summaries.value->size() < 2) summaries.fail("a list of two summaries");
    to.form = record_form::tldr;
    if (info.member("post").present())
        to.prompt =
            message("SUBREDDIT: r/", info.member("subreddit").text(), "\n\nTITLE: ", info.member("title").text(),
                    "\n\nPOST: ", info.member("post").text(), "\n\nTL;DR:");
    else
        to.prompt = message("Article:\n", info.member("article").text(), "\n\nTL;DR:");
    for (std::size_t k = 0; k < summaries.value->size(); ++k) {
        const json_field one = summaries.element(k);
        to.responses.push_back((one.value->is_object() ? one.member("text") : one).text());
    }
    if (const json_field chosen = all.member("choice"); chosen.present()) {
        require<input_error>(to.responses.size() == 2, "field 'choice': stands beside ", to.responses.size(),
                             " summaries, expected two");
        if (*chosen != 0 && *chosen != 1) chosen.fail("0 (the first summary) or 1 (the second)");
        to.label = *chosen == 0 ? preference::for_first() : preference::for_second();
    }
}

inline void take_single(response_record& to, const nlohmann::json& record, const record_columns& columns,
                        const preference_options& options) {
    const json_field all{&record, ""};
    take_many(to, all.member("prompt"), {all.member("completion")}, options);
    to.form = record_form::single;
    const json_field label = all.member("label");
    const json_field score =
        columns.score.empty() ? only_member(all, {"score", "rating"}, "--score-field") : member_at(all, columns.score);
    to.scores_are_labels = label.present();
    if (label.present()) {
        if (!label.value->is_boolean() && *label != 0 && *label != 1) label.fail("true or false");
        to.scores = {label.value->is_boolean() ? (label.value->get<bool>() ? 1.0 : 0.0) : label.number()};
    } else if (score.present()) {
        to.scores = {(columns.lower_is_better ? -1 : 1) * rating_in(score)};
    }
}

} // namespace detail

} // namespace preflearn
