// says: "a link is called with z, or with (z, q), and returns margin_penalty<Real>, or with (chosen, rejected) or
// (chosen, rejected, z) and returns pair_penalty<Real>"
//
// The link gives its value and no derivative.
#include <preflearn/loss/pairs/pairwise.hpp>

struct hinge {
    template <class Real> Real operator()(Real z) const { return z < 1 ? 1 - z : 0; }
};

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::pairwise<preflearn::log_ratio, hinge>{}(scores, gradients);
}
