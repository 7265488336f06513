// says: "a Policy has a const member log_prob(prompt, response) that returns log π(y | x) in nats as a floating-point
// number"
//
// The policy calls its log-probability by another name.
#include <string>

#include <preflearn/reward/implicit.hpp>
#include <preflearn/teacher/from_reward.hpp>

struct my_policy {
    double score(const std::string&, const std::string&) const { return -1; }
};
using pair = preflearn::comparison<std::string>;

auto labels(std::span<const pair> pairs, const my_policy& weak, const my_policy& sft) {
    return preflearn::label_all(pairs, preflearn::reward_teacher{preflearn::implicit_reward{weak, sft}});
}
