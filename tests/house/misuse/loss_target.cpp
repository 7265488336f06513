// says: "a target part is called with q and returns target_mixture<Real>"
//
// The target returns a probability alone.
#include <preflearn/loss/pairs/pairwise.hpp>

struct smoothed {
    double operator()(double q) const { return 0.9 * q + 0.05; }
};

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::pairwise<preflearn::log_ratio, preflearn::logistic, smoothed>{}(scores, gradients);
}
