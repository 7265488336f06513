/// \file
/// All students on the same prompts. Files are matched by prompt, whatever form it is written in; lines with equal
/// prompts are one prompt with the responses of all.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/student_file.hpp>

namespace preflearn {

/// All students on the same prompts, in the first file's order.
struct evaluated_students {
    std::vector<std::string> names{};
    /// "name:hash" of the model, where a file says one for all lines.
    std::vector<std::string> models{};
    std::vector<evaluated_prompt> prompts{};
    /// Of each prompt the number of its group; each its own where none were asked for.
    std::vector<std::size_t> clusters{};
    std::size_t cluster_count = 0;
    /// Sentences for people.
    std::vector<std::string> notes{};

    /// The least number of responses of a student to a prompt.
    [[nodiscard]] std::size_t fewest(std::size_t student) const {
        std::size_t least = prompts.empty() ? 0 : prompts[0].of[student].record.responses.size();
        for (const evaluated_prompt& prompt : prompts)
            least = std::min(least, prompt.of[student].record.responses.size());
        return least;
    }
};

namespace detail {

inline std::string shown_prompt(const response_record& record) {
    const std::string text = record.is_text() ? record.prompt.get<std::string>() : record.prompt.dump();
    return message(excerpt{text});
}

/// Numbers prompts by what their column of clusters says.
inline void number_clusters(evaluated_students& students, bool asked) {
    std::unordered_map<std::string_view, std::size_t> numbers;
    for (const evaluated_prompt& prompt : students.prompts)
        students.clusters.push_back(asked ? numbers.try_emplace(*prompt.cluster, numbers.size()).first->second
                                          : students.clusters.size());
    students.cluster_count = asked ? numbers.size() : students.prompts.size();
}

} // namespace detail

/// \throws input_error "file:line: …" for lines that hold no responses, and naming the first prompt that one student
/// has and another one has not; but pairs may have more prompts than the others.
inline evaluated_students read_students(std::span<const response_source> sources, const std::string& cluster = {}) {
    std::vector<student_file> files;
    for (const response_source& source : sources) files.push_back(read_student(source, cluster));
    const auto with_responses = std::ranges::find_if(files, [](const student_file& file) { return !file.pairs; });
    const std::size_t base =
        with_responses == files.end() ? 0 : static_cast<std::size_t>(with_responses - files.begin());
    const auto place = [&](std::size_t s) { return sources[s].name + " (" + sources[s].path.string() + ")"; };
    evaluated_students students;
    for (std::size_t s = 0; s < files.size(); ++s) {
        students.names.push_back(sources[s].name);
        students.models.push_back(files[s].model);
        const student_file& file = files[s];
        std::size_t unasked = 0;
        for (const std::uint64_t key : file.order) {
            if (files[base].of.contains(key)) continue;
            ++unasked;
            const student_responses& one = file.of.at(key);
            require<input_error>(file.pairs && !files[base].pairs, sources[s].path.string(), ":", one.line,
                                 ": the prompt ", detail::shown_prompt(one.record), " is not among those of ",
                                 place(base), "; students are compared on the same prompts");
        }
        if (unasked > 0)
            students.notes.push_back(message(place(s), ": ", unasked, " of its ", file.order.size(),
                                             " prompts are not evaluated: the others have no responses to them"));
        if (file.lines > file.order.size())
            students.notes.push_back(message(place(s), ": ", file.lines, " lines have ", file.order.size(),
                                             " different prompts; equal ones are one prompt with several responses"));
    }
    for (const std::uint64_t key : files[base].order) {
        evaluated_prompt prompt = std::move(files[base].prompts.at(key));
        require<input_error>(cluster.empty() || prompt.cluster, sources[base].path.string(), ":", prompt.line,
                             ": has no column ", excerpt{cluster}, " by which prompts are grouped");
        for (std::size_t s = 0; s < files.size(); ++s) {
            const auto at = files[s].of.find(key);
            require<input_error>(at != files[s].of.end(), place(s), ": has no response to the prompt ", prompt.name,
                                 ", ", detail::shown_prompt(files[base].of.at(key).record), ", which ", place(base),
                                 " has; students are compared on the same prompts");
            prompt.of.push_back(s == base ? at->second : std::move(at->second));
            const response_record& record = prompt.of.back().record;
            prompt.conversation =
                prompt.conversation || !record.is_text() || record.prompt != prompt.of[0].record.prompt;
        }
        students.prompts.push_back(std::move(prompt));
    }
    detail::number_clusters(students, !cluster.empty());
    return students;
}

} // namespace preflearn
