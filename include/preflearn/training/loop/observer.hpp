/// \file
/// Plain objects that watch a run of training, any number in a call, in their order. They may evaluate the model, write
/// what they find into a step, and end the run.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// A run as its observers see it.
struct training_run {
    /// All steps so far, those of a kept run included.
    std::span<const training_step> steps{};
    /// The steps that the run has, unless it is stopped.
    std::uint64_t total = 0;
    /// The trained numbers, in place.
    state_values parameters{};
};

/// A callable that takes a step, such as a lambda, or an object with some of these members:
/// \li `on_start(run)`: before the first step, and before a kept run is read;
/// \li `on_resume(run)`: when a kept run was read, whose steps are in `run.steps`;
/// \li `on_step(step, run)` or `on_step(step)`: after a step, before it is kept; may write evaluations into it;
/// \li `on_epoch(step, run)` or `on_epoch(step)`: the same, after the last step of an epoch;
/// \li `observer(step)` or `observer(step, run)`, a call: after a step, and after it was kept;
/// \li `on_end(run)`: after the last step, and after it was kept;
/// \li `state()`: what it remembers, as named numbers that are kept with the run.
///
/// Whoever of the middle four returns false ends the run as if it had no more steps: it is kept, and the history says
/// that it was stopped. An exception ends the call of `train`.
template <class T>
concept TrainingObserver = std::copy_constructible<T> &&
    requires(std::unwrap_reference_t<T>& t, training_step& step, const training_step& seen, const training_run& run) {
    requires requires { t(seen); } || requires {
        t(seen, run);
    } || requires {
        t.on_step(step, run);
    } || requires {
        t.on_step(step);
    } || requires {
        t.on_epoch(step, run);
    } || requires {
        t.on_epoch(step);
    } || requires {
        t.on_start(run);
    } || requires {
        t.on_resume(run);
    } || requires {
        t.on_end(run);
    };
};

/// Any observer, or nobody. It owns a copy, and so does each run: an observer that is to be asked afterwards is given
/// in std::ref.
class training_observer {
  public:
    training_observer() = default;
    template <class T>
        requires(!std::same_as<T, training_observer> && TrainingObserver<T>)
    training_observer(T observer) : held_(std::move(observer)), calls_(&calls_of<T>) {}

    void on_start(const training_run& run) {
        if (calls_ != nullptr) calls_->start(held_, run);
    }
    [[nodiscard]] bool on_resume(const training_run& run) { return calls_ == nullptr || calls_->resume(held_, run); }
    [[nodiscard]] bool on_step(training_step& step, const training_run& run, bool ends_epoch) {
        return calls_ == nullptr || calls_->step(held_, step, run, ends_epoch);
    }
    bool operator()(const training_step& step, const training_run& run = {}) const {
        return calls_ == nullptr || calls_->kept(held_, step, run);
    }
    void on_end(const training_run& run) {
        if (calls_ != nullptr) calls_->end(held_, run);
    }
    [[nodiscard]] std::vector<named_state> state() {
        return calls_ == nullptr ? std::vector<named_state>() : calls_->state(held_);
    }

  private:
    struct calls {
        void (*start)(std::any&, const training_run&);
        bool (*resume)(std::any&, const training_run&);
        bool (*step)(std::any&, training_step&, const training_run&, bool);
        bool (*kept)(std::any&, const training_step&, const training_run&);
        void (*end)(std::any&, const training_run&);
        std::vector<named_state> (*state)(std::any&);
    };

    template <class T> static std::unwrap_reference_t<T>& get(std::any& held) { return *std::any_cast<T>(&held); }

    /// True, unless the call returns false.
    template <class Call> static bool goes_on(const Call& call) {
        if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return true;
        } else {
            return static_cast<bool>(call());
        }
    }

    template <class T> static bool step_of(std::any& held, training_step& step, const training_run& run, bool ends) {
        [[maybe_unused]] auto& t = get<T>(held);
        bool on = true;
        if constexpr (requires { t.on_step(step, run); })
            on = goes_on([&] { return t.on_step(step, run); });
        else if constexpr (requires { t.on_step(step); })
            on = goes_on([&] { return t.on_step(step); });
        if (!ends) return on;
        if constexpr (requires { t.on_epoch(step, run); })
            on = goes_on([&] { return t.on_epoch(step, run); }) && on;
        else if constexpr (requires { t.on_epoch(step); })
            on = goes_on([&] { return t.on_epoch(step); }) && on;
        return on;
    }
    template <class T> static bool kept_of(std::any& held, const training_step& step, const training_run& run) {
        [[maybe_unused]] auto& t = get<T>(held);
        if constexpr (requires { t(step, run); })
            return goes_on([&] { return t(step, run); });
        else if constexpr (requires { t(step); })
            return goes_on([&] { return t(step); });
        else
            return true;
    }

    template <class T>
    static constexpr calls calls_of{[](std::any& held, [[maybe_unused]] const training_run& run) {
                                        [[maybe_unused]] auto& t = get<T>(held);
                                        if constexpr (requires { t.on_start(run); }) t.on_start(run);
                                    },
                                    [](std::any& held, [[maybe_unused]] const training_run& run) {
                                        [[maybe_unused]] auto& t = get<T>(held);
                                        if constexpr (requires { t.on_resume(run); })
                                            return goes_on([&] { return t.on_resume(run); });
                                        else
                                            return true;
                                    },
                                    &step_of<T>,
                                    &kept_of<T>,
                                    [](std::any& held, [[maybe_unused]] const training_run& run) {
                                        [[maybe_unused]] auto& t = get<T>(held);
                                        if constexpr (requires { t.on_end(run); }) t.on_end(run);
                                    },
                                    [](std::any& held) {
                                        [[maybe_unused]] auto& t = get<T>(held);
                                        if constexpr (requires { t.state(); })
                                            return std::vector<named_state>(t.state());
                                        else
                                            return std::vector<named_state>();
                                    }};

    mutable std::any held_; // a call changes it, as that of a std::function does
    const calls* calls_ = nullptr;
};

} // namespace preflearn
