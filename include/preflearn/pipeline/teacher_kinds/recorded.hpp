/// \file
/// The kind `recorded`: verdicts, scores or log-probs that were made elsewhere, in JSON lines, found by the pair's id:
///   {"id", "scores": [·, ·, …]}                          one a response
///   {"id", "label"}, P(first ≻ second) or a word, or "probability", P(chosen ≻ rejected); "margin" beside either
///   {"id", "margin"}                                     first minus second, natural logits
///   {"id" or "index", "chosen_logp", "rejected_logp"}    as log_probs writes them; with reference_chosen_logp and
///                                                        reference_rejected_logp times β
/// Where a record has the texts too (chosen and rejected, or responses), its numbers are about these texts; else about
/// the responses in the order of the file that is labelled (chosen before rejected).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>

namespace preflearn {

/// What one line says.
struct recorded_verdict {
    std::vector<double> scores{};
    std::optional<preference> verdict{};
    /// The responses that it is about, in its order; empty: those of the labelled file, in that file's order.
    std::vector<std::string> texts{};
    std::size_t line = 0;
};

namespace detail {

inline std::vector<std::string> recorded_texts(const json_field& record) {
    std::vector<std::string> texts;
    if (const json_field all = record.member("responses"); all.present() && (*all).is_array()) {
        for (std::size_t i = 0; i < (*all).size() && all.element(i).is_text(); ++i)
            texts.emplace_back(all.element(i).text());
        if (texts.size() != (*all).size()) texts.clear(); // conversations are not compared
    } else if (record.member("chosen").present() && record.member("chosen").is_text() &&
               record.member("rejected").present() && record.member("rejected").is_text()) {
        texts = {std::string(record.member("chosen").text()), std::string(record.member("rejected").text())};
    }
    return texts;
}

/// Scores from a list, or from log-probs; empty where there are none.
inline std::vector<double> recorded_scores(const json_field& record, double beta) {
    std::vector<double> scores;
    if (const json_field list = record.member("scores"); list.present()) {
        if (!(*list).is_array() || (*list).size() < 2) list.fail("a list of two or more numbers");
        for (std::size_t i = 0; i < (*list).size(); ++i) scores.push_back(list.element(i).number());
    } else if (record.member("chosen_logp").present()) {
        const bool referenced = record.member("reference_chosen_logp").present();
        for (const std::string_view which : {"chosen_logp", "rejected_logp"}) {
            const double policy = record.member(which).number();
            const double reference = referenced ? record.member("reference_" + std::string(which)).number() : 0;
            scores.push_back(referenced ? beta * (policy - reference) : policy);
        }
    }
    for (const double score : scores)
        require<input_error>(std::isfinite(score), "a score is ", score, ", a finite number was expected");
    return scores;
}

inline std::optional<preference> recorded_label(const json_field& record) {
    std::optional<preference> verdict;
    const json_field label = record.member("label"), probability = record.member("probability"),
                     margin = record.member("margin");
    if (label.present())
        verdict = label_in(label, record.member("label_tie"), number_label::probability_of_first);
    else if (probability.present())
        verdict = preference(probability_in(probability));
    if (!margin.present()) return verdict;
    if (!verdict) return preference::from_margin(margin.number());
    return verdict->with_margin(margin.number());
}

/// \throws input_error naming the field.
inline std::pair<std::uint64_t, recorded_verdict> parse_recorded(std::string_view line, std::uint64_t index,
                                                                 double beta) {
    const nlohmann::json parsed = parse_json_line(line);
    require<input_error>(parsed.is_object(), "found ", parsed.type_name(), ", expected one JSON object a line");
    const json_field record{&parsed, ""};
    const json_field id = record.member("id").present() ? record.member("id") : record.member("index");
    recorded_verdict made{.scores = recorded_scores(record, beta), .texts = recorded_texts(record)};
    if (made.scores.empty()) made.verdict = recorded_label(record);
    require<input_error>(!made.scores.empty() || made.verdict, "found ", record.names_of_members(),
                         ", expected a verdict: scores, label, probability, margin, or chosen_logp and rejected_logp");
    const std::size_t about = made.scores.empty() ? 2 : made.scores.size();
    require<input_error>(made.texts.empty() || made.texts.size() == about, "found ", about, " numbers and ",
                         made.texts.size(), " responses");
    return {id.present() ? id_in(id).inside(index) : index, std::move(made)};
}

} // namespace detail

/// All verdicts of a file, by id. \throws input_error "file:line: …" for a malformed line and an id that comes twice.
inline std::unordered_map<std::uint64_t, recorded_verdict> read_recorded(const std::filesystem::path& path,
                                                                         double beta = 1) {
    std::unordered_map<std::uint64_t, recorded_verdict> all;
    line_reader lines(path);
    const auto add = [&](std::string_view line) {
        auto [id, verdict] = detail::parse_recorded(line, lines.line() - 1, beta);
        verdict.line = lines.line();
        const auto [at, is_new] = all.try_emplace(id, std::move(verdict));
        require<input_error>(is_new, "the pair was judged on line ", at->second.line, " already");
        return true;
    };
    while (next_parsed(lines, false, add, [](std::string_view /*failure*/) {})) {
    }
    require<input_error>(!all.empty(), path.string(), ": holds no verdicts");
    return all;
}

namespace detail {

/// The record's verdict about the texts as they are shown.
inline judgement recorded_judgement(const recorded_verdict& record, const shown_texts& shown) {
    std::vector<std::size_t> place(shown.responses.size()); // of each shown response in the record
    for (std::size_t r = 0; r < place.size(); ++r) {
        place[r] = shown.places[r];
        if (record.texts.empty()) continue;
        const auto same = std::ranges::find(record.texts, shown.responses[r]);
        place[r] = static_cast<std::size_t>(same - record.texts.begin());
    }
    const std::size_t about = record.verdict ? 2 : record.scores.size();
    // scores of texts that are known are about each of them
    const bool some = !record.verdict && !record.texts.empty();
    const bool fits =
        (some || about == place.size()) && std::ranges::all_of(place, [&](std::size_t p) { return p < about; });
    if (!fits)
        return {.unfit = left_out_pair{
                    .reason = left_out_reason::no_label,
                    .message = message("the verdict recorded on line ", record.line, " is about other responses")}};
    if (record.verdict) {
        const bool swapped = place[0] > place[1];
        return {.verdict = swapped ? record.verdict->mirrored() : *record.verdict};
    }
    judgement said;
    for (const std::size_t p : place) said.scores.push_back(record.scores[p]);
    return said;
}

} // namespace detail

/// A pair without a record cannot be judged. \throws as `read_recorded`.
inline text_teacher load_recorded_teacher(const opened_teacher& opened, const any_backend<float>& /*on*/) {
    const std::string& records = opened.description.records;
    require<input_error>(!records.empty(), (opened.folder / "teacher.json").string(),
                         ": a teacher of the kind recorded has 'records'");
    const auto all = std::make_shared<const std::unordered_map<std::uint64_t, recorded_verdict>>(
        read_recorded(part_of_folder(opened.folder, records), opened.description.beta));
    text_teacher teacher;
    teacher.judge = [all](std::span<const shown_texts> block) {
        judged_block judged;
        for (const shown_texts& shown : block) {
            const auto found = all->find(shown.id);
            if (found == all->end())
                judged.all.push_back({.unfit = left_out_pair{.reason = left_out_reason::no_label,
                                                             .message = "no verdict was recorded"}});
            else
                judged.all.push_back(detail::recorded_judgement(found->second, shown));
        }
        return judged;
    };
    return teacher;
}

} // namespace preflearn
