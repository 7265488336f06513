/// \file
/// Any preference loss behind one type, for programs that choose the loss at run time: code over a PreferenceLoss is
/// compiled once for it instead of once for each. A call costs one indirection a batch. A loss that couples the batch
/// remains one: its state is held by `any_loss::state`.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <functional>

#include <preflearn/core/error.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/running_mean.hpp>

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
        : in_float_(erased<float>(loss)), in_double_(erased<double>(loss)), coupled_(reduces_pairs<Loss, double>) {}

    /// Whether the loss looks at the batch, so that its state must be reduced over all of it first.
    [[nodiscard]] bool couples_pairs() const { return coupled_; }

    template <std::floating_point Real> [[nodiscard]] state reduce(const pair_scores<Real>& scores) const {
        return chosen<Real>().reduce(scores);
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const state& batch, const pair_gradients<Real>& gradients,
                  std::size_t first = 0) const {
        return chosen<Real>().map(scores, batch, gradients, first);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return chosen<Real>().call(scores, gradients);
    }

  private:
    template <class Real> struct functions {
        std::function<loss_sums(const pair_scores<Real>&, const pair_gradients<Real>&)> call;
        std::function<state(const pair_scores<Real>&)> reduce;
        std::function<loss_sums(const pair_scores<Real>&, const state&, const pair_gradients<Real>&, std::size_t)> map;
    };

    template <class State> static State value_of(const state& batch) {
        State value = std::any_cast<const State&>(batch.value_);
        if constexpr (CarriesRunningMean<State>) value.before = batch.before;
        return value;
    }

    template <class Real, class Loss> static functions<Real> erased(const Loss& loss) {
        check_preference_loss<Loss, Real>();
        functions<Real> all;
        all.call = [loss](const auto& scores, const auto& gradients) { return loss(scores, gradients); };
        if constexpr (reduces_pairs<Loss, Real>) {
            check_coupled_loss<Loss, Real>();
            using part = coupled_state<Loss, Real>;
            all.reduce = [loss](const auto& scores) {
                state batch;
                batch.value_ = loss.reduce(scores);
                batch.merge_ = [](std::any& a, const std::any& b) {
                    std::any_cast<part&>(a) += std::any_cast<const part&>(b);
                };
                if constexpr (CarriesRunningMean<part>)
                    batch.after_ = [](const state& now) { return value_of<part>(now).after(); };
                return batch;
            };
            all.map = [loss](const auto& scores, const state& batch, const auto& gradients, std::size_t first) {
                if constexpr (CarriesRunningMean<part>)
                    return map_shard(loss, scores, value_of<part>(batch), gradients, first);
                else
                    return map_shard(loss, scores, std::any_cast<const part&>(batch.value_), gradients, first);
            };
        } else {
            all.reduce = [](const auto&) { return state(); };
            all.map = [loss](const auto& scores, const state&, const auto& gradients, std::size_t) {
                return loss(scores, gradients);
            };
        }
        return all;
    }

    template <class Real> const functions<Real>& chosen() const {
        const auto& functions_of_type = [this]() -> const functions<Real>& {
            if constexpr (std::same_as<Real, float>)
                return in_float_;
            else
                return in_double_;
        }();
        require(static_cast<bool>(functions_of_type.call), "no loss was chosen");
        return functions_of_type;
    }

    functions<float> in_float_;
    functions<double> in_double_;
    bool coupled_ = false;
};

} // namespace preflearn
