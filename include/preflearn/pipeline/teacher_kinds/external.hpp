/// \file
/// The kind `external`: a program judges, whatever it asks in its turn (another model, an API, a person). It is begun
/// for every block of records, reads a JSON line for each from its standard input until that ends,
///   {"id": "17", "prompt": "…", "responses": ["…", "…"]}
/// and writes a line for each to its standard output, in any order, by the same id:
///   {"id": "17", "preferred": "first"}         or second, tie, abstain; or 0 or 1
///   {"id": "17", "probability": 0.8}           P(first ≻ second); "label" is the same, or a word
///   {"id": "17", "margin": 1.4}                log-odds of it
///   {"id": "17", "scores": [0.3, -1.1]}        one a response, as many as there are; differences are log-odds until
///                                              they are calibrated
/// Where it fails before it has answered for all, what it answered for the records before the first that is missing is
/// kept.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
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

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/child_process.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>
#include <preflearn/pipeline/teacher_folder/external_command.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/recorded.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>

namespace preflearn {

namespace detail {

/// The block as lines of JSON. Bytes that are no UTF-8 are replaced, since JSON cannot have them.
inline std::string external_lines(std::span<const shown_texts> block) {
    std::string lines;
    for (const shown_texts& shown : block) {
        const nlohmann::ordered_json line{
            {"id", std::to_string(shown.id)}, {"prompt", shown.prompt}, {"responses", shown.responses}};
        lines += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    }
    return lines;
}

/// The id of an answer: a number, or a text of digits.
inline std::uint64_t external_id(const json_field& record) {
    const json_field id = record.member("id");
    require<input_error>(id.present(), "found ", record.names_of_members(), ", expected an 'id' and a verdict");
    if (!id.is_text()) return id_in(id).inside(0);
    std::uint64_t number = 0;
    const std::string_view text = id.text();
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) id.fail("an id that it was asked about");
    return number;
}

inline judgement external_judgement(const json_field& record, std::size_t responses) {
    judgement said{.scores = recorded_scores(record, 1)};
    if (!said.scores.empty()) {
        require<input_error>(said.scores.size() == responses, "field 'scores': found ", said.scores.size(),
                             " numbers, expected one for each of ", responses, " responses");
        return said;
    }
    if (const json_field preferred = record.member("preferred"); preferred.present())
        said.verdict = label_in(preferred, record.member("preferred_tie"), number_label::preferred_index);
    else
        said.verdict = recorded_label(record);
    require<input_error>(said.verdict.has_value(), "found ", record.names_of_members(),
                         ", expected a verdict: preferred, probability, margin or scores");
    require<input_error>(responses == 2, "a verdict about two of ", responses, " responses; expected 'scores'");
    return said;
}

class external_teacher {
  public:
    explicit external_teacher(external_command command) : command_(std::move(command)) {}

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        if (block.empty()) return {};
        std::unordered_map<std::uint64_t, std::size_t> place;
        for (std::size_t i = 0; i < block.size(); ++i) place.emplace(block[i].id, i);
        const child_answer answer = ask_program(command_.words, external_lines(block), {.seconds = command_.seconds});
        judged_block judged{.all = std::vector<judgement>(block.size())};
        std::vector<std::size_t> line_of(block.size(), 0);
        std::size_t line = 0;
        for (std::string_view rest = answer.output; !rest.empty();) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            const std::string_view text = rest.substr(0, end);
            const bool whole = end < rest.size();
            rest.remove_prefix(std::min(end + 1, rest.size()));
            ++line;
            if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
            if (!whole && (answer.timed_out || answer.status != 0)) break; // cut off; its id will be missing
            try {
                read(text, block, place, line_of, line, judged);
            } catch (const error& failure) {
                throw input_error(message(named(), " answered on line ", line, ": ", failure.what()));
            }
        }
        try {
            check(answer, block, line_of);
        } catch (const input_error& failure) {
            const auto missing = std::ranges::find(line_of, std::size_t{0}) - line_of.begin();
            judged.all.resize(static_cast<std::size_t>(missing));
            throw judged_in_part(failure.what(), std::move(judged.all));
        }
        return judged;
    }

  private:
    [[nodiscard]] std::string named() const {
        return message("the external program ", excerpt{command_.words.front()});
    }
    void read(std::string_view text, std::span<const shown_texts> block,
              const std::unordered_map<std::uint64_t, std::size_t>& place, std::vector<std::size_t>& line_of,
              std::size_t line, judged_block& judged) const {
        const nlohmann::json parsed = parse_json_line(text);
        require<input_error>(parsed.is_object(), "found ", parsed.type_name(), ", expected one JSON object a line");
        const json_field record{&parsed, ""};
        const std::uint64_t id = external_id(record);
        const auto at = place.find(id);
        require<input_error>(at != place.end(), "pair ", id, ", about which it was not asked");
        require<input_error>(line_of[at->second] == 0, "pair ", id, " for a second time, after line ",
                             line_of[at->second]);
        line_of[at->second] = line;
        try {
            judged.all[at->second] = external_judgement(record, block[at->second].responses.size());
        } catch (const error& failure) {
            throw input_error(message("pair ", id, ": ", failure.what()));
        }
    }
    void check(const child_answer& answer, std::span<const shown_texts> block,
               std::span<const std::size_t> line_of) const {
        std::size_t missing = 0, first = 0;
        for (std::size_t i = block.size(); i-- > 0;) {
            if (line_of[i] != 0) continue;
            ++missing;
            first = i;
        }
        require<input_error>(!answer.timed_out, named(), " took longer than ", shortest_digits(command_.seconds),
                             " seconds over ", block.size(), " records, and was ended; it had answered ",
                             block.size() - missing);
        require<input_error>(!answer.too_long, named(), " wrote more than ", child_limits{}.output, " bytes");
        require<input_error>(answer.status == 0, named(), " ", answer.ending(), ", after ", block.size() - missing,
                             " of ", block.size(), " answers; 0 was expected");
        require<input_error>(missing == 0, named(), " did not answer for pair ", missing == 0 ? 0 : block[first].id,
                             missing > 1 ? message(" and ", missing - 1, " more") : "", " of ", block.size());
    }

    external_command command_;
};

} // namespace detail

/// The content of a command, by which another one is noticed.
inline std::string command_hash(const external_command& command) {
    std::uint64_t hash = hash_of("");
    for (const std::string& word : command.words) hash = hash_of(message(word.size(), ":", word), hash);
    return hash_text(hash);
}

/// \throws argument_error where no program was given on the command line: a folder's own is never run.
inline text_teacher load_external_teacher(const opened_teacher& opened, const any_backend<float>& /*on*/) {
    require(opened.external.has_value(), opened.folder.string(),
            ": this teacher asks an external program, which is never run from a folder: give it by --external COMMAND");
    const external_command& command = *opened.external;
    text_teacher teacher{.block = command.block};
    const nlohmann::ordered_json& made = opened.description.settings;
    if (made.contains("command") && made.at("command") != command_hash(command))
        teacher.notes.push_back(message("the teacher was made with another external command than this one",
                                        made.contains("program") ? message(" (", made.at("program").dump(), ")") : ""));
    const detail::external_teacher asked(command);
    teacher.judge = [asked](std::span<const shown_texts> block) { return asked.judge(block); };
    return teacher;
}

} // namespace preflearn
