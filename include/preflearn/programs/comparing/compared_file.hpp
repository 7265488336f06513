/// \file
/// A labelled file as it is compared: of each pair the hashes of its texts, its lengths and who prefers which response.
/// Texts are not kept, so that a file needs some hundred bytes a pair. Responses stand in the order of their hashes,
/// whatever order the file has them in.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/data/records/reading/record_reader.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/pipeline/teacher_card/card_categories.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>

namespace preflearn {

/// The texts of a pair: the prompt's hash and those of the responses, the lower first.
struct pair_texts {
    std::uint64_t prompt = 0, first = 0, second = 0;
    friend bool operator==(const pair_texts&, const pair_texts&) = default;
    [[nodiscard]] std::uint64_t key() const {
        return detail::with_number(detail::with_number(detail::with_number(2, prompt), first), second);
    }
};

struct compared_pair {
    given_id given{};
    std::size_t line = 0;  ///< from 1
    std::size_t index = 0; ///< of the record in its file, from 0
    pair_texts texts{};
    /// Abstentions where nothing is said.
    preference said = preference::abstention(), human = preference::abstention();
    double first_length = 0, second_length = 0;
    /// Whether the file names the first response first, where its order is no verdict.
    std::optional<bool> first_stands_first{};
    std::string category{};
};

/// Scores of a prompt's responses, by rising hash.
struct compared_list {
    given_id given{};
    std::size_t line = 0;
    std::uint64_t prompt = 0, texts = 0;
    std::vector<double> scores{};
};

struct compared_file {
    std::string name{};
    std::filesystem::path path{};
    std::vector<compared_pair> pairs{};
    std::vector<compared_list> lists{};
    /// Records of two identical responses, of one response or of many without scores, which nothing is compared of.
    std::size_t identical = 0, singles = 0, unscored = 0, malformed = 0;
    bool has_human = false;
    /// Of `label`'s file beside it: what it left out, by reason.
    std::map<std::string, std::size_t> left_out{};
};

namespace detail {

inline std::function<std::size_t(std::string_view)> measure_of(const std::string& unit) {
    if (unit == "words") return words_in;
    if (unit == "bytes") return [](std::string_view text) { return text.size(); };
    return characters_in;
}

/// The verdict, with the margin where there is one: of the label, else of two scores.
inline preference verdict_of(const response_record& record) {
    std::optional<double> margin = record.margin;
    if (!margin && record.scores.size() == 2 && !std::isnan(record.scores[0] - record.scores[1]))
        margin = record.scores[0] - record.scores[1];
    preference said = preference::abstention();
    if (record.label)
        said = *record.label;
    else if (record.has_scores())
        said = *margin > 0 ? preference::for_first() : *margin < 0 ? preference::for_second() : preference::tied();
    return margin && !said.abstained() ? said.with_margin(*margin) : said;
}

/// A column as the name of a category; empty: there is none.
inline std::string category_in(const response_record& record, const std::string& field) {
    return field.empty() ? "" : category_of_value(field_at(record.others, field));
}

inline std::optional<compared_pair> pair_of_record(const response_record& record, const text_measure& measure,
                                                   const std::string& category) {
    const std::uint64_t first = response_key(record, 0), second = response_key(record, 1);
    if (first == second) return std::nullopt;
    const bool swapped = second < first;
    compared_pair pair{.given = record.given,
                       .line = record.line,
                       .index = record.index,
                       .texts = {prompt_key(record), std::min(first, second), std::max(first, second)},
                       .said = verdict_of(record),
                       .human = record.human.value_or(preference::abstention()),
                       .first_length = static_cast<double>(length_of(record.responses[swapped ? 1 : 0], measure)),
                       .second_length = static_cast<double>(length_of(record.responses[swapped ? 0 : 1], measure)),
                       .category = category_in(record, category)};
    if (swapped) {
        pair.said = pair.said.mirrored();
        pair.human = pair.human.mirrored();
    }
    const bool by_place = record.form == record_form::responses || record.form == record_form::two_fields ||
                          record.form == record_form::tldr;
    if (by_place) pair.first_stands_first = !swapped;
    return pair;
}

inline compared_list list_of_record(const response_record& record) {
    compared_list list{.given = record.given, .line = record.line, .prompt = prompt_key(record)};
    std::vector<std::pair<std::uint64_t, double>> all;
    for (std::size_t k = 0; k < record.responses.size(); ++k)
        all.emplace_back(response_key(record, k), record.scores[k]);
    std::ranges::sort(all, {}, &std::pair<std::uint64_t, double>::first);
    list.texts = with_number(list.prompt, all.size());
    for (const auto& [key, score] : all) {
        list.texts = with_number(list.texts, key);
        list.scores.push_back(score);
    }
    return list;
}

/// How many pairs `label` left out beside its file, by reason; what cannot be read is none of it.
inline std::map<std::string, std::size_t> left_out_beside(const std::filesystem::path& path) {
    std::map<std::string, std::size_t> reasons;
    std::filesystem::path beside = path;
    if (beside.extension() != ".jsonl") return reasons;
    beside.replace_extension(".left-out.jsonl");
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(beside, ignored)) return reasons;
    try {
        json_objects lines(beside);
        while (const auto line = lines.next())
            if (line->contains("reason") && line->at("reason").is_string())
                ++reasons[line->at("reason").get<std::string>()];
    } catch (const error&) {
        return {};
    }
    return reasons;
}

} // namespace detail

/// \throws input_error for a file that cannot be read, for a malformed line unless such are skipped, and where it holds
/// nothing that can be compared
inline compared_file read_compared(const named_file& source, const compare_options& options, comparing_work& work) {
    compared_file file{.name = source.name, .path = source.path, .left_out = detail::left_out_beside(source.path)};
    const text_measure measure{.unit = options.length, .of = detail::measure_of(options.length)};
    seen_ids ids;
    record_options reading = options.records;
    if (options.matching == pair_matching::by_texts) reading.columns.id.clear();
    record_reader reader(source.path, reading, ids);
    while (const auto record = reader.next()) {
        const file_line place{reader.name(), record->line};
        work.record();
        try {
            if (record->responses.size() == 1) {
                ++file.singles;
            } else if (record->responses.size() > 2) {
                const bool whole = !record->scores.empty() &&
                                   std::ranges::none_of(record->scores, [](double s) { return std::isnan(s); });
                if (whole)
                    file.lists.push_back(detail::list_of_record(*record));
                else
                    ++file.unscored;
            } else if (auto pair = detail::pair_of_record(*record, measure, options.category)) {
                file.has_human = file.has_human || !pair->human.abstained();
                file.pairs.push_back(*std::move(pair));
            } else {
                ++file.identical;
            }
        } catch (const error& failure) {
            throw input_error(message(place, ": ", failure.what()));
        }
    }
    file.malformed = reader.skipped().size();
    require<input_error>(!file.pairs.empty() || !file.lists.empty(), source.path.string(),
                         ": holds no pairs and no scored lists of responses that could be compared");
    return file;
}

inline compared_file read_compared(const named_file& source, const compare_options& options) {
    comparing_work unwatched;
    return read_compared(source, options, unwatched);
}

/// The prompts of a file, whatever it says of them. \throws input_error as `read_compared`
inline std::unordered_set<std::uint64_t> prompts_of(const std::filesystem::path& path, const compare_options& options) {
    seen_ids ids;
    record_options reading = options.records;
    reading.columns.id.clear();
    record_reader reader(path, reading, ids);
    std::unordered_set<std::uint64_t> prompts;
    while (const auto record = reader.next()) prompts.insert(prompt_key(*record));
    return prompts;
}

} // namespace preflearn
