// A user's own model, a row of strengths, trained by Bradley-Terry: what one train_preferences costs to compile.
#include <cstddef>
#include <cstdio>
#include <span>
#include <vector>

#include <preflearn/loss/named.hpp>
#include <preflearn/training/kinds/pairs.hpp>

using game = preflearn::comparison<preflearn::no_prompt, std::size_t>;

struct strengths {
    using real = double;
    struct pass {
        std::vector<std::size_t> items;
        std::vector<double> values;
        [[nodiscard]] std::span<const double> scores() const { return values; }
    };
    std::vector<double> values = std::vector<double>(10), slopes = std::vector<double>(10);

    [[nodiscard]] pass forward(std::span<const preflearn::completion_of<game>> batch) const {
        pass made;
        for (const auto& completion : batch) {
            made.items.push_back(completion.response);
            made.values.push_back(values[completion.response]);
        }
        return made;
    }
    void backward(pass&& made, std::span<const double> slope) {
        for (std::size_t i = 0; i < slope.size(); ++i) slopes[made.items[i]] += slope[i];
    }
    std::span<double> parameters() { return values; }
    std::span<double> gradients() { return slopes; }
};

int main() {
    std::vector<game> games;
    preflearn::label_set labels;
    for (std::size_t i = 0; i < 100; ++i) {
        games.push_back({i, {}, i % 10, (i + 1 + i % 9) % 10});
        labels.add({i, 0.75});
    }
    strengths model;
    preflearn::train_preferences(model, games, labels, {}, preflearn::bradley_terry{}, {}, {.batch_size = 10});
    std::printf("%g\n", model.values[0]);
}
