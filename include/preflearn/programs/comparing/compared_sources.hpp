/// \file
/// Files of labels as sources of one set of pairs: who says what of each, the people whose verdicts stand in a column
/// of the files, and the truth that all are held against.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/name_of_file.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/compared_file.hpp>
#include <preflearn/programs/comparing/comparing_work.hpp>
#include <preflearn/programs/comparing/matched_sources.hpp>

namespace preflearn {

struct compared_source {
    /// As it was given; of several of one name "name#1", "name#2", …
    std::string name{};
    /// The name that was given: sources of one group are repeats of one teacher.
    std::string group{};
    std::string path{};
    /// Of each pair, an abstention where the source says nothing; in the order of the pairs' texts.
    std::vector<preference> said{};
    /// Where each stands in its file, from 1; 0: not there.
    std::vector<std::size_t> lines{};
    std::vector<std::optional<bool>> first_stands_first{};
    std::size_t pairs = 0, decided = 0, ties = 0;
    std::size_t repeated = 0, contradictory = 0, identical = 0, singles = 0, malformed = 0;
    std::map<std::string, std::size_t> left_out{};
    /// Scores of n responses.
    std::vector<compared_list> lists{};
};

struct compared_sources {
    std::vector<matched_pair> pairs{}; ///< without their verdicts
    std::vector<compared_source> sources{};
    /// The column `human` of the files is the last of the sources.
    bool human_is_source = false;
    std::optional<compared_source> gold{};
    /// What of the input a reader of the numbers should know, sentences.
    std::vector<std::string> notes{};
};

namespace detail {

inline compared_source source_of(compared_file& file, const matched_files& matched, std::size_t f) {
    compared_source source{.name = file.name,
                           .group = file.name,
                           .path = file.path.string(),
                           .said = {},
                           .lines = {},
                           .first_stands_first = {},
                           .repeated = matched.repeated[f],
                           .contradictory = matched.contradictory[f],
                           .identical = file.identical,
                           .singles = file.singles,
                           .malformed = file.malformed,
                           .left_out = file.left_out,
                           .lists = std::move(file.lists)};
    for (const matched_pair& pair : matched.pairs) {
        const source_verdict& verdict = pair.verdicts[f];
        source.said.push_back(verdict.said);
        source.lines.push_back(verdict.line);
        source.first_stands_first.push_back(verdict.first_stands_first);
    }
    return source;
}

inline void count_verdicts(compared_source& source) {
    for (std::size_t i = 0; i < source.said.size(); ++i) {
        source.pairs += source.lines[i] > 0;
        if (source.said[i].abstained()) continue;
        const bool tie = source.said[i].decision() == choice::tie;
        source.ties += tie;
        source.decided += !tie;
    }
}

/// The column `human` of all files. \throws input_error where two of them prefer different responses
inline compared_source humans_of(const matched_files& matched, std::span<const compared_file> files) {
    compared_source human{.name = "human", .group = "human"};
    for (const matched_pair& pair : matched.pairs) {
        const source_verdict* known = nullptr;
        for (std::size_t f = 0; f < files.size(); ++f) {
            const source_verdict& verdict = pair.verdicts[f];
            if (verdict.human.abstained()) continue;
            if (known != nullptr && known->human.decision() != verdict.human.decision()) {
                const auto other = static_cast<std::size_t>(known - pair.verdicts.data());
                throw input_error(message(files[f].path.string(), ":", verdict.line, ": the human prefers ",
                                          "another response than at ", files[other].path.string(), ":", known->line,
                                          "; which of the two is right cannot be told (--no-human, --gold FILE)"));
            }
            if (known == nullptr) known = &verdict;
        }
        human.said.push_back(known == nullptr ? preference::abstention() : known->human);
        human.lines.push_back(known == nullptr ? 0 : known->line);
        human.first_stands_first.emplace_back();
    }
    return human;
}

/// Those that share a name are numbered.
inline void number_repeats(std::vector<compared_source>& sources) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
        const std::string group = sources[s].group;
        if (std::ranges::count(sources, group, &compared_source::group) < 2) continue;
        std::size_t number = 0;
        for (std::size_t other = 0; other <= s; ++other) number += sources[other].group == group;
        sources[s].name = message(group, "#", number);
    }
}

} // namespace detail

/// Reads and matches all. \throws input_error for files that cannot be read or contradict each other, and where a truth
/// was asked for that no file has
inline compared_sources read_sources(const compare_options& options, comparing_work& work) {
    std::vector<compared_file> files;
    for (const named_file& source : options.sources) files.push_back(read_compared(source, options, work));
    const std::size_t count = files.size();
    const bool own_gold = !options.gold.empty() && options.gold != "human" && options.gold != "none";
    if (own_gold) files.push_back(read_compared({name_of_file(options.gold), options.gold}, options, work));
    const std::size_t compared = files.size();
    if (!options.columns.empty()) files.push_back(read_compared({"columns", options.columns}, options, work));
    matched_files matched = match_files(files, options.matching);
    // What only the file of columns has is compared with nothing.
    std::erase_if(matched.pairs, [&](const matched_pair& pair) {
        for (std::size_t f = 0; f < compared; ++f)
            if (pair.verdicts[f].line > 0) return false;
        return true;
    });
    compared_sources all;
    for (std::size_t f = 0; f < count; ++f) all.sources.push_back(detail::source_of(files[f], matched, f));
    detail::number_repeats(all.sources);
    const bool has_human = std::ranges::any_of(files, &compared_file::has_human);
    require<input_error>(has_human || options.gold != "human",
                         "none of the files has a column 'human', which was to be the truth");
    const bool human_is_gold = has_human && !own_gold && options.gold != "none";
    if (own_gold) all.gold = detail::source_of(files[count], matched, count);
    if (human_is_gold) {
        all.gold = detail::humans_of(matched, files);
        if (options.gold.empty()) all.notes.push_back("the column 'human' is taken as the truth");
    } else if (has_human && options.human_is_source) {
        all.sources.push_back(detail::humans_of(matched, files));
        all.human_is_source = true;
    }
    for (compared_source& source : all.sources) detail::count_verdicts(source);
    if (all.gold) detail::count_verdicts(*all.gold);
    for (matched_pair& pair : matched.pairs) pair.verdicts = {};
    all.pairs = std::move(matched.pairs);
    return all;
}
inline compared_sources read_sources(const compare_options& options) {
    comparing_work unwatched;
    return read_sources(options, unwatched);
}

} // namespace preflearn
