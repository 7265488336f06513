// says: "a label rule is called, const, with the margin of the first response's reward over the second's, or with
// (margin, id), and returns preflearn::preference or a probability"
//
// The rule gives the name of a response.
#include <preflearn/teacher/from_reward.hpp>

double reward(int prompt, int response) { return prompt * response; }

auto teacher = preflearn::reward_teacher{reward, [](double margin) { return margin > 0 ? "first" : "second"; }};
