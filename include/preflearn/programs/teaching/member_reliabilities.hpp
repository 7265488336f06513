/// \file
/// How reliable an ensemble's members are, from what they say of pairs without looking at a label (see
/// member_votes.hpp), put into its description.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/ensemble.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/pipeline/teacher_kinds/member_votes.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

namespace detail {

/// All pairs whose responses differ, in an order that says nothing: a verdict is not even in their places.
inline std::vector<text_comparison> pairs_to_vote_on(const preference_data& data, std::uint64_t seed) {
    std::vector<text_comparison> pairs =
        fit_pairs(data, {}, {.label = label_need::none, .needs_difference = true}).kept;
    for (text_comparison& pair : pairs)
        if (is_swapped(seed, pair.id)) std::swap(pair.first, pair.second);
    require<input_error>(!pairs.empty(), data.names().file(), ": holds no two responses to vote on");
    return pairs;
}

} // namespace detail

/// \param folder that has the members already \throws as loading, judging and `fit_reliabilities` do.
inline void put_reliabilities(const teaching& at, const std::filesystem::path& folder,
                              const preference_options& reading, teacher_description& told) {
    const preference_data data = read_preferences(at.options.data, reading);
    const std::vector<text_comparison> pairs = detail::pairs_to_vote_on(data, at.options.seed);
    const opened_teacher opened{.folder = folder, .description = told, .external = at.options.external};
    text_teacher whole;
    const std::vector<detail::ensemble_member> members = load_members(opened, at.on, load_teacher, whole);
    for (const std::string& note : whole.notes) at.say(note);
    std::vector<std::vector<int>> votes(pairs.size());
    for (std::size_t m = 0; m < members.size(); ++m) {
        std::function<void(std::size_t)> scored;
        if (at.options.learning.scoring)
            scored = at.options.learning.scoring(message("votes of member ", m + 1), pairs.size());
        const std::vector<judgement> said = detail::with_names(data.names(), [&] {
            return judge_pairs(members[m].teacher, pairs, at.options.seed, [&](std::size_t done, double, double) {
                if (scored) scored(done);
            });
        });
        for (std::size_t i = 0; i < pairs.size(); ++i) votes[i].push_back(vote_of(said[i]));
    }
    const member_reliabilities found = fit_reliabilities(votes, members.size());
    told.settings["reliabilities"] = found.right;
    told.settings["voted_on"] = found.pairs;
    for (std::size_t m = 0; m < members.size(); ++m)
        at.say(message("member ", m + 1, " is right on ", shown(found.right[m], 1, notation::percent), " of ",
                       found.pairs, " pairs, as the votes of all tell"));
}

} // namespace preflearn
