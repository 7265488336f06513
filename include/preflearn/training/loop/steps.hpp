/// \file
/// The steps of a run: shuffled batches, gradient accumulation, clipping, the optimiser with its schedule, observers
/// and the keeper. Compiled once per type of parameters: what is a model's, an objective's or an optimiser's own comes
/// in as functions over spans. No step allocates more than these do.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/groups.hpp>
#include <preflearn/training/loop/keeper.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/observer.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// What is trained, and by what: a model with its objective and an optimiser, without their types.
template <std::floating_point Scalar> struct training_parts {
    std::span<Scalar> parameters{};
    std::function<std::span<Scalar>()> gradients{};

    std::size_t examples = 0;
    std::function<double(std::size_t example)> weight{};
    /// A batch: its total weight, then all of its examples with the size of a micro-batch, then each micro-batch.
    std::function<void(double total, std::span<const std::size_t> batch, std::size_t micro)> begin{};
    std::function<void(std::span<const std::size_t> examples)> accumulate{};
    /// Before and after a batch, where the model draws something anew in every step (dropout).
    std::function<void(std::uint64_t key)> begin_step{};
    std::function<void()> end_step{};
    std::function<void(training_step&)> finish{};
    /// What the objective carries from step to step.
    std::span<double> running{};
    /// Of model, objective and optimiser.
    std::function<void(run_description&)> describe{};

    /// The learning rate at the top of the schedule, and the step of one segment of the parameters.
    double rate = 0;
    std::function<void(std::size_t segment, std::span<Scalar> parameters, std::span<Scalar> gradients, double rate,
                       double factor)>
        update{};
    std::function<std::vector<named_state>(std::size_t segment)> state_of{};
};

namespace detail {

/// Says to a model that a step is made, until it goes out of scope.
template <class Parts> class step_scope {
  public:
    step_scope(const Parts& parts, std::uint64_t key) : parts_(parts) {
        if (parts_.begin_step) parts_.begin_step(key);
    }
    step_scope(const step_scope&) = delete;
    step_scope& operator=(const step_scope&) = delete;
    ~step_scope() {
        if (parts_.end_step) parts_.end_step();
    }

  private:
    const Parts& parts_;
};

/// A run in progress.
template <std::floating_point Scalar> class steps_of_run {
  public:
    steps_of_run(const training_parts<Scalar>& parts, std::span<const parameter_segment> segments,
                 const training_options& options)
        : parts_(parts), segments_(segments), options_(options), observers_(options.observers),
          counts_(count_steps(options, parts.examples)), order_(parts.examples) {}

    training_history run() {
        std::ranges::fill(parts_.gradients(), Scalar{});
        kept_.total = counts_.total;
        kept_.steps.reserve(std::min(counts_.total, std::size_t{1} << 16));
        for (training_observer& observer : observers_) observer.on_start(view());
        training_history history;
        if (options_.keeper) {
            describe();
            history.resumed_steps = resume();
        }
        while (!stop_ && kept_.steps.size() < counts_.total) make_step();
        for (training_observer& observer : observers_) observer.on_end(view());
        history.stopped = stop_ && kept_.steps.size() < counts_.total;
        history.steps = std::move(kept_.steps);
        return history;
    }

  private:
    [[nodiscard]] training_run view() const {
        return {.steps = kept_.steps, .total = counts_.total, .parameters = parts_.parameters};
    }

    /// What the run is, and the numbers that are kept of it.
    void describe() {
        run_description& run = kept_.description;
        run.add("parameter type", sizeof(Scalar) == 4 ? "float" : "double");
        run.add("number of parameters", parts_.parameters.size());
        parts_.describe(run);
        preflearn::describe(options_.groups, run);
        run.add("batch_size", options_.batch_size);
        run.add("micro_batch_size", options_.micro_batch_size);
        run.add("schedule", options_.schedule.name());
        run.add("warm_up", options_.warm_up);
        run.add("clip_norm", options_.clip_norm);
        run.add("seed", options_.seed);
        run.add("parameters at the start", fingerprint_of(std::span<const Scalar>(parts_.parameters)));

        kept_.state.push_back({"parameters", parts_.parameters});
        if (!parts_.running.empty()) kept_.state.push_back({"running", parts_.running});
        for (std::size_t s = 0; s < segments_.size(); ++s) {
            if (segments_[s].frozen()) continue;
            const flat_range range = segments_[s].range;
            keep(parts_.state_of(s), "", segments_.size() == 1 ? "" : message(" [", range.begin, ", ", range.end, ")"));
        }
        std::size_t remembering = 0; // observers that remember something are told apart by their order
        for (training_observer& observer : observers_) {
            std::vector<named_state> state = observer.state();
            if (!state.empty()) keep(std::move(state), message("observer ", ++remembering, ": "), "");
        }
    }
    void keep(std::vector<named_state> state, const std::string& before, const std::string& after) {
        for (named_state& part : state) kept_.state.push_back({before + part.name + after, part.values});
    }

    /// Goes on from what is kept; returns how many steps that had.
    std::size_t resume() {
        if (!options_.keeper.load(kept_)) return 0;
        const std::size_t taken = kept_.steps.size();
        require<input_error>(taken <= counts_.total, options_.keeper.place(), ": holds ", taken,
                             " steps, this run ends after ", counts_.total, " (epochs, max_steps)");
        check_rates(std::exchange(kept_.total, counts_.total), taken);
        for (std::size_t i = 0; i < taken; ++i) {
            kept_.steps[i].step = i + 1;
            kept_.steps[i].steps = counts_.total;
        }
        for (training_observer& observer : observers_) stop_ = !observer.on_resume(view()) || stop_;
        return taken;
    }

    /// A run may have become longer or shorter where its first steps are the same.
    void check_rates(std::size_t total_there, std::size_t taken) const {
        if (total_there == counts_.total) return;
        const std::size_t warm_up_there = warm_up_steps(options_.warm_up, total_there);
        const auto check = [&](const rate_schedule& schedule) {
            for (std::size_t i = 0; i < taken; ++i) {
                const double there = schedule.factor(i, total_there, warm_up_there),
                             here = schedule.factor(i, counts_.total, counts_.warm_up);
                require<input_error>(there == here, options_.keeper.place(),
                                     ": belongs to another run (steps: ", total_there, " there, ", counts_.total,
                                     " here, over which the schedule ", schedule.name(), " with warm_up ",
                                     options_.warm_up, " is laid out: step ", i + 1, " had ", there,
                                     " times the learning rate there, ", here, " times here)");
            }
        };
        check(options_.schedule);
        for (const parameter_group& group : options_.groups)
            if (group.schedule) check(*group.schedule);
    }

    /// The examples of the next step.
    std::span<const std::size_t> next_batch(std::size_t at) {
        const std::size_t epoch = at / counts_.per_epoch, within = at % counts_.per_epoch;
        if (epoch != shuffled_) {
            std::iota(order_.begin(), order_.end(), std::size_t{0});
            generator(options_.seed, "shuffle", epoch).shuffle(std::span(order_));
            shuffled_ = epoch;
        }
        const std::size_t first = within * options_.batch_size;
        return std::span<const std::size_t>(order_).subspan(first,
                                                            std::min(options_.batch_size, order_.size() - first));
    }

    void make_step() {
        const std::size_t at = kept_.steps.size();
        training_step step{.step = at + 1, .steps = counts_.total};
        try {
            find_gradient(next_batch(at), step);
        } catch (const numeric_error& failure) {
            throw numeric_error(message("step ", step.step, " of ", step.steps, ": ", failure.what()));
        }
        step.epoch = static_cast<double>(at + 1) / static_cast<double>(counts_.per_epoch);
        step.learning_rate = parts_.rate * options_.schedule.factor(at, counts_.total, counts_.warm_up);
        update(step);
        kept_.steps.push_back(step);
        observe();
    }

    void find_gradient(std::span<const std::size_t> batch, training_step& step) {
        const std::size_t micro = options_.micro_batch_size == 0 ? batch.size() : options_.micro_batch_size;
        double total = 0;
        for (const std::size_t example : batch) total += parts_.weight(example);
        const step_scope scope(parts_, generator(options_.seed, "step", step.step)());
        parts_.begin(total, batch, micro);
        for (std::size_t i = 0; i < batch.size(); i += micro)
            parts_.accumulate(batch.subspan(i, std::min(micro, batch.size() - i)));
        parts_.finish(step);
        require<numeric_error>(std::isfinite(step.loss), "the loss is ", step.loss);
        const std::span<Scalar> gradients = parts_.gradients();
        for (const parameter_segment& segment : segments_)
            if (segment.frozen())
                std::ranges::fill(gradients.subspan(segment.range.begin, segment.range.size()), Scalar{});
        step.grad_norm = global_norm(std::span<const Scalar>(gradients));
        require<numeric_error>(std::isfinite(step.grad_norm), "the gradient's norm is ", step.grad_norm);
    }

    void update(const training_step& step) {
        const double factor = clip_factor(step.grad_norm, options_.clip_norm);
        const std::span<Scalar> gradients = parts_.gradients();
        for (std::size_t s = 0; s < segments_.size(); ++s) {
            const auto& [range, group] = segments_[s];
            if (segments_[s].frozen()) continue;
            double rate = step.learning_rate;
            if (group != nullptr && group->schedule)
                rate = parts_.rate * group->schedule->factor(step.step - 1, counts_.total, counts_.warm_up);
            if (group != nullptr) rate *= group->rate_factor;
            parts_.update(s, parts_.parameters.subspan(range.begin, range.size()),
                          gradients.subspan(range.begin, range.size()), rate, factor);
        }
    }

    /// Shows the last step to the observers and keeps it where that is due.
    void observe() {
        const std::size_t taken = kept_.steps.size();
        const bool ends_epoch = taken % counts_.per_epoch == 0, last = taken == counts_.total;
        for (training_observer& observer : observers_)
            stop_ = !observer.on_step(kept_.steps.back(), view(), ends_epoch) || stop_;
        bool kept = !options_.keeper;
        const auto save = [&](bool wanted) {
            if (!wanted || kept) return;
            options_.keeper.save(kept_);
            kept = true;
        };
        save(last || stop_ || options_.keeper.due(taken));
        for (training_observer& observer : observers_) stop_ = !observer(kept_.steps.back(), view()) || stop_;
        save(stop_);
    }

    const training_parts<Scalar>& parts_;
    std::span<const parameter_segment> segments_;
    const training_options& options_;
    std::vector<training_observer> observers_;
    step_counts counts_;
    kept_run kept_{};
    std::vector<std::size_t> order_;
    std::size_t shuffled_ = std::numeric_limits<std::size_t>::max();
    bool stop_ = false;
};

} // namespace detail

/// Makes the steps; `segments` are the groups' of the options. \throws as `train`.
template <std::floating_point Scalar>
training_history make_steps(const training_parts<Scalar>& parts, std::span<const parameter_segment> segments,
                            const training_options& options) {
    return detail::steps_of_run<Scalar>(parts, segments, options).run();
}

} // namespace preflearn
