// says: "a Policy has a const member log_prob(prompt, response) that returns log"
//
// The policy's log_prob is not const.
#include <span>

#include <preflearn/core/many.hpp>

struct my_policy {
    double log_prob(int prompt, int response) { return -1.0 * (prompt + response); }
};

auto values(std::span<const preflearn::completion<int>> completions) {
    return preflearn::log_probs(my_policy{}, completions);
}
