// says: "a weight part is called with (weight, target) and returns Real"
//
// The weight knows nothing of the target.
#include <preflearn/loss/pairs/pairwise.hpp>

struct my_weight {
    double operator()(double given) const { return given; }
};

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::pairwise<preflearn::log_ratio, preflearn::logistic, preflearn::given_target,
                               preflearn::given_margin, my_weight>{}(scores, gradients);
}
