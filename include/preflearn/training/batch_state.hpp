/// \file
/// The state of a batch-coupled loss over one optimiser step: reduced over all micro-batches before any of them is
/// mapped, so that accumulated gradients are those of the whole batch. Where the loss carries a running mean from step
/// to step it is kept here, as the two numbers of a checkpoint.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <span>
#include <utility>

#include <preflearn/loss/coupled/running_mean.hpp>

namespace preflearn {

template <class State> class batch_state {
  public:
    /// A new batch, of which nothing is known yet.
    void begin() { state_.reset(); }
    void merge(State part) {
        if (state_)
            *state_ += part;
        else
            state_ = std::move(part);
    }
    /// The batch is complete; the running mean moves on.
    void settle() {
        if constexpr (CarriesRunningMean<State>) {
            state_->before = {running_[0], running_[1]};
            const running_mean now = state_->after();
            running_ = {now.mean, now.count};
        }
    }
    [[nodiscard]] bool known() const { return state_.has_value(); }
    [[nodiscard]] const State& value() const { return *state_; }
    /// What goes from step to step; empty for most losses.
    [[nodiscard]] std::span<double> running() {
        if constexpr (CarriesRunningMean<State>)
            return running_;
        else
            return {};
    }

  private:
    std::optional<State> state_;
    std::array<double, 2> running_{};
};

} // namespace preflearn
