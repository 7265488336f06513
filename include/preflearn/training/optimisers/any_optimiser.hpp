/// \file
/// Any optimiser behind one type, for programs that choose it at run time: what trains is compiled once for it. It
/// costs an indirect call a step and segment of the parameters; its numbers, what it remembers and what a kept run
/// knows of it are those of the optimiser that it holds.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// Models Optimiser of float and double; owns a copy of what it holds.
class any_optimiser {
  public:
    /// What the held one remembers of a range.
    class memory {
      public:
        [[nodiscard]] std::vector<named_state> state() { return state_(held_); }

      private:
        friend any_optimiser;
        std::any held_;
        std::vector<named_state> (*state_)(std::any&) = nullptr;
    };

    template <class Held>
        requires(!std::same_as<Held, any_optimiser>)
    any_optimiser(Held held)
        : name(Held::name), rate(static_cast<double>(held.rate)), held_(std::move(held)), calls_(&calls_of<Held>) {
        check_optimiser<Held, float>();
        check_optimiser<Held, double>();
    }

    /// Of the held one.
    std::string_view name;
    double rate;
    /// In place of the held one's, where a group of parameters has its own.
    std::optional<double> weight_decay{};

    void check() const { calls_->check(held_); }
    template <class Add> void describe(Add&& add) const {
        for (const auto& [number, value] : calls_->describe(held_)) add(std::string_view(number), value);
    }
    template <std::floating_point Scalar> [[nodiscard]] memory start(flat_range range) const {
        if constexpr (std::same_as<Scalar, float>)
            return calls_->start_float(held_, range);
        else
            return calls_->start_double(held_, range);
    }
    /// \throws argument_error as the held one's, and where weight_decay is set and that one has none.
    template <std::floating_point Scalar>
    void update(memory& remembered, std::span<Scalar> parameters, std::span<Scalar> gradients, double step_rate,
                double factor = 1) const {
        if constexpr (std::same_as<Scalar, float>)
            calls_->update_float(held_, remembered.held_, parameters, gradients, {step_rate, factor, weight_decay});
        else
            calls_->update_double(held_, remembered.held_, parameters, gradients, {step_rate, factor, weight_decay});
    }

  private:
    struct step {
        double rate, factor;
        std::optional<double> weight_decay;
    };
    using numbers = std::vector<std::pair<std::string, std::string>>;
    struct calls {
        void (*check)(const std::any&);
        numbers (*describe)(const std::any&);
        memory (*start_float)(const std::any&, flat_range);
        memory (*start_double)(const std::any&, flat_range);
        void (*update_float)(const std::any&, std::any&, std::span<float>, std::span<float>, const step&);
        void (*update_double)(const std::any&, std::any&, std::span<double>, std::span<double>, const step&);
    };
    template <class Held, class Scalar>
    using memory_of = decltype(std::declval<const Held&>().template start<Scalar>(flat_range{}));

    template <class Held> static numbers described(const std::any& held) {
        numbers all;
        std::any_cast<const Held&>(held).describe(
            [&](std::string_view number, const auto& value) { all.emplace_back(number, message(value)); });
        return all;
    }
    template <class Held, class Scalar> static memory started(const std::any& held, flat_range range) {
        memory made;
        made.held_ = std::any_cast<const Held&>(held).template start<Scalar>(range);
        made.state_ = [](std::any& remembered) { return std::any_cast<memory_of<Held, Scalar>&>(remembered).state(); };
        return made;
    }
    template <class Held, class Scalar>
    static void updated(const std::any& held, std::any& remembered, std::span<Scalar> parameters,
                        std::span<Scalar> gradients, const step& now) {
        const auto update = [&](const Held& rule) {
            rule.update(std::any_cast<memory_of<Held, Scalar>&>(remembered), parameters, gradients, now.rate,
                        now.factor);
        };
        if (!now.weight_decay) return update(std::any_cast<const Held&>(held));
        Held rule = std::any_cast<const Held&>(held);
        if constexpr (requires { rule.weight_decay = double{}; })
            rule.weight_decay = *now.weight_decay;
        else
            require(false, "a group of parameters has a weight_decay, which ", Held::name, " has not");
        update(rule);
    }
    template <class Held>
    static constexpr calls calls_of{[](const std::any& held) { std::any_cast<const Held&>(held).check(); },
                                    &described<Held>,
                                    &started<Held, float>,
                                    &started<Held, double>,
                                    &updated<Held, float>,
                                    &updated<Held, double>};

    std::any held_;
    const calls* calls_;
};

} // namespace preflearn
