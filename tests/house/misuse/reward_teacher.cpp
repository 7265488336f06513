// says: "a RewardModel is called with (prompt, response), const, and returns a real number"
//
// The reward that should become a teacher forgets the prompt.
#include <string>

#include <preflearn/teacher/from_reward.hpp>

using pair = preflearn::comparison<std::string>;

auto labels(std::span<const pair> pairs) {
    return preflearn::label_all(pairs, preflearn::reward_teacher{[](const std::string&) { return 1.0; }});
}
