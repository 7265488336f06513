/// \file
/// The pairs on which all sources say the same, and those on which they do not, as files: students are taught on each
/// to see what purified labels are worth (Tao & Li 2025, table 1). NAME/match.jsonl and NAME/mismatch.jsonl are the
/// lines of a source as they stand in its file; match.ids.jsonl and mismatch.ids.jsonl have one id a line.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>

namespace preflearn {

namespace detail {

/// The lines of a file by number, as they stand there; of an array its objects.
template <class Visit> void for_each_line(const std::filesystem::path& path, Visit&& visit) {
    if (first_byte(path) == '[') {
        json_objects objects(path);
        while (const auto object = objects.next()) visit(objects.place().line, object->dump());
        return;
    }
    line_reader lines(path);
    while (const auto line = lines.next()) visit(lines.line(), *line);
}

/// A teacher's line as one of what people said of its pair: their choice first, their probability, no margin.
inline std::string human_line(std::string_view line, bool turned, double probability) {
    nlohmann::ordered_json record = nlohmann::ordered_json::parse(line);
    if (turned && record.contains("chosen") && record.contains("rejected"))
        std::swap(record["chosen"], record["rejected"]);
    for (const char* const name :
         {"label", "label_tie", "margin", "scores", "score_chosen", "score_rejected", "flipped"})
        record.erase(name);
    record["probability"] = probability;
    record["weight"] = 1;
    record["teacher"] = "human";
    record["human"] = probability;
    return record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

inline nlohmann::ordered_json id_of_pair(const matched_pair& pair, std::size_t place) {
    if (pair.given.form == id_form::text) return pair.given.text;
    if (pair.given.form == id_form::number) return pair.given.number;
    return message("pair ", place + 1);
}

/// Calls visit(place, line number) for the pairs of a subset, in the order of a source's lines.
inline std::unordered_map<std::size_t, std::size_t> pairs_by_line(const compared_source& source) {
    std::unordered_map<std::size_t, std::size_t> pairs;
    for (std::size_t i = 0; i < source.lines.size(); ++i)
        if (source.lines[i] > 0) pairs.try_emplace(source.lines[i], i);
    return pairs;
}

/// \param human whether the lines are those of another source, told as people's verdicts; `voices` has theirs
inline void write_subset(const label_comparison& found, const compared_source& lines_of, const compared_source& voices,
                         bool human, all_say which, const std::filesystem::path& path) {
    const auto pairs = pairs_by_line(lines_of);
    write_atomically(path, [&](std::ostream& out) {
        for_each_line(lines_of.path, [&](std::size_t number, std::string_view line) {
            const auto at = pairs.find(number);
            if (at == pairs.end() || found.matches[at->second] != which) return;
            if (!human) {
                out << line << '\n';
                return;
            }
            const preference &own = lines_of.said[at->second], &said = voices.said[at->second];
            const bool turned = own.decision() != said.decision();
            const double first = said.half_win();
            out << human_line(line, turned, said.decision() == choice::first ? first : 1 - first) << '\n';
        });
    });
}

} // namespace detail

/// Writes the files into a folder, which may be there. Of the column `human` the lines are those of the first source
/// that has chosen and rejected responses. \throws input_error where that fails
inline void write_subsets(const label_comparison& found, const std::filesystem::path& folder) {
    make_folder(folder);
    const compared_sources& all = found.input;
    for (const all_say which : {all_say::match, all_say::mismatch}) {
        const std::string name = which == all_say::match ? "match" : "mismatch";
        write_atomically(folder / (name + ".ids.jsonl"), [&](std::ostream& out) {
            for (std::size_t i = 0; i < all.pairs.size(); ++i)
                if (found.matches[i] == which)
                    out << detail::id_of_pair(all.pairs[i], i)
                               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                        << '\n';
        });
        const auto write = [&](const compared_source& lines_of, const compared_source& voices, bool human) {
            make_folder(folder / voices.name);
            detail::write_subset(found, lines_of, voices, human, which, folder / voices.name / (name + ".jsonl"));
        };
        for (const compared_source& source : all.sources)
            write(source.path.empty() ? all.sources.front() : source, source, source.path.empty());
        if (all.sources.size() == 1 && all.gold)
            write(all.gold->path.empty() ? all.sources.front() : *all.gold, *all.gold, all.gold->path.empty());
    }
}

} // namespace preflearn
