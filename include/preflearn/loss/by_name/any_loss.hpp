/// \file
/// Any preference loss behind one type, for programs that choose the loss at run time: code over a PreferenceLoss is
/// compiled once for it instead of once for each. A call costs one indirection a batch. A loss that couples the batch
/// remains one: its state is held by `any_loss::state`.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <string>

#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/coupled/running_mean.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>

namespace preflearn {

/// Itself a CoupledLoss of pairs scored in Real, the type of a program's scores (a transformer's are double); owns a
/// copy of the loss. Of a loss made of parts it compiles the code for all columns alone, which has the same bits.
template <std::floating_point Real> class any_loss {
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
        requires(!std::same_as<Loss, any_loss>)
    explicit any_loss(const Loss& loss) { hold(loss, &call<Loss>); }

    /// For a loss that is its `parts()` and nothing else, as the listed ones are: by the code for all columns, which
    /// has the same bits and is half as much to compile.
    template <class Loss> static any_loss of_parts(const Loss& loss) {
        any_loss any;
        any.hold(loss, &call_parts<Loss>);
        return any;
    }

    /// Whether the loss looks at the batch, so that its state must be reduced over all of it first.
    [[nodiscard]] bool couples_pairs() const { return reduce_ != nullptr; }
    /// The lengths that the loss may read.
    [[nodiscard]] lengths_read reads_lengths() const { return lengths_; }
    /// That of the loss (see `identity_of`).
    [[nodiscard]] std::string identity() const {
        require(identity_ != nullptr, "no loss was chosen");
        return identity_(loss_);
    }

    [[nodiscard]] state reduce(const pair_scores<Real>& scores) const {
        return couples_pairs() ? reduce_(loss_, scores) : state();
    }
    loss_sums map(const pair_scores<Real>& scores, const state& batch, const pair_gradients<Real>& gradients,
                  std::size_t first = 0) const {
        return couples_pairs() ? map_(loss_, scores, batch, gradients, first) : (*this)(scores, gradients);
    }
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        require(call_ != nullptr, "no loss was chosen");
        return call_(loss_, scores, gradients);
    }

  private:
    using call_of = loss_sums (*)(const std::any&, const pair_scores<Real>&, const pair_gradients<Real>&);

    template <class Loss> void hold(const Loss& loss, call_of call_it) {
        check_preference_loss<Loss, Real>();
        loss_ = loss;
        lengths_ = lengths_read_by(loss);
        identity_ = &identity_with<Loss>;
        call_ = call_it;
        if constexpr (reduces_pairs<Loss, Real>) {
            check_coupled_loss<Loss, Real>();
            reduce_ = &reduce_with<Loss>;
            map_ = &map_with<Loss>;
        }
    }
    template <class Loss> static std::string identity_with(const std::any& held) {
        return identity_of(*std::any_cast<Loss>(&held));
    }
    template <class Loss>
    static loss_sums call(const std::any& held, const pair_scores<Real>& scores,
                          const pair_gradients<Real>& gradients) {
        return (*std::any_cast<Loss>(&held))(scores, gradients);
    }
    template <class Loss>
    static loss_sums call_parts(const std::any& held, const pair_scores<Real>& scores,
                                const pair_gradients<Real>& gradients) {
        const Loss& loss = *std::any_cast<Loss>(&held);
        if constexpr (requires { loss.parts().with_all_columns(scores, gradients); })
            return loss.parts().with_all_columns(scores, gradients);
        else
            return loss(scores, gradients);
    }

    template <class Loss> static state reduce_with(const std::any& held, const pair_scores<Real>& scores) {
        using part = coupled_state<Loss, Real>;
        state batch;
        batch.value_ = std::any_cast<Loss>(&held)->reduce(scores);
        batch.merge_ = [](std::any& a, const std::any& b) { std::any_cast<part&>(a) += std::any_cast<const part&>(b); };
        if constexpr (CarriesRunningMean<part>)
            batch.after_ = [](const state& now) { return value_of<part>(now).after(); };
        return batch;
    }
    template <class Loss>
    static loss_sums map_with(const std::any& held, const pair_scores<Real>& scores, const state& batch,
                              const pair_gradients<Real>& gradients, std::size_t first) {
        return map_shard(*std::any_cast<Loss>(&held), scores, value_of<coupled_state<Loss, Real>>(batch), gradients,
                         first);
    }
    /// A reference where the state carries no mean, else a copy with the mean that the caller has set.
    template <class State> static decltype(auto) value_of(const state& batch) {
        const State& value = *std::any_cast<State>(&batch.value_);
        if constexpr (CarriesRunningMean<State>) {
            State copy = value;
            copy.before = batch.before;
            return copy;
        } else {
            return value;
        }
    }

    std::any loss_;
    lengths_read lengths_ = lengths_read::none;
    std::string (*identity_)(const std::any&) = nullptr;
    /// How the held loss is called; the last two are null where it looks at each pair alone.
    call_of call_ = nullptr;
    state (*reduce_)(const std::any&, const pair_scores<Real>&) = nullptr;
    loss_sums (*map_)(const std::any&, const pair_scores<Real>&, const state&, const pair_gradients<Real>&,
                      std::size_t) = nullptr;
};

} // namespace preflearn
