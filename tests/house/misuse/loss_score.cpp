// says: "a score part has uses_reference and uses_tokens and is called with (log-ratio, tokens), returning
// response_score<Real>"
//
// The score does not say what it uses.
#include <preflearn/loss/pairs/pairwise.hpp>

struct my_score {
    template <class Real> preflearn::response_score<Real> operator()(Real log_ratio, Real) const {
        return {log_ratio, 1};
    }
};

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::pairwise<my_score>{}(scores, gradients);
}
