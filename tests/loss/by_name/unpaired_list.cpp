#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/unpaired_list.hpp>

#include "../completions.hpp"

using namespace preflearn;

TEST_CASE("all are losses of single completions and of nothing else, and have no divergence to choose") {
    for_each_unpaired_loss([]<class Loss>(const Loss&) {
        static_assert(UnpairedLoss<Loss, float> && UnpairedLoss<Loss, double> && !PreferenceLoss<Loss, double>);
        static_assert(!divergence_family<Loss>::exists);
        CHECK_FALSE(description_of<Loss>.formula.empty());
        CHECK_FALSE(description_of<Loss>.source.empty());
    });
    static_assert(loss_uses_mismatched<kto<>> && !loss_uses_mismatched<kto<given_kl>> && !loss_uses_mismatched<bco>);
    static_assert(loss_uses_scores<kto<class_mean_kl<>>, double> && loss_uses_scores<bco, double>);
    static_assert(!loss_uses_scores<kto<>, double> && !loss_uses_scores<bco_given_delta, double>);
}

TEST_CASE("every parameter is there by its place, and changes the loss") {
    completions<double> c = random_completions<double>(20);
    for_each_unpaired_loss([&]<class Loss>(const Loss& loss) {
        const double before = loss(c.scores(), c.out()).loss;
        Loss other = loss;
        for (const auto& [name, value] : parameters_of(other)) {
            INFO(description_of<Loss>.name, " ", name);
            const double original = std::exchange(*value, *value + 0.5);
            CHECK(other(c.scores(), c.out()).loss != before);
            *value = original;
        }
    });
}
