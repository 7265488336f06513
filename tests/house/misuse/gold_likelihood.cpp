// says: "the contrast of triples looks at each pair alone"
//
// Dr. DPO looks at the whole batch.
#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/groups/triples.hpp>

auto loss(const preflearn::triple_scores<double>& scores) {
    return preflearn::with_gold_likelihood<preflearn::dr_dpo>{}(scores, preflearn::triple_gradients<double>{});
}
