/// \file
/// Any preference loss behind one type, for programs that choose the loss at run time: code over a PreferenceLoss is
/// compiled once for it instead of once for each. A call costs one indirection a batch. A loss that couples the batch
/// remains one: its state is held by `any_loss::state`.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <concepts>
#include <cstddef>

#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/coupled/running_mean.hpp>

namespace preflearn {

/// Itself a CoupledLoss for float and double; owns a copy of the loss.
class any_loss {
  public:
    /// What a coupled loss knows of a batch; nothing where the loss looks at each pair alone.
    class state {
      public:
        /// The running mean before the batch, for losses that carry one.
        running_mean before{};
        [[nodiscard]] running_mean after() const { return after_ ? after_(*this) : before; }
        state& operator+=(const state& other) {
            if (merge_) merge_(value_, other.value_);
            return *this;
        }

      private:
        friend any_loss;
        std::any value_;
        void (*merge_)(std::any&, const std::any&) = nullptr;
        running_mean (*after_)(const state&) = nullptr;
    };

    any_loss() = default;
    template <class Loss>
    explicit any_loss(const Loss& loss)
        : loss_(loss), in_float_(calls<float, Loss>()), in_double_(calls<double, Loss>()) {}

    /// Whether the loss looks at the batch, so that its state must be reduced over all of it first.
    [[nodiscard]] bool couples_pairs() const { return in_double_.reduce != nullptr; }

    template <std::floating_point Real> [[nodiscard]] state reduce(const pair_scores<Real>& scores) const {
        const calls_in<Real>& chosen = of_type<Real>();
        return chosen.reduce != nullptr ? chosen.reduce(loss_, scores) : state();
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const state& batch, const pair_gradients<Real>& gradients,
                  std::size_t first = 0) const {
        const calls_in<Real>& chosen = of_type<Real>();
        return chosen.map != nullptr ? chosen.map(loss_, scores, batch, gradients, first)
                                     : chosen.call(loss_, scores, gradients);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return of_type<Real>().call(loss_, scores, gradients);
    }

  private:
    /// How the held loss is called; `reduce` and `map` are null where it looks at each pair alone. Plain functions,
    /// because programs that know every loss by name compile a hundred of these.
    template <class Real> struct calls_in {
        loss_sums (*call)(const std::any&, const pair_scores<Real>&, const pair_gradients<Real>&) = nullptr;
        state (*reduce)(const std::any&, const pair_scores<Real>&) = nullptr;
        loss_sums (*map)(const std::any&, const pair_scores<Real>&, const state&, const pair_gradients<Real>&,
                         std::size_t) = nullptr;
    };

    template <class Loss> static const Loss& held(const std::any& loss) { return *std::any_cast<Loss>(&loss); }

    template <class State> static State value_of(const state& batch) {
        State value = std::any_cast<const State&>(batch.value_);
        if constexpr (CarriesRunningMean<State>) value.before = batch.before;
        return value;
    }

    template <class Real, class Loss> static calls_in<Real> calls() {
        check_preference_loss<Loss, Real>();
        calls_in<Real> all;
        all.call = [](const std::any& loss, const auto& scores, const auto& gradients) {
            return held<Loss>(loss)(scores, gradients);
        };
        if constexpr (reduces_pairs<Loss, Real>) {
            check_coupled_loss<Loss, Real>();
            using part = coupled_state<Loss, Real>;
            all.reduce = [](const std::any& loss, const auto& scores) {
                state batch;
                batch.value_ = held<Loss>(loss).reduce(scores);
                batch.merge_ = [](std::any& a, const std::any& b) {
                    std::any_cast<part&>(a) += std::any_cast<const part&>(b);
                };
                if constexpr (CarriesRunningMean<part>)
                    batch.after_ = [](const state& now) { return value_of<part>(now).after(); };
                return batch;
            };
            all.map = [](const std::any& loss, const auto& scores, const state& batch, const auto& gradients,
                         std::size_t first) {
                if constexpr (CarriesRunningMean<part>)
                    return map_shard(held<Loss>(loss), scores, value_of<part>(batch), gradients, first);
                else
                    return map_shard(held<Loss>(loss), scores, std::any_cast<const part&>(batch.value_), gradients,
                                     first);
            };
        }
        return all;
    }

    template <class Real> const calls_in<Real>& of_type() const {
        require(loss_.has_value(), "no loss was chosen");
        if constexpr (std::same_as<Real, float>)
            return in_float_;
        else
            return in_double_;
    }

    std::any loss_;
    calls_in<float> in_float_;
    calls_in<double> in_double_;
};

} // namespace preflearn
