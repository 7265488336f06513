// says: "a TokenTrainable is a Trainable whose pass has token_scores(completion), log π of each token, and which has
// backward_tokens(pass&&, derivatives of every token)"
//
// The model scores whole responses.
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/training/kinds/tokens.hpp>

struct my_model {
    using real = double;
    struct pass {
        std::vector<double> values;
        std::span<const double> scores() const { return values; }
    };
    pass forward(std::span<const preflearn::token_completion> batch) const {
        return {std::vector<double>(batch.size())};
    }
    void backward(pass&&, std::span<const double>) {}
    std::span<double> parameters() { return weights; }
    std::span<double> gradients() { return weights; }

    std::vector<double> weights;
};

auto trained(my_model& model, std::span<const preflearn::token_comparison> pairs, const preflearn::label_set& labels) {
    return preflearn::train_token_preferences(model, pairs, labels, {}, preflearn::ld_dpo<>{}, {});
}
