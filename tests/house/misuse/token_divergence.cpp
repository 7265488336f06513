// says: "this loss needs the divergence from the reference at every token: learns_beside{model, reference} is trained
// in place of a model that has forward_with_divergence(batch, reference)"
//
// TDPO needs the reference itself.
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
        std::span<const double> token_scores(std::size_t) const { return values; }
    };
    pass forward(std::span<const preflearn::token_completion> batch) const {
        return {std::vector<double>(batch.size())};
    }
    void backward(pass&&, std::span<const double>) {}
    void backward_tokens(pass&&, std::span<const double>) {}
    std::span<double> parameters() { return weights; }
    std::span<double> gradients() { return weights; }

    std::vector<double> weights;
};

auto trained(my_model& model, std::span<const preflearn::token_comparison> pairs, const preflearn::label_set& labels) {
    return preflearn::train_token_preferences(model, pairs, labels, {}, preflearn::tdpo2<>{}, {});
}
