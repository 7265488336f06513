/// \file
/// How a run of training goes, whatever it trains: the same aggregate for supervised and preference training.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/groups.hpp>
#include <preflearn/training/loop/keeper.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/schedule.hpp>

namespace preflearn {

struct training_options {
    /// Passes over the data.
    std::size_t epochs = 1;
    /// Ends after so many steps when the epochs have more; 0: no limit.
    std::size_t max_steps = 0;
    /// Examples per optimiser step; the last batch of an epoch may have fewer.
    std::size_t batch_size = 8;
    /// Examples computed at once (memory); 0: the whole batch. The gradient is that of the batch's mean either way.
    std::size_t micro_batch_size = 0;
    /// Of the learning rate, after the warm-up.
    rate_schedule schedule = preflearn::schedule::constant;
    /// Below 1 a share of all steps, otherwise a number of steps.
    double warm_up = 0;
    /// The gradient's norm is clipped to it; 0: no clipping.
    double clip_norm = 1;
    /// Seeds the order of the examples, which is new in every epoch.
    std::uint64_t seed = 0;
    /// Parameters with a learning rate, weight decay or schedule of their own, or frozen.
    std::vector<parameter_group> groups{};
    /// Where the run is kept: `run_file{.path = …, .every = …}`; by default nowhere. What is kept goes on, to the bits
    /// of a run that was never stopped, also with more epochs or a larger max_steps, as far as the schedule gives the
    /// steps that were taken the same learning rates (a constant one does; where it does not, the run is refused).
    run_keeper keeper{};
    /// Who watches: `progress_bar()`, `held_out`, `early_stop`, `keep_best`, or a lambda; by default nobody. Those that
    /// write into a step come first, then the others, each in this order.
    std::vector<training_observer> observers{};
};

/// The steps of one epoch and of the run, for `examples` examples.
struct step_counts {
    std::size_t per_epoch, total, warm_up;
};

/// \throws argument_error naming the option that is out of its range.
inline step_counts count_steps(const training_options& options, std::size_t examples) {
    require(examples > 0, "training needs at least one example");
    require(options.batch_size > 0, "batch_size is 0, at least 1 was expected");
    require(options.clip_norm >= 0 && std::isfinite(options.clip_norm), "clip_norm is ", options.clip_norm,
            ", 0 (off) or a positive number was expected");
    const std::size_t per_epoch = (examples - 1) / options.batch_size + 1;
    require(options.epochs <= (std::size_t{1} << 52) / per_epoch, "epochs is ", options.epochs,
            ", which makes more steps than can be counted");
    std::size_t total = options.epochs * per_epoch;
    if (options.max_steps > 0) total = std::min(total, options.max_steps);
    return {per_epoch, total, warm_up_steps(options.warm_up, total)};
}

/// A kept run may have become longer or shorter, and its schedule another function, where the steps that it has taken
/// had the learning rates that they have here. \param rate that of the optimiser \param total_there the steps that the
/// kept run was to have \throws input_error naming the step and both rates where they had others.
inline void check_rates(const training_options& options, const step_counts& counts, double rate,
                        std::span<const training_step> taken, std::size_t total_there) {
    require<input_error>(taken.size() <= counts.total, options.keeper.place(), ": holds ", taken.size(),
                         " steps, this run ends after ", counts.total, " (epochs, max_steps)");
    const std::size_t warm_up_there = warm_up_steps(options.warm_up, total_there);
    const auto check = [&](const rate_schedule& schedule, std::size_t step, double there, double here) {
        // another machine's cosine may differ in the last digit
        require<input_error>(std::abs(there - here) <= 1e-12 * std::abs(here), options.keeper.place(),
                             ": belongs to another run (steps: ", total_there, " there, ", counts.total,
                             " here, over which the schedule ", schedule.name(), " with warm_up ", options.warm_up,
                             " is laid out: step ", step + 1, " had a learning rate of ", there, " there, of ", here,
                             " here)");
    };
    for (std::size_t i = 0; i < taken.size(); ++i) {
        check(options.schedule, i, taken[i].learning_rate,
              rate * options.schedule.factor(i, counts.total, counts.warm_up));
        for (const parameter_group& group : options.groups)
            if (group.schedule)
                check(*group.schedule, i, rate * group.schedule->factor(i, total_there, warm_up_there),
                      rate * group.schedule->factor(i, counts.total, counts.warm_up));
    }
}

} // namespace preflearn
