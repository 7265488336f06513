/// \file
/// What is evaluated, by whom, and which student plays which role. Roles go by names:
///   sft      the reference of GRA and of the gap's shifted form
///   ceiling  else human, else gold: where the gap ends
///   teacher  the weak teacher's own responses, where the gap begins; where a student is called student, weak is it,
///   too
/// and everybody else is a student, `weak` (of weak labels) too. Options name others.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/name_of_file.hpp>
#include <preflearn/pipeline/teacher_folder/external_command.hpp>

namespace preflearn {

/// Which of a record's responses are the student's.
enum class response_pick : std::uint8_t {
    all,      ///< samples of the student
    first,    ///< the first one
    best,     ///< the one with the highest of the file's scores
    chosen,   ///< of a pair, what its verdict prefers
    rejected, ///< the other one
};

inline constexpr std::array<std::string_view, 5> response_pick_names{"all", "first", "best", "chosen", "rejected"};
constexpr std::string_view name_of(response_pick pick) { return response_pick_names[static_cast<std::size_t>(pick)]; }

/// A student: a file of its responses, and how results call it.
struct response_source {
    std::string name{};
    std::filesystem::path path{};
    response_pick pick = response_pick::all;
};

/// "FILE", "NAME=FILE", and either with "#PICK" at its end. Without a name it is `name_of_file`.
/// \throws input_error where there is no such file.
inline response_source response_source_named(std::string_view text) {
    std::error_code ignored;
    const auto is_file = [&](std::string_view path) { return std::filesystem::is_regular_file(path, ignored); };
    response_source source;
    std::string_view path = text;
    const std::size_t equals = path.find('=');
    if (!is_file(path) && equals != std::string_view::npos && equals > 0 && path.find('/') > equals) {
        source.name = path.substr(0, equals);
        path.remove_prefix(equals + 1);
    }
    const std::size_t hash = path.rfind('#');
    if (!is_file(path) && hash != std::string_view::npos) {
        const auto found = std::ranges::find(response_pick_names, path.substr(hash + 1));
        if (found != response_pick_names.end()) {
            source.pick = static_cast<response_pick>(found - response_pick_names.begin());
            path = path.substr(0, hash);
        }
    }
    require<input_error>(is_file(path), excerpt{path},
                         ": there is no such file of responses (FILE, NAME=FILE or "
                         "NAME=FILE#first, #best, #chosen or #rejected)");
    source.path = path;
    if (source.name.empty()) source.name = name_of_file(source.path);
    return source;
}

struct evaluate_options {
    std::vector<response_source> responses{};
    /// Teachers' folders; their rewards count.
    std::vector<std::filesystem::path> gold{};
    /// The same, who only say who wins.
    std::vector<std::filesystem::path> judge{};
    /// Where base models are that are not where they were: a teacher takes the one that is its own.
    std::vector<std::filesystem::path> models{};
    /// Pairs from which gold teachers learned: prompts that they share with the evaluated ones are told.
    std::vector<std::filesystem::path> training{};
    /// The JSON file to be written; CSV of games and of responses, and a folder of tables and pictures, where named.
    std::filesystem::path json{}, games{}, rows{}, report{};
    /// Nothing: each teacher's own; anything else is refused.
    std::optional<std::string> chat_format{};
    std::optional<bool> end_token{};
    /// The program that teachers of the kind external ask.
    std::optional<external_command> external{};
    /// Names of the students with a role; empty: by name.
    std::string sft{}, ceiling{}, weak_teacher{};
    /// The weak teacher's reward where it is known as a number.
    std::optional<double> weak_performance{};
    /// The only one with which all others are compared; empty: all pairs.
    std::string against{};
    /// A column of the responses' files by which prompts are grouped for intervals; empty: each by itself.
    std::string cluster{};
    /// characters or words.
    std::string length_unit = "characters";
    /// Rewards that differ by no more tie.
    double tie_within = 0;
    double confidence = 0.95;
    std::size_t replicates = 2000;
    std::uint64_t seed = 0; ///< of the order in which responses are shown, and of the bootstrap
    /// Whether a prompt that a teacher cannot judge is an error.
    bool strict = false;
    std::vector<std::string> command_line{};
};

/// Students by number.
struct evaluation_roles {
    std::optional<std::size_t> sft{}, weak_teacher{}, ceiling{};
    std::optional<double> weak_performance{};
    /// Those without another role.
    std::vector<std::size_t> students{};
};

namespace detail {

inline std::optional<std::size_t> student_called(std::span<const std::string> names, std::string_view name) {
    const auto at = std::ranges::find(names, name);
    return at == names.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - names.begin()));
}

/// The one that an option names, else the first of these names that is there.
inline std::optional<std::size_t> role_of(std::span<const std::string> names, const std::string& asked,
                                          std::string_view option, std::span<const std::string_view> usual) {
    if (!asked.empty()) {
        const auto found = student_called(names, asked);
        require(found.has_value(), option, ": there are no responses of ", excerpt{asked});
        return found;
    }
    for (const std::string_view name : usual)
        if (const auto found = student_called(names, name)) return found;
    return std::nullopt;
}

} // namespace detail

/// \throws argument_error for a name that nobody has, and one with two roles.
inline evaluation_roles roles_of(std::span<const std::string> names, const evaluate_options& options) {
    const auto role = [&](const std::string& asked, std::string_view option,
                          std::initializer_list<std::string_view> usual) {
        return detail::role_of(names, asked, option, {usual.begin(), usual.size()});
    };
    evaluation_roles roles{.weak_performance = options.weak_performance};
    roles.sft = role(options.sft, "--sft", {"sft"});
    roles.ceiling = role(options.ceiling, "--ceiling", {"ceiling", "human", "gold"});
    if (!options.weak_performance) roles.weak_teacher = role(options.weak_teacher, "--weak-teacher", {"teacher"});
    if (!options.weak_performance && !roles.weak_teacher && detail::student_called(names, "student"))
        roles.weak_teacher = role("", "", {"weak"});
    require(!options.weak_performance || options.weak_teacher.empty(),
            "the weak teacher's reward is given as a number, and its responses as a file: one of them was expected");
    const auto same = [](const std::optional<std::size_t>& a, const std::optional<std::size_t>& b) {
        return a && b && *a == *b;
    };
    require(!same(roles.sft, roles.ceiling) && !same(roles.ceiling, roles.weak_teacher),
            "one student has two roles: SFT, weak teacher and ceiling are different ones");
    for (std::size_t s = 0; s < names.size(); ++s)
        if (s != roles.sft && s != roles.ceiling && s != roles.weak_teacher) roles.students.push_back(s);
    return roles;
}

/// Pairs of students that are compared, the other one first and whom it is compared with second.
/// \throws argument_error where `against` names nobody.
inline std::vector<std::array<std::size_t, 2>> compared_pairs(std::span<const std::string> names,
                                                              const evaluate_options& options) {
    std::vector<std::array<std::size_t, 2>> pairs;
    const auto only = detail::role_of(names, options.against, "--against", {});
    const auto sft = detail::role_of(names, options.sft, "--sft", std::array{std::string_view("sft")});
    for (std::size_t a = 0; a < names.size(); ++a) {
        for (std::size_t b = a + 1; b < names.size(); ++b) {
            if (only && a != *only && b != *only) continue;
            const bool turned = only ? a == *only : a == sft; // the reference second
            pairs.push_back(turned ? std::array{b, a} : std::array{a, b});
        }
    }
    return pairs;
}

/// \throws argument_error for options that do not go together, input_error for names that are not unique.
inline void check(const evaluate_options& options) {
    require(!options.responses.empty(), "responses of at least one student were expected");
    require(!options.gold.empty() || !options.judge.empty(),
            "a teacher's folder that judges the responses was expected: --gold or --judge");
    require(options.confidence > 0 && options.confidence < 1, "a confidence lies inside (0, 1), found ",
            options.confidence);
    require(options.tie_within >= 0, "rewards tie within a number of at least 0, found ", options.tie_within);
    require(options.length_unit == "characters" || options.length_unit == "words", "lengths are in ",
            excerpt{options.length_unit}, ", characters or words were expected");
    std::unordered_set<std::string_view> names;
    for (const response_source& source : options.responses) {
        require(!source.name.empty(), source.path.string(), ": has no name");
        require(names.insert(source.name).second, "two students are called ", excerpt{source.name},
                "; NAME=FILE names them");
    }
}

} // namespace preflearn
