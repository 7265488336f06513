// says: "an Optimiser has a `name`, a number `rate`, const check(), describe(add), start<Scalar>(flat_range)
// that returns a memory with state(), and update(memory, parameters, gradients, rate, factor), as preflearn::adamw has
// them"
//
// What it remembers has no names.
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/training/kinds/supervised.hpp>

struct my_optimiser {
    double rate = 0.1;
    static constexpr std::string_view name = "mine";
    void check() const {}
    template <class Add> void describe(Add&& add) const { add("rate", rate); }
    struct memory {};
    template <class Scalar> memory start(preflearn::flat_range) const { return {}; }
    template <class Scalar> void update(memory&, std::span<Scalar>, std::span<Scalar>, double, double) const {}
};

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

auto trained(my_model& model, std::span<const preflearn::completion<int>> examples) {
    return preflearn::train_supervised(model, examples, my_optimiser{});
}
