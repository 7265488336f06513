// says: "this loss scores responses to other prompts, under the reference too: a Policy is needed as reference,
// log-probs of the completions do not do"
//
// KTO gets log-probs that were computed once.
#include <vector>

#include <preflearn/loss/single/kto.hpp>
#include <preflearn/training/kinds/completions.hpp>

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
    std::span<double> gradients() { return weights; }

    std::vector<double> weights;
};

auto trained(my_model& model, std::span<const preflearn::completion<int>> data, std::span<const std::uint8_t> flags,
             const std::vector<double>& reference) {
    return preflearn::train_unpaired(model, data, flags, reference, preflearn::kto<>{}, {});
}
