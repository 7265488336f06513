/// \file
/// Where a run is kept between its steps, so that it can go on: in a file (`run_file` of training/files), or wherever a
/// user's own keeper puts it. The loop knows no files; a keeper knows no models, optimisers or observers, but a
/// description and named numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// A run between two steps.
struct kept_run {
    /// What the run is; one that was kept with another description is another run.
    run_description description{};
    /// The parameters, and what optimiser, objective and observers remember: in place, in a fixed order.
    std::vector<named_state> state{};
    /// Every step so far.
    std::vector<training_step> steps{};
    /// The steps of the whole run. What was kept may have more or fewer, which `load` leaves here.
    std::uint64_t total = 0;
    /// Throws input_error where a run with these steps, of so many in all, cannot go on here. `load` calls it before it
    /// writes; may be empty.
    std::function<void(std::span<const training_step> steps, std::uint64_t total)> accept{};
};

/// `k.save(run)` keeps it whole or not at all; `k.load(run)` returns false when nothing is kept yet, else writes the
/// kept numbers to where run.state points, and the steps and their total; `k.every`, in steps, is how often it wants to
/// save (0: only at the end); `k.place()` is where it keeps, for messages. A keeper may have `k.prepare()`, called
/// before the first step that is to be kept: it throws input_error where nothing could be saved.
///
/// Semantics: load throws input_error, naming the place, for what is malformed or belongs to another run (saying in
/// what), and then has written nothing.
template <class K>
concept Keeper = std::move_constructible<K> && requires(K& k, kept_run& run, const kept_run& constant) {
    { k.load(run) } -> std::convertible_to<bool>;
    k.save(constant);
    { k.every } -> std::convertible_to<std::size_t>;
    { k.place() } -> std::convertible_to<std::string>;
};

template <class K> consteval void check_keeper() {
    static_assert(Keeper<K>, "a Keeper has load(kept_run&) that returns whether something is kept, save(const "
                             "kept_run&), a number `every` and place() that returns a std::string, as "
                             "preflearn::run_file{.path = …} of preflearn/training/files.hpp has them");
}

/// Any keeper, or none. Copies share it.
class run_keeper {
  public:
    run_keeper() = default;
    template <class K>
        requires(!std::same_as<K, run_keeper>)
    run_keeper(K keeper) { // any, so that what it lacks is said
        check_keeper<K>();
        if constexpr (Keeper<K>) {
            every_ = keeper.every;
            place_ = keeper.place();
            const auto kept = std::make_shared<K>(std::move(keeper));
            load_ = [kept](kept_run& run) { return static_cast<bool>(kept->load(run)); };
            save_ = [kept](const kept_run& run) { kept->save(run); };
            if constexpr (requires { kept->prepare(); }) prepare_ = [kept] { kept->prepare(); };
        }
    }

    explicit operator bool() const { return static_cast<bool>(save_); }
    /// Whether it wants to save after so many steps; after the last it is asked to anyway.
    [[nodiscard]] bool due(std::size_t steps) const { return every_ > 0 && steps % every_ == 0; }
    [[nodiscard]] const std::string& place() const { return place_; }
    [[nodiscard]] bool load(kept_run& run) const { return load_(run); }
    void save(const kept_run& run) const { save_(run); }
    void prepare() const {
        if (prepare_) prepare_();
    }

  private:
    std::size_t every_ = 0;
    std::string place_;
    std::function<bool(kept_run&)> load_;
    std::function<void(const kept_run&)> save_;
    std::function<void()> prepare_;
};

} // namespace preflearn
