// says: "a weighted sum goes through the pairs in pieces, so none of its losses may couple the batch"
//
// One part of the sum sorts the batch.
#include <preflearn/loss/optimal_transport.hpp>
#include <preflearn/loss/weighted_sum.hpp>

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::weighted_sum<preflearn::dpo, preflearn::aot>{.weights = {1, 1}}(scores, gradients);
}
