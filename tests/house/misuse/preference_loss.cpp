// says: "a PreferenceLoss is called with (pair_scores<Real>, pair_gradients<Real>), const, and returns
// preflearn::loss_sums"
//
// The loss returns its value alone.
#include <span>
#include <vector>

#include <preflearn/training/kinds/pairs.hpp>

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

struct my_loss {
    double operator()(const preflearn::pair_scores<double>& scores, const preflearn::pair_gradients<double>&) const {
        return static_cast<double>(scores.size());
    }
};

auto trained(my_model& model, std::span<const preflearn::comparison<int>> pairs, const preflearn::label_set& labels) {
    return preflearn::train_preferences(model, pairs, labels, {}, my_loss{}, {});
}
