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
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>
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
    /// Operations of a step for every token of it, where the model knows them; else 0.
    double operations_per_token = 0;
    /// Whether one of the run's observers writes into its steps.
    bool evaluated = false;
    /// The history's notes.
    std::vector<std::string>* notes = nullptr;

    /// Adds to the history what whoever reads it should know.
    void note(std::string text) const {
        if (notes != nullptr) notes->push_back(std::move(text));
    }
};

namespace detail {

/// Nothing, or whether the run goes on.
template <class R>
concept GoesOn = std::is_void_v<R> || std::constructible_from<bool, R>;

// The members that an observer may have, called as they should be …
template <class O>
concept SeesKept = requires(O& o, const training_step& step) {
    requires GoesOn<decltype(o(step))>;
}
|| requires(O& o, const training_step& step, const training_run& run) { requires GoesOn<decltype(o(step, run))>; };
template <class O, class Step = training_step>
concept SeesSteps = requires(O& o, Step& step) {
    requires GoesOn<decltype(o.on_step(step))>;
}
|| requires(O& o, Step& step, const training_run& run) { requires GoesOn<decltype(o.on_step(step, run))>; };
template <class O, class Step = training_step>
concept SeesEpochs = requires(O& o, Step& step) {
    requires GoesOn<decltype(o.on_epoch(step))>;
}
|| requires(O& o, Step& step, const training_run& run) { requires GoesOn<decltype(o.on_epoch(step, run))>; };
template <class O>
concept SeesStart = requires(O& o, const training_run& run) {
    requires std::is_void_v<decltype(o.on_start(run))>;
};
template <class O>
concept SeesResume = requires(O& o, const training_run& run) {
    requires GoesOn<decltype(o.on_resume(run))>;
};
template <class O>
concept SeesEnd = requires(O& o, const training_run& run) {
    requires std::is_void_v<decltype(o.on_end(run))>;
};
template <class O>
concept Remembers = requires(O& o) {
    { o.state() } -> std::convertible_to<std::vector<named_state>>;
};
template <class O>
concept Describes = requires(const O& o, run_description& run) {
    o.describe(run);
};

// … and those that it has one function of the name of, whatever it is called with (templates and overloads pass).
template <class O>
concept NamesCall = std::is_member_function_pointer_v<decltype(&O::operator())>;
template <class O>
concept NamesStep = std::is_member_function_pointer_v<decltype(&O::on_step)>;
template <class O>
concept NamesEpoch = std::is_member_function_pointer_v<decltype(&O::on_epoch)>;
template <class O>
concept NamesStart = std::is_member_function_pointer_v<decltype(&O::on_start)>;
template <class O>
concept NamesResume = std::is_member_function_pointer_v<decltype(&O::on_resume)>;
template <class O>
concept NamesEnd = std::is_member_function_pointer_v<decltype(&O::on_end)>;
template <class O>
concept NamesState = std::is_member_function_pointer_v<decltype(&O::state)>;
template <class O>
concept NamesDescribe = std::is_member_function_pointer_v<decltype(&O::describe)>;

template <class O>
concept SeesSomething = SeesKept<O> || SeesSteps<O> || SeesEpochs<O> || SeesStart<O> || SeesResume<O> || SeesEnd<O>;
template <class O>
inline constexpr bool nothing_wrong =
    !((NamesCall<O> && !SeesKept<O>) || (NamesStep<O> && !SeesSteps<O>) || (NamesEpoch<O> && !SeesEpochs<O>) ||
      (NamesStart<O> && !SeesStart<O>) || (NamesResume<O> && !SeesResume<O>) || (NamesEnd<O> && !SeesEnd<O>) ||
      (NamesState<O> && !Remembers<O>) || (NamesDescribe<O> && !Describes<O>));

/// Whether it may write into a step, which is not const to it.
template <class O>
inline constexpr bool writes_steps = (SeesSteps<O> && !SeesSteps<O, const training_step>) ||
                                     (SeesEpochs<O> && !SeesEpochs<O, const training_step>);

} // namespace detail

/// A callable that takes a step, such as a lambda, or an object with some of these members:
/// \li `on_start(run)`: before the first step, and before a kept run is read;
/// \li `on_resume(run)`: when a kept run was read, whose steps are in `run.steps`;
/// \li `on_step(step, run)` or `on_step(step)`: after a step, before it is kept; may write evaluations into it;
/// \li `on_epoch(step, run)` or `on_epoch(step)`: the same, after the last step of an epoch;
/// \li `observer(step)` or `observer(step, run)`, a call: after a step, and after it was kept;
/// \li `on_end(run)`: after the last step, and after it was kept;
/// \li `state()`: what it remembers, as named numbers that are kept with the run;
/// \li `describe(description)`, const: adds what a kept run must agree with to go on under this observer.
///
/// Whoever of the middle four returns false ends the run as if it had no more steps: it is kept, and the history says
/// that it was stopped. An exception ends the call of `train`. Observers whose `on_step` or `on_epoch` takes a
/// `training_step&` see the step before all others, wherever they stand, since they may write into it.
template <class T>
concept TrainingObserver = std::copy_constructible<T> && detail::SeesSomething<std::unwrap_reference_t<T>> &&
    detail::nothing_wrong<std::unwrap_reference_t<T>>;

template <class T> consteval void check_observer() {
    using O = std::unwrap_reference_t<T>;
    static_assert(std::copy_constructible<T>,
                  "an observer is copied into its run: one that cannot be is given in std::ref");
    static_assert(
        detail::SeesSteps<O> || !detail::NamesStep<O>,
        "an observer's on_step is called with (training_step&, const training_run&) or with (training_step&), "
        "and returns nothing or whether the run goes on");
    static_assert(detail::SeesEpochs<O> || !detail::NamesEpoch<O>,
                  "an observer's on_epoch is called with (training_step&, const training_run&) or with "
                  "(training_step&), and returns nothing or whether the run goes on");
    static_assert(detail::SeesResume<O> || !detail::NamesResume<O>,
                  "an observer's on_resume is called with (const training_run&), and returns nothing or whether the "
                  "run goes on");
    static_assert(!((detail::NamesStart<O> && !detail::SeesStart<O>) || (detail::NamesEnd<O> && !detail::SeesEnd<O>)),
                  "an observer's on_start and on_end are called with (const training_run&), and return nothing");
    static_assert(detail::Remembers<O> || !detail::NamesState<O>,
                  "an observer's state() returns a std::vector<preflearn::named_state>");
    static_assert(detail::Describes<O> || !detail::NamesDescribe<O>,
                  "an observer's describe is const and called with (preflearn::run_description&)");
    static_assert(detail::SeesSomething<O> && detail::nothing_wrong<O>,
                  "an observer is called with (const training_step&) or with (const training_step&, const "
                  "training_run&) and returns nothing or whether the run goes on, or has members of "
                  "preflearn::TrainingObserver such as on_step(step) or on_epoch(step)");
}

/// Any observer, or nobody. It owns a copy, and so does each run: an observer that is to be asked afterwards is given
/// in std::ref.
class training_observer {
  public:
    training_observer() = default;
    template <class T>
        requires(!std::same_as<T, training_observer>)
    training_observer(T observer) { // any, so that what it lacks is said
        check_observer<T>();
        if constexpr (TrainingObserver<T>) {
            held_ = std::move(observer);
            calls_ = &calls_of<T>;
        }
    }

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
    void describe(run_description& run) const {
        if (calls_ != nullptr) calls_->describe(held_, run);
    }
    /// Whether it may write into a step.
    [[nodiscard]] bool writes() const { return calls_ != nullptr && calls_->writes; }

  private:
    struct calls {
        void (*start)(std::any&, const training_run&);
        bool (*resume)(std::any&, const training_run&);
        bool (*step)(std::any&, training_step&, const training_run&, bool);
        bool (*kept)(std::any&, const training_step&, const training_run&);
        void (*end)(std::any&, const training_run&);
        std::vector<named_state> (*state)(std::any&);
        void (*describe)(std::any&, run_description&);
        bool writes;
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
                                    },
                                    [](std::any& held, [[maybe_unused]] run_description& run) {
                                        [[maybe_unused]] const auto& t = get<T>(held);
                                        if constexpr (requires { t.describe(run); }) t.describe(run);
                                    },
                                    detail::writes_steps<std::unwrap_reference_t<T>>};

    mutable std::any held_; // a call changes it, as that of a std::function does
    const calls* calls_ = nullptr;
};

} // namespace preflearn
