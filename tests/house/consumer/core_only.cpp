// A user's own pair, teacher and loss, with no package but those of the component core.
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core.hpp>
#include <preflearn/loss/named.hpp>

struct my_pair {
    std::uint64_t id;
    std::string_view prompt, first, second;
};

int main() {
    const std::vector<my_pair> pairs{{1, "Is it?", "Yes.", "Certainly it is."}, {2, "Why?", "Because.", "So."}};
    const auto teacher = [](const my_pair& pair) { return pair.first.size() > pair.second.size() ? 0.9 : 0.2; };
    const preflearn::label_set labels = preflearn::label_all(std::span(pairs), teacher);
    const std::vector<double> chosen{1, 2}, rejected{0, 2};
    const double loss =
        preflearn::bradley_terry{}(preflearn::pair_scores<double>{.chosen = chosen, .rejected = rejected}, {}).loss;
    std::printf("%.1f %.1f %.4f\n", labels.at(1).first(), labels.at(2).first(), loss); // log(1 + 1/e) + log 2
}
