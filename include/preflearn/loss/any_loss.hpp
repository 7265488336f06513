/// \file
/// Any preference loss behind one type, for programs that choose the loss at run time: code over a PreferenceLoss is
/// compiled once for it instead of once for each. A call costs one indirection a batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include <preflearn/core/error.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/scores.hpp>

namespace preflearn {

/// Itself a PreferenceLoss for float and double; owns a copy of the loss.
class any_loss {
  public:
    any_loss() = default;
    template <class Loss> explicit any_loss(const Loss& loss) : in_float_(loss), in_double_(loss) {
        check_preference_loss<Loss, float>();
        check_preference_loss<Loss, double>();
    }

    loss_sums operator()(const pair_scores<float>& scores, const pair_gradients<float>& gradients) const {
        require(static_cast<bool>(in_float_), "no loss was chosen");
        return in_float_(scores, gradients);
    }
    loss_sums operator()(const pair_scores<double>& scores, const pair_gradients<double>& gradients) const {
        require(static_cast<bool>(in_double_), "no loss was chosen");
        return in_double_(scores, gradients);
    }

  private:
    template <class Real> using call = std::function<loss_sums(const pair_scores<Real>&, const pair_gradients<Real>&)>;
    call<float> in_float_;
    call<double> in_double_;
};

} // namespace preflearn
