// A teacher and a model of one's own, trained by the library: the teacher likes vowels, the model has a weight for
// every letter, and learns the teacher's taste from its verdicts. Pairs that it does not learn from say when it is
// enough. SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/named/reward_model.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/observers.hpp>

struct my_pair {
    std::uint64_t id;
    std::string prompt, first, second;
};

struct letter_reward { // anything with these members learns: forward scores a batch, backward adds to the gradients
    using real = double;
    struct pass {
        std::vector<std::string> responses;
        std::vector<double> rewards;
        std::span<const double> scores() const { return rewards; }
    };
    std::vector<double> weights = std::vector<double>(26), slopes = std::vector<double>(26);

    pass forward(std::span<const preflearn::completion_of<my_pair>> batch) const {
        pass done;
        for (const auto& [prompt, response] : batch) {
            done.responses.push_back(response);
            done.rewards.push_back(0);
            for (const char letter : response) done.rewards.back() += weights[static_cast<std::size_t>(letter - 'a')];
        }
        return done;
    }
    void backward(pass&& done, std::span<const double> derivatives) {
        for (std::size_t i = 0; i < derivatives.size(); ++i)
            for (const char letter : done.responses[i])
                slopes[static_cast<std::size_t>(letter - 'a')] += derivatives[i];
    }
    std::span<double> parameters() { return weights; }
    std::span<double> gradients() { return slopes; }
};

std::vector<my_pair> random_pairs(std::size_t count, std::uint64_t seed) {
    preflearn::generator random(seed, "words");
    const auto word = [&] {
        std::string letters(8, ' ');
        for (char& letter : letters) letter = static_cast<char>('a' + random.below(26));
        return letters;
    };
    std::vector<my_pair> pairs;
    for (std::uint64_t id = 0; id < count; ++id) pairs.push_back({id, "A word, please.", word(), word()});
    return pairs;
}

int main() {
    const auto vowels = [](const std::string& word) {
        double count = 0;
        for (const char letter : word) count += std::string("aeiou").find(letter) != std::string::npos ? 1 : 0;
        return count;
    };
    const auto teacher = [&](const my_pair& p) { return preflearn::sigmoid(vowels(p.first) - vowels(p.second)); };
    const std::vector<my_pair> pairs = random_pairs(400, 1), others = random_pairs(200, 2);
    const preflearn::label_set labels = preflearn::label_all(pairs, teacher),
                               other_labels = preflearn::label_all(others, teacher);

    letter_reward model;
    const preflearn::bradley_terry loss;
    preflearn::keep_best best;
    const preflearn::training_history history = preflearn::train_preferences(
        model, pairs, labels, {}, loss, preflearn::adamw{.rate = 0.1},
        {.epochs = 100,
         .observers = {preflearn::held_out{preflearn::held_out_pairs(model, others, other_labels, {}, loss)},
                       preflearn::early_stop{.patience = 3}, std::ref(best)}});

    const preflearn::training_step& step = history.steps[best.best_step - 1];
    std::printf("%s after %zu steps; best on held-out pairs at step %zu: loss %.4f, accuracy %.2f\n",
                history.stopped ? "stopped" : "ended", history.steps.size(), static_cast<std::size_t>(step.step),
                step.eval_loss, step.eval_accuracy);
    std::printf("weights of a, e and x, z: %.2f %.2f and %.2f %.2f\n", model.weights[0], model.weights[4],
                model.weights[23], model.weights[25]);
}
