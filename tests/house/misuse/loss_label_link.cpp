// says: "a link that takes the label's probability itself goes with the target part as_labelled"
//
// The label would count twice: in the link and as smoothing.
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/label_links.hpp>

auto loss(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>& gradients) {
    return preflearn::pairwise<preflearn::log_ratio, preflearn::kl_to_label, preflearn::smoothed_target>{}(scores,
                                                                                                           gradients);
}
