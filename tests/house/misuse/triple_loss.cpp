// says: "a TripleLoss is called with (triple_scores<Real>, triple_gradients<Real>), const, and returns
// preflearn::loss_sums"
//
// DPO knows no gold response.
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/named.hpp>

auto loss(const preflearn::triple_scores<double>& scores) {
    return preflearn::value_and_gradient(preflearn::dpo{}, scores, preflearn::triple_gradients<double>{});
}
