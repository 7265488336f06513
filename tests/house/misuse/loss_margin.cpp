// says: "a margin part is called with the margin column and returns Real"
//
// The margin takes no column.
#include <preflearn/loss/pairs/pairwise.hpp>

struct fixed_margin {
    double operator()() const { return 1; }
};

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::pairwise<preflearn::log_ratio, preflearn::logistic, preflearn::given_target, fixed_margin>{}(
        scores, gradients);
}
