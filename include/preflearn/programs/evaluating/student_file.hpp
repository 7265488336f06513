/// \file
/// What students wrote, from their files: lines of generate ({"id", "prompt", "responses", "finish", "tokens",
/// "model"}), files made elsewhere (a prompt with responses, response, completion or output), and pairs, of which the
/// chosen or the rejected responses are a student's.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>

namespace preflearn {

/// One student's responses to one prompt; the record's scores are the file's.
struct student_responses {
    response_record record{};
    /// As the file says: "stop", "length", …; empty where it does not. One a response.
    std::vector<std::string> finish{};
    /// `undefined` where the file does not say it.
    std::vector<double> tokens{};
    std::size_t line = 0; ///< of the first of them
};

struct evaluated_prompt {
    std::uint64_t id = 0; ///< inside, of the first file's line
    std::string name{};   ///< as the first file calls it
    /// What the column of clusters says, where there is one.
    std::optional<std::string> cluster{};
    std::size_t line = 0;
    /// Whether texts and conversations meet, or conversations only: then all are read as conversations.
    bool conversation = false;
    /// One a student.
    std::vector<student_responses> of{};
};

/// One file, by prompt.
struct student_file {
    std::vector<std::uint64_t> order{};
    std::unordered_map<std::uint64_t, student_responses> of{};
    std::unordered_map<std::uint64_t, evaluated_prompt> prompts{}; // id, name and cluster
    std::string model{};
    std::size_t lines = 0;
    bool pairs = true; // all of its lines
};

namespace detail {

/// Files made elsewhere call a response by other names.
inline void name_response(nlohmann::json& object) {
    for (const std::string_view known : {"chosen", "rejected", "responses", "completion", "completions", "summaries"})
        if (is_there(object, known)) return;
    constexpr std::array names{std::string_view("response"), std::string_view("output"), std::string_view("generation"),
                               std::string_view("answer")};
    const auto any = [](const nlohmann::json&) { return true; };
    const std::string found(only_one(object, names, "rename one", any));
    if (found.empty()) return;
    const nlohmann::json& value = object.at(found);
    const bool list = value.is_array() && !value.empty() &&
                      std::ranges::all_of(value, [](const nlohmann::json& one) { return one.is_string(); });
    rename_column(object, found, list ? "responses" : "completion");
}

/// Keeps some responses, in that order, and what is known of each.
inline void keep_responses(student_responses& of, std::span<const std::size_t> kept) {
    const auto keep = [&](auto& values) {
        if (values.empty()) return;
        std::remove_cvref_t<decltype(values)> some;
        for (const std::size_t k : kept) some.push_back(values[k]);
        values = std::move(some);
    };
    keep(of.record.responses);
    keep(of.record.scores);
    keep(of.finish);
    keep(of.tokens);
}

/// Of a pair the chosen or the rejected response. \throws input_error where it has no verdict, or nothing is picked.
inline void pick_of_pair(student_responses& of, response_pick pick) {
    const response_record& record = of.record;
    if (pick != response_pick::chosen && pick != response_pick::rejected) {
        const bool pair = record.form != record_form::responses && record.responses.size() == 2;
        require<input_error>(!pair,
                             "holds a pair; #chosen or #rejected behind the file's name says whose responses count");
        return;
    }
    require<input_error>(record.label && !record.label->abstained() && record.responses.size() == 2,
                         "no verdict says which of two responses is the ", name_of(pick), " one");
    const choice better = record.label->decision();
    require<input_error>(better != choice::tie, "its verdict is a tie: none is the ", name_of(pick), " one");
    const bool second = (better == choice::second) == (pick == response_pick::chosen);
    keep_responses(of, std::array{std::size_t{second}});
}

/// Of all responses to a prompt the first or the best. \throws input_error where the best has no scores to go by.
inline void pick_of_all(student_responses& of, response_pick pick) {
    if (pick == response_pick::first) keep_responses(of, std::array{std::size_t{0}});
    if (pick != response_pick::best) return;
    const std::vector<double>& scores = of.record.scores;
    const bool scored = !scores.empty() && std::ranges::none_of(scores, [](double score) { return std::isnan(score); });
    require<input_error>(scored, "the best of its responses is asked for, and they have no scores");
    const auto best = std::ranges::max_element(scores) - scores.begin();
    keep_responses(of, std::array{static_cast<std::size_t>(best)});
}

/// What each response ended with, and its number of tokens: a list, or one value for a single response.
inline void read_ends(student_responses& of) {
    const std::size_t count = of.record.responses.size();
    const nlohmann::json& others = of.record.others;
    const auto each = [&](std::string_view name, const auto& take) {
        if (!is_there(others, name)) return;
        const nlohmann::json& value = others.at(name);
        if (value.is_array() && value.size() == count)
            for (const nlohmann::json& one : value) take(one);
        else if (count == 1 && !value.is_array())
            take(value);
    };
    for (const std::string_view name : {"finish", "finish_reason", "finish_reasons"})
        if (of.finish.empty())
            each(name, [&](const nlohmann::json& one) { of.finish.push_back(one.is_string() ? one : ""); });
    each("tokens",
         [&](const nlohmann::json& one) { of.tokens.push_back(one.is_number() ? one.get<double>() : undefined); });
    if (of.finish.empty()) of.finish.resize(count);
    if (of.tokens.empty()) of.tokens.resize(count, undefined);
}

inline std::optional<std::string> cluster_of(const response_record& record, const std::string& column) {
    const nlohmann::json* const found = column.empty() ? nullptr : field_at(record.others, column);
    if (found == nullptr || found->is_null()) return std::nullopt;
    return found->is_string() ? found->get<std::string>() : found->dump();
}

inline void add_responses(student_file& file, student_responses&& one, const evaluated_prompt& prompt,
                          std::uint64_t key) {
    const auto [at, is_new] = file.of.try_emplace(key);
    if (is_new) {
        at->second = std::move(one);
        file.order.push_back(key);
        file.prompts.emplace(key, prompt);
        return;
    }
    student_responses& all = at->second;
    if (all.record.is_text() != one.record.is_text() || all.record.prompt != one.record.prompt) {
        all.record = as_conversations(std::move(all.record));
        one.record = as_conversations(std::move(one.record));
    }
    const bool scored = !all.record.scores.empty() && !one.record.scores.empty();
    for (std::size_t k = 0; k < one.record.responses.size(); ++k) {
        all.record.responses.push_back(std::move(one.record.responses[k]));
        all.finish.push_back(std::move(one.finish[k]));
        all.tokens.push_back(one.tokens[k]);
        if (scored) all.record.scores.push_back(one.record.scores[k]);
    }
    if (!scored) all.record.scores.clear();
}

} // namespace detail

/// \param cluster a column by which prompts are grouped; empty: none
/// \throws input_error "file:line: …" for a line that holds no responses, does not have what is picked, or has the id
/// of another prompt.
inline student_file read_student(const response_source& source, const std::string& cluster) {
    student_file file;
    json_objects objects(source.path);
    record_options options;
    std::unordered_map<std::uint64_t, std::uint64_t> prompt_of_id;
    while (std::optional<nlohmann::json> object = objects.next()) {
        try {
            detail::name_response(*object);
            const bool pair = detail::is_there(*object, "chosen") || detail::is_there(*object, "rejected");
            options.reading.takes_off_prompt = pair; // a response may begin by repeating its prompt
            student_responses one{.record = parse_responses(*std::move(object), options)};
            one.line = objects.place().line;
            detail::check_fields(detail::json_field{&one.record.others, ""});
            if (one.record.scores_are_labels) one.record.scores.clear();
            detail::read_ends(one);
            detail::pick_of_pair(one, source.pick);
            const auto& others = one.record.others;
            const std::string model = detail::is_there(others, "model") && others["model"].is_string()
                                          ? others["model"].get<std::string>()
                                          : "";
            file.model = file.lines == 0 || file.model == model ? model : "";
            file.pairs =
                file.pairs && one.record.form != record_form::responses && one.record.form != record_form::single;
            const given_id& given = one.record.given;
            const evaluated_prompt prompt{.id = given.inside(objects.index()),
                                          .name = given.form == id_form::text   ? given.text
                                                  : given.form == id_form::none ? message("line ", one.line)
                                                                                : message(given.number),
                                          .cluster = detail::cluster_of(one.record, cluster),
                                          .line = one.line};
            const std::uint64_t key = prompt_key(one.record);
            const auto [same, is_new] = prompt_of_id.try_emplace(prompt.id, key);
            require<input_error>(given.form == id_form::none || is_new || same->second == key, "the id ",
                                 excerpt{prompt.name}, " was that of another prompt before");
            one.record.others.clear();
            detail::add_responses(file, std::move(one), prompt, key);
            ++file.lines;
        } catch (const error& failure) {
            throw input_error(message(objects.place(), ": ", without_place(failure.what(), objects.place())));
        }
    }
    require<input_error>(file.lines > 0, source.path.string(), ": holds no responses");
    for (const std::uint64_t key : file.order) {
        student_responses& all = file.of.at(key);
        try {
            detail::pick_of_all(all, source.pick);
        } catch (const error& failure) {
            throw input_error(message(source.path.string(), ":", all.line, ": ", failure.what()));
        }
    }
    return file;
}

} // namespace preflearn
