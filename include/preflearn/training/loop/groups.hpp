/// \file
/// Groups of parameters: ranges of the flat vector with a learning rate, weight decay or schedule of their own, or
/// frozen. What is in no group is treated as ever. The optimiser knows nothing of them: it is given one range at a
/// time.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

struct parameter_group {
    std::vector<flat_range> ranges{};
    /// Times the learning rate.
    double rate_factor = 1;
    /// In place of the optimiser's.
    std::optional<double> weight_decay{};
    /// In place of the run's; the warm-up is the run's.
    std::optional<rate_schedule> schedule{};
    /// These keep their values: their gradient counts for nothing, not even in the norm that is clipped, and the
    /// optimiser remembers nothing of them.
    bool frozen = false;
};

/// A range that is updated, or frozen, in one way.
struct parameter_segment {
    flat_range range{};
    /// Null: the parameters in no group.
    const parameter_group* group = nullptr;

    [[nodiscard]] bool frozen() const { return group != nullptr && group->frozen; }
};

/// All of `parameters` numbers, in their order, cut at the groups' borders; views the groups.
/// \throws argument_error for a range that is empty, reaches beyond the parameters or overlaps another, or for a number
/// out of its range.
inline std::vector<parameter_segment> segments_of(std::span<const parameter_group> groups, std::size_t parameters) {
    std::vector<parameter_segment> given;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto check = [i](const char* name, double value) {
            require(value >= 0 && std::isfinite(value), "parameter group ", i, ": ", name, " is ", value,
                    ", a finite number that is not negative was expected");
        };
        check("rate_factor", groups[i].rate_factor);
        check("weight_decay", groups[i].weight_decay.value_or(0));
        for (const flat_range& range : groups[i].ranges) {
            require(range.begin < range.end && range.end <= parameters, "parameter group ", i, ": the range from ",
                    range.begin, " to ", range.end, " is not one of ", parameters, " parameters");
            given.push_back({range, &groups[i]});
        }
    }
    std::ranges::sort(given, {}, [](const parameter_segment& s) { return s.range.begin; });
    std::vector<parameter_segment> all;
    std::size_t at = 0;
    for (const parameter_segment& segment : given) {
        require(segment.range.begin >= at, "parameter groups: the range from ", segment.range.begin, " to ",
                segment.range.end, " overlaps one that ends at ", at);
        if (segment.range.begin > at) all.push_back({{at, segment.range.begin}, nullptr});
        all.push_back(segment);
        at = segment.range.end;
    }
    if (at < parameters || all.empty()) all.push_back({{at, parameters}, nullptr});
    return all;
}

/// A fingerprint of the factors that groups' own schedules gave in all steps so far, one step on; nothing without any.
/// (As float: another machine's cosine may differ in the last digit.)
inline std::uint64_t add_group_rates(std::uint64_t before, std::span<const parameter_group> groups, std::size_t step,
                                     std::size_t steps, std::size_t warm_up) {
    std::uint64_t now = before;
    for (const parameter_group& group : groups) {
        if (!group.schedule) continue;
        fingerprint rates;
        rates.add(now);
        rates.add(static_cast<float>(group.schedule->factor(step, steps, warm_up)));
        now = rates.value();
    }
    return now;
}

/// Adds the groups to what a kept run must agree with.
inline void describe_groups(std::span<const parameter_group> groups, run_description& run) {
    std::string text;
    for (const parameter_group& group : groups) {
        text += text.empty() ? "" : "; ";
        for (const flat_range& range : group.ranges) text += message("[", range.begin, ", ", range.end, ") ");
        if (group.frozen) {
            text += "frozen";
            continue;
        }
        text += message("rate x", group.rate_factor);
        if (group.weight_decay) text += message(" weight_decay ", *group.weight_decay);
        if (group.schedule) text += " schedule " + group.schedule->name();
    }
    run.add("parameter groups", text.empty() ? std::string("none") : text);
}

} // namespace preflearn
