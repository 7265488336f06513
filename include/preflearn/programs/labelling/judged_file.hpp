/// \file
/// A teacher's judgements of a file's records, kept in a file of lines while they are made: whoever is stopped goes on
/// behind the last whole line. How they become labels is no part of it, so an unfinished run may go on under another
/// rule.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/label_record.hpp>

namespace preflearn {

/// The order in which a record's responses are shown, which says nothing of how they stand in the file: drawn from
/// (seed, id). Two are swapped as split_preferences swaps them.
inline std::vector<std::size_t> shown_order(std::uint64_t seed, std::uint64_t id, std::size_t responses) {
    if (responses != 2) return generator(seed, "orientation of many", id).permutation(responses);
    if (is_swapped(seed, id)) return {1, 0};
    return {0, 1};
}

/// The record as a teacher is shown it; views its texts.
inline shown_texts shown_in_order(const label_record& record, std::uint64_t seed) {
    shown_texts shown{.id = record.id, .prompt = record.prompt};
    shown.places = shown_order(seed, record.id, record.responses.size());
    for (const std::size_t place : shown.places) shown.responses.emplace_back(record.responses[place]);
    return shown;
}

namespace detail {

/// A judgement as a line: {"s": scores}, {"p": first, "t": tie, "m": margin, "a": abstained, "o": orders} or {"u":
/// reason, "w": why}.
inline nlohmann::json judgement_line(const judgement& said) {
    if (said.unfit) return {{"u", static_cast<int>(said.unfit->reason)}, {"w", said.unfit->message}};
    if (!said.verdict) return {{"s", said.scores}};
    nlohmann::json line{{"p", said.verdict->first()}, {"t", said.verdict->tie()}, {"a", said.verdict->abstained()}};
    if (said.verdict->margin()) line["m"] = *said.verdict->margin();
    if (said.orders) line["o"] = *said.orders;
    return line;
}

/// Each as such a line of text.
inline std::vector<std::string> judgement_lines(std::span<const judgement> all) {
    std::vector<std::string> lines;
    for (const judgement& said : all)
        lines.push_back(judgement_line(said).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return lines;
}

inline judgement read_judgement(std::string_view text) {
    const nlohmann::json line = nlohmann::json::parse(text);
    judgement said;
    if (line.contains("u")) {
        said.unfit = left_out_pair{.reason = static_cast<left_out_reason>(line.at("u").get<int>()),
                                   .message = line.at("w").get<std::string>()};
    } else if (line.contains("s")) {
        said.scores = line.at("s").get<std::vector<double>>();
    } else {
        said.verdict = line.at("a").get<bool>() ? preference::abstention()
                                                : preference(line.at("p").get<double>(), line.at("t").get<double>());
        if (line.contains("m")) said.verdict = said.verdict->with_margin(line.at("m").get<double>());
        if (line.contains("o")) said.orders = line.at("o").get<std::array<double, 2>>();
    }
    return said;
}

} // namespace detail

/// The first line of a file of judgements. \param key names what is judged, and by whom
inline std::string judgements_header(const std::string& key) { return "# preflearn judgements " + key; }

/// What is judged, by its place and by its name, and how far one is told.
struct judged_part {
    std::filesystem::path path{}; ///< of the judgements
    std::string key{};            ///< names what is judged, and by whom
    std::string title{};
};

/// The judgements of the records [begin, end) that a reader gives, those of `part` first and the others added to it.
/// \param next gives the next record of the file
/// \throws input_error when the file cannot be written or belongs to something else; and what teacher and reader throw.
template <class Next>
std::vector<judgement> judge_file(const text_teacher& teacher, Next&& next, std::size_t begin, std::size_t end,
                                  std::uint64_t seed, const judged_part& to, const work_progress& seen) {
    const std::size_t block = teacher.block;
    const std::filesystem::path& part = to.path;
    kept_lines kept(part, judgements_header(to.key));
    std::vector<judgement> all = kept.read_lines(detail::read_judgement);
    const std::size_t total = end - begin;
    require<input_error>(all.size() <= total, part.string(), ": has ", all.size(), " lines for ", total, " records");
    if (all.size() == total) return all;
    for (std::size_t passed = 0; passed < begin + all.size(); ++passed) next();
    seen(to.title, all.size(), total, 0, 0);
    std::vector<label_record> records;
    std::vector<shown_texts> shown;
    while (all.size() < total) {
        records.clear();
        shown.clear();
        for (std::size_t n = std::min(block, total - all.size()); n > 0; --n) records.push_back(next());
        for (const label_record& record : records) shown.push_back(shown_in_order(record, seed));
        judged_block judged;
        try {
            judged = teacher.judge(shown);
        } catch (const judged_in_part& failure) {
            kept.append(detail::judgement_lines(failure.judged));
            if (all.empty() && failure.judged.empty()) throw;
            throw input_error(message(failure.what(), "; the ", all.size() + failure.judged.size(), " of ", total,
                                      " that are judged are kept, and the same command goes on behind them"));
        }
        kept.append(detail::judgement_lines(judged.all));
        std::ranges::move(judged.all, std::back_inserter(all));
        seen(to.title, all.size(), total, static_cast<double>(judged.tokens), teacher.operations_per_token);
    }
    return all;
}

} // namespace preflearn
