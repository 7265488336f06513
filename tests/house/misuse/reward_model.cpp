// says: "a RewardModel is called with (prompt, response), const, and returns a real number"
//
// The reward model wants the whole pair.
#include <span>

#include <preflearn/core/many.hpp>

auto values(std::span<const preflearn::completion<int>> completions) {
    return preflearn::rewards([](const preflearn::comparison<int>& c) { return c.first - c.second; }, completions);
}
