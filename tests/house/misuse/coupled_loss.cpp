// says: "a CoupledLoss is a PreferenceLoss with const members reduce(pair_scores<Real>), which returns a state with +=,
// and map(pair_scores<Real>, state, pair_gradients<Real>), which returns loss_sums"
//
// The state of the loss cannot be merged.
#include <preflearn/loss/coupled/coupled_loss.hpp>

struct my_loss {
    struct state {
        double sum = 0;
    };
    state reduce(const preflearn::pair_scores<double>&) const { return {}; }
    preflearn::loss_sums map(const preflearn::pair_scores<double>&, const state&,
                             const preflearn::pair_gradients<double>&) const {
        return {};
    }
    preflearn::loss_sums operator()(const preflearn::pair_scores<double>&,
                                    const preflearn::pair_gradients<double>&) const {
        return {};
    }
};

auto sums(const preflearn::pair_scores<double>& scores, const my_loss::state& state) {
    return preflearn::map_shard(my_loss{}, scores, state, preflearn::pair_gradients<double>{}, 0);
}
