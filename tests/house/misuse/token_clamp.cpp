// says: "clamped log-ratios leave no log-prob of the policy by itself: they are for losses that use a reference"
//
// SimPO has no reference.
#include <preflearn/loss/named/reference_free.hpp>
#include <preflearn/loss/tokens/named.hpp>

auto loss(const preflearn::token_scores<double>& scores, const preflearn::token_gradients<double>& gradients) {
    return preflearn::humanline<preflearn::simpo>{}(scores, gradients);
}
