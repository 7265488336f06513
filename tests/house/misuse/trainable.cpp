// says: "a Trainable has types `real` and `pass`, const forward(batch) that returns a pass with scores(),
// backward(pass&&, derivatives), and flat parameters() and gradients() of one floating-point type: batch is a
// std::span<const preflearn::completion<Prompt, Response>>"
//
// The model keeps its
// gradients to itself.
#include <span>
#include <vector>

#include <preflearn/training/kinds/supervised.hpp>

struct my_model {
    using real = double;
    struct pass {
        std::vector<double> values;
        std::span<const double> scores() const { return values; }
    };
    pass forward(std::span<const preflearn::completion<int>> batch) const {
        return {std::vector<double>(batch.size())};
    }
    void backward(pass&&, std::span<const double>) {}
    std::span<double> parameters() { return weights; }

    std::vector<double> weights;
};

auto trained(my_model& model, std::span<const preflearn::completion<int>> examples) {
    return preflearn::train_supervised(model, examples, {});
}
