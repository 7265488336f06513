// says: "batch is a std::span<const preflearn::completion<Prompt, Response>> of the data's own types (those that a
// language model of tokens takes are both preflearn::token_span)"
//
// The pairs own their tokens, the model takes views.
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/training/kinds/supervised.hpp>

using tokens = std::vector<preflearn::token_id>;

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

auto trained(my_model& model, const std::vector<preflearn::completion<tokens, tokens>>& examples) {
    return preflearn::train_supervised(model, examples, {});
}
