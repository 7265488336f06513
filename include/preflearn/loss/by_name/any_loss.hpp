/// \file
/// Any loss of a kind behind one type, for programs that choose the loss at run time: code over losses of that kind is
/// compiled once for it instead of once for each. A call costs one indirection a batch. A loss that couples the batch
/// remains one: its state is held by `any_loss_of::state`.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <string>

#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/coupled/running_mean.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>

namespace preflearn {

namespace detail {

/// Says at the door what a loss of these scores lacks.
template <class L, class Scores> struct check_loss_of {
    static consteval void say() {
        static_assert(Loss<L, Scores>, "a loss of this kind is called with (scores, gradients), const, and returns its "
                                       "kind's sums");
    }
};
template <class L, class Real> struct check_loss_of<L, pair_scores<Real>> {
    static consteval void say() {
        check_preference_loss<L, Real>();
        if constexpr (reduces_pairs<L, Real>) check_coupled_loss<L, Real>();
    }
};

} // namespace detail

/// Itself a CoupledLoss of these scores; owns a copy of the loss. A loss whose state says nothing of the batch is
/// called without it. Of a loss of pairs made of parts it compiles the code for all columns alone, which has the same
/// bits.
template <class Scores> class any_loss_of {
  public:
    using gradients_type = typename Scores::gradients;
    using sums_type = typename Scores::sums;

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
        friend any_loss_of;
        std::any value_;
        void (*merge_)(std::any&, const std::any&) = nullptr;
        running_mean (*after_)(const state&) = nullptr;
    };

    any_loss_of() = default;
    template <class L>
        requires(!std::same_as<L, any_loss_of>)
    explicit any_loss_of(const L& loss) { hold(loss, &call<L>); }

    /// For a loss that is its `parts()` and nothing else, as the listed ones are: by the code for all columns, which
    /// has the same bits and is half as much to compile.
    template <class L> static any_loss_of of_parts(const L& loss) {
        any_loss_of any;
        any.hold(loss, &call_parts<L>);
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

    [[nodiscard]] state reduce(const Scores& scores) const {
        return couples_pairs() ? reduce_(loss_, scores) : state();
    }
    sums_type map(const Scores& scores, const state& batch, const gradients_type& gradients,
                  std::size_t first = 0) const {
        return couples_pairs() ? map_(loss_, scores, batch, gradients, first) : (*this)(scores, gradients);
    }
    sums_type operator()(const Scores& scores, const gradients_type& gradients) const {
        require(call_ != nullptr, "no loss was chosen");
        return call_(loss_, scores, gradients);
    }

  private:
    /// A state that is not made of the scores, nor of others that the batch brings, is the same for every batch.
    template <class L>
    static constexpr bool couples = CoupledLoss<L, Scores> && !(
                                                                  requires { requires !L::uses_scores; } &&
                                                                  !requires { requires L::uses_mismatched; });
    using call_of = sums_type (*)(const std::any&, const Scores&, const gradients_type&);

    template <class L> void hold(const L& loss, call_of call_it) {
        detail::check_loss_of<L, Scores>::say();
        loss_ = loss;
        lengths_ = lengths_read_by(loss);
        identity_ = &identity_with<L>;
        call_ = call_it;
        if constexpr (couples<L>) {
            reduce_ = &reduce_with<L>;
            map_ = &map_with<L>;
        }
    }
    template <class L> static std::string identity_with(const std::any& held) {
        return identity_of(*std::any_cast<L>(&held));
    }
    template <class L>
    static sums_type call(const std::any& held, const Scores& scores, const gradients_type& gradients) {
        return (*std::any_cast<L>(&held))(scores, gradients);
    }
    template <class L>
    static sums_type call_parts(const std::any& held, const Scores& scores, const gradients_type& gradients) {
        const L& loss = *std::any_cast<L>(&held);
        if constexpr (requires { loss.parts().with_all_columns(scores, gradients); })
            return loss.parts().with_all_columns(scores, gradients);
        else
            return loss(scores, gradients);
    }

    template <class L> static state reduce_with(const std::any& held, const Scores& scores) {
        using part = state_of<L, Scores>;
        state batch;
        batch.value_ = std::any_cast<L>(&held)->reduce(scores);
        batch.merge_ = [](std::any& a, const std::any& b) { std::any_cast<part&>(a) += std::any_cast<const part&>(b); };
        if constexpr (CarriesRunningMean<part>)
            batch.after_ = [](const state& now) { return value_of<part>(now).after(); };
        return batch;
    }
    template <class L>
    static sums_type map_with(const std::any& held, const Scores& scores, const state& batch,
                              const gradients_type& gradients, std::size_t first) {
        return map_from(*std::any_cast<L>(&held), scores, value_of<state_of<L, Scores>>(batch), gradients, first);
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
    state (*reduce_)(const std::any&, const Scores&) = nullptr;
    sums_type (*map_)(const std::any&, const Scores&, const state&, const gradients_type&, std::size_t) = nullptr;
};

/// Any preference loss of pairs scored in Real, the type of a program's scores (a transformer's are double).
template <std::floating_point Real> using any_loss = any_loss_of<pair_scores<Real>>;

} // namespace preflearn
