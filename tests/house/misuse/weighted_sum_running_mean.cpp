// says: "a weighted sum keeps no running mean for its losses"
//
// One part of the sum carries a running mean from batch to batch.
#include <preflearn/loss/coupled/weighted_sum.hpp>
#include <preflearn/loss/single/bco.hpp>

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::weighted_sum<preflearn::dpo, preflearn::bco_pair_shifted>{.losses = {},
                                                                                .weights = {1, 1}}(scores, gradients);
}
