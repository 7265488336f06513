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
#include <string_view>
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
    /// Of forward and backward pass, a multiplication and an addition counting each; 0: not known.
    double operations_per_token = 0;
    /// What the objective carries from step to step.
    std::span<double> running{};
    /// Of model, objective and optimiser.
    std::function<void(run_description&)> describe{};

    /// The optimiser's name, the learning rate at the top of the schedule, and the step of one segment of the
    /// parameters.
    std::string_view optimiser{};
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
          evaluated_(std::ranges::any_of(observers_, &training_observer::writes)),
          counts_(count_steps(options, parts.examples)), order_(parts.examples) {
        // who evaluates comes before who reads it; clang calls deprecated what std::stable_partition takes memory by
        for (auto first = observers_.begin(), at = first; at != observers_.end(); ++at)
            if (at->writes()) std::rotate(first++, at, at + 1);
    }

    training_history run() {
        std::ranges::fill(parts_.gradients(), Scalar{});
        kept_.total = counts_.total;
        kept_.steps.reserve(std::min(counts_.total, std::size_t{1} << 16));
        for (training_observer& observer : observers_) observer.on_start(view());
        if (options_.keeper) {
            describe();
            history_.resumed_steps = resume();
            if (goes_on()) options_.keeper.prepare();
        }
        while (goes_on()) make_step();
        for (training_observer& observer : observers_) observer.on_end(view());
        history_.stopped = stop_ && kept_.steps.size() < counts_.total;
        history_.steps = std::move(kept_.steps);
        return std::move(history_);
    }

  private:
    [[nodiscard]] bool goes_on() const { return !stop_ && kept_.steps.size() < counts_.total; }
    [[nodiscard]] training_run view() {
        return {.steps = kept_.steps,
                .total = counts_.total,
                .parameters = parts_.parameters,
                .operations_per_token = parts_.operations_per_token,
                .evaluated = evaluated_,
                .notes = &history_.notes};
    }

    /// What the run is, and the numbers that are kept of it.
    void describe() {
        run_description& run = kept_.description;
        run.add("parameter type", sizeof(Scalar) == 4 ? "float" : "double");
        run.add("number of parameters", parts_.parameters.size());
        parts_.describe(run);
        describe_groups(options_.groups, run);
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
        if (std::ranges::any_of(options_.groups, [](const parameter_group& g) { return g.schedule.has_value(); }))
            kept_.state.push_back({"rates of groups", std::span(&group_rates_, 1)});
        describe_observers();
    }
    /// Observers on which the run depends, or that remember something, are told apart by their order.
    void describe_observers() {
        std::size_t count = 0;
        for (training_observer& observer : observers_) {
            run_description own;
            observer.describe(own);
            std::vector<named_state> state = observer.state();
            if (own.fields().empty() && state.empty()) continue;
            const std::string name = message("observer ", ++count, ": ");
            for (const auto& [field, value] : own.fields()) kept_.description.add(name + field, value);
            if (own.fields().empty()) {
                std::string parts;
                for (const named_state& part : state) parts += (parts.empty() ? "" : ", ") + part.name;
                kept_.description.add(name + "remembers", parts);
            }
            keep(std::move(state), name, "");
        }
    }
    void keep(std::vector<named_state> state, const std::string& before, const std::string& after) {
        for (named_state& part : state) kept_.state.push_back({before + part.name + after, part.values});
    }

    /// Goes on from what is kept; returns how many steps that had.
    std::size_t resume() {
        kept_.accept = [this](std::span<const training_step> steps, std::uint64_t total) { accept(steps, total); };
        if (!options_.keeper.load(kept_)) return 0;
        const std::size_t taken = kept_.steps.size();
        accept(kept_.steps, std::exchange(kept_.total, counts_.total)); // a keeper may not have asked
        std::uint64_t rates = 0;
        for (std::size_t i = 0; i < taken; ++i) {
            kept_.steps[i].step = i + 1;
            kept_.steps[i].steps = counts_.total;
            rates = with_group_rates(rates, i);
        }
        require<input_error>(group_rates_ == rates, options_.keeper.place(),
                             ": belongs to another run (the schedules of its groups of parameters gave other rates)");
        for (training_observer& observer : observers_) stop_ = !observer.on_resume(view()) || stop_;
        return taken;
    }

    void accept(std::span<const training_step> steps, std::uint64_t total_there) const {
        check_rates(options_, counts_, parts_.rate, steps, total_there);
    }
    [[nodiscard]] std::uint64_t with_group_rates(std::uint64_t before, std::size_t step) const {
        return add_group_rates(before, options_.groups, step, counts_.total, counts_.warm_up);
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
        group_rates_ = with_group_rates(group_rates_, step.step - 1);
        if (!std::exchange(checked_optimiser_, true)) check_zero(gradients);
    }
    /// An optimiser that forgets the gradients would add every batch to all before it.
    void check_zero(std::span<const Scalar> gradients) const {
        const auto left = std::ranges::find_if(gradients, [](Scalar g) { return g != 0; });
        require(left == gradients.end(), "the optimiser ", parts_.optimiser, " left the gradient of parameter ",
                left - gradients.begin(), " at ", left == gradients.end() ? Scalar{} : *left,
                " after its update, which is to leave gradients at zero");
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
    bool evaluated_;
    step_counts counts_;
    kept_run kept_{};
    training_history history_{};
    std::uint64_t group_rates_ = 0;
    bool checked_optimiser_ = false;
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
