/// \file
/// How much of a gap in gold reward a student recovers. PGR (Burns et al. 2023, in reward space):
///   (R(student) − R(weak teacher)) / (R(ceiling) − R(weak teacher))
/// and its form shifted to SFT, the gain of weak labels beside that of the ceiling's:
///   (R(student) − R(SFT)) / (R(ceiling) − R(SFT))
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/agreement/policies/gap_recovered.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>

namespace preflearn {

struct student_gap {
    std::size_t student = 0;
    /// Nothing where a role is missing.
    std::optional<gap_recovered_result> recovered{}, shifted{};
};

namespace detail {

/// Sums over the clusters: a ratio of means is one of sums.
inline std::vector<double> cluster_sums(std::span<const double> values, std::span<const std::size_t> clusters) {
    const cluster_index<std::size_t> index = index_clusters(clusters);
    std::vector<double> sums(index.clusters);
    for (std::size_t i = 0; i < values.size(); ++i) sums[index.of_unit[i]] += values[i];
    return sums;
}

} // namespace detail

/// \param rewards of each student the mean reward of every prompt that gold judges \param clusters of these prompts
inline std::vector<student_gap> student_gaps(std::span<const std::vector<double>> rewards,
                                             std::span<const std::size_t> clusters, const evaluation_roles& roles,
                                             const bootstrap_options& options) {
    std::vector<student_gap> gaps;
    if (!roles.ceiling || (!roles.sft && !roles.weak_teacher && !roles.weak_performance)) return gaps;
    const auto sums = [&](std::size_t student) { return detail::cluster_sums(rewards[student], clusters); };
    const std::vector<double> ceiling = sums(*roles.ceiling);
    std::vector<double> weak, sft;
    if (roles.weak_teacher) weak = sums(*roles.weak_teacher);
    if (roles.weak_performance)
        weak = detail::cluster_sums(std::vector<double>(clusters.size(), *roles.weak_performance), clusters);
    if (roles.sft) sft = sums(*roles.sft);
    for (const std::size_t student : roles.students) {
        const std::vector<double> own = sums(student);
        student_gap& gap = gaps.emplace_back(student_gap{.student = student});
        if (!weak.empty()) gap.recovered = gap_recovered(weak, own, ceiling, options);
        if (!sft.empty()) gap.shifted = gap_recovered(sft, own, ceiling, options);
    }
    return gaps;
}

/// Who plays which role, in a sentence, and what there will not be as a role is missing.
inline std::string told_roles(const evaluation_roles& roles, std::span<const std::string> names) {
    std::string text;
    const auto add = [&](std::string_view role, const std::string& who) {
        text += (text.empty() ? "roles: " : ", ") + std::string(role) + " = " + who;
    };
    if (roles.sft) add("SFT", names[*roles.sft]);
    if (roles.weak_teacher) add("weak teacher", names[*roles.weak_teacher]);
    if (roles.weak_performance) add("weak teacher", message("a reward of ", *roles.weak_performance));
    if (roles.ceiling) add("ceiling", names[*roles.ceiling]);
    if (text.empty())
        return "roles: none; only pairwise results, no GRA (against sft=FILE) and no PGR (of student=FILE between "
               "teacher=FILE and human=FILE)";
    std::string students;
    for (const std::size_t s : roles.students) students += (students.empty() ? "" : " and ") + names[s];
    add(roles.students.size() > 1 ? "students" : "student", students.empty() ? "nobody" : students);
    if (!roles.sft) text += "; no GRA, as nobody is SFT (sft=FILE or --sft NAME)";
    if (!roles.ceiling) {
        text += "; no PGR, as nobody is the ceiling (ceiling=FILE, human=FILE or --ceiling NAME)";
    } else if (!roles.weak_teacher && !roles.weak_performance) {
        text += "; no PGR, as nobody is the weak teacher (teacher=FILE, --weak-teacher NAME or --weak-performance)";
        const bool weak = std::ranges::any_of(roles.students, [&](std::size_t s) { return names[s] == "weak"; });
        if (weak) text += ": weak is a student of weak labels unless another one is called student";
    } else if (roles.students.empty()) {
        text += "; no PGR, as nobody is a student";
    }
    return text;
}

} // namespace preflearn
