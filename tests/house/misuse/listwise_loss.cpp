// says: "a ListwiseLoss is called with (ranked_scores<Real>, std::span<Real> gradient), const, and returns
// preflearn::ranked_sums"
//
// DPO is a loss on pairs.
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/named.hpp>

void use() { preflearn::check_listwise_loss<preflearn::dpo, double>(); }
