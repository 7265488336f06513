// A user's own teacher: any callable that takes a comparison and returns P(first is preferred) is one. This one prefers
// the response that repeats itself less, labels two pairs, and is compared with human labels.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <preflearn/agreement.hpp>
#include <preflearn/core.hpp>

#include "command_line/command_line.hpp"

struct my_pair { // a user's own struct; the library needs an id, a prompt and two responses
    std::uint64_t id;
    std::string prompt, first, second;
};

double variety(const std::string& text) {
    std::istringstream words(text);
    std::vector<std::string> all{std::istream_iterator<std::string>(words), {}};
    const std::set<std::string> different(all.begin(), all.end());
    return all.empty() ? 0 : static_cast<double>(different.size()) / static_cast<double>(all.size());
}

int main(int argc, char** argv) {
    command_line line{"Labels three pairs with a teacher of one's own and compares the labels with human ones."};
    if (const auto ended = line.parse(argc, argv)) return *ended;

    const std::vector<my_pair> pairs{{1, "Name a fruit.", "An apple.", "fruit fruit fruit"},
                                     {2, "Say hello.", "hello hello", "Hello, how are you?"},
                                     {3, "Count to two.", "one two", "one and then two"}};
    const preflearn::label_set human({{1, 1.0}, {2, 0.0}, {3, 1.0}});

    const auto teacher = [](const my_pair& p) {
        return preflearn::sigmoid(8 * (variety(p.first) - variety(p.second)));
    };
    const preflearn::label_set labels = preflearn::label_all(std::span(pairs), teacher);

    for (const preflearn::label& label : labels)
        std::printf("pair %d: P(first preferred) = %.2f\n", static_cast<int>(label.id), label.verdict.first());
    const auto agreement = preflearn::label_accuracy(labels, human);
    std::printf("agrees with humans on %.0f%% [%.0f%%, %.0f%%] of %zu pairs\n", 100 * agreement.rate.value,
                100 * agreement.rate.bounds.low, 100 * agreement.rate.bounds.high, agreement.rate.count);
}
