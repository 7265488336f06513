// says: "a reference for token-level losses has a const member token_log_probs(completions) that returns
// ragged<double>, log π of each token of each response"
//
// The policy sums over tokens.
#include <span>

#include <preflearn/core/tokens.hpp>
#include <preflearn/training/reference/token_reference.hpp>

struct my_policy {
    double log_prob(preflearn::token_span, preflearn::token_span) const { return -1; }
};

auto rows(const my_policy& policy, std::span<const preflearn::token_comparison> pairs) {
    return preflearn::reference_token_log_probs(policy, pairs);
}
