#include <set>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/coupled_list.hpp>
#include <preflearn/loss/by_name/token_list.hpp>

#include "../token_pairs.hpp"

using namespace preflearn;

TEST_CASE("names differ from each other and from those of losses on pairs, and all are token losses of both types") {
    std::set<std::string_view> names;
    for_each_pair_loss([&]<class Loss>(const Loss&) { names.insert(description_of<Loss>.name); });
    for_each_token_loss([&]<class Loss>(const Loss&) {
        static_assert(TokenLoss<Loss, float> && TokenLoss<Loss, double>);
        const token_loss_description<Loss> about = description_of<Loss>;
        CHECK(names.insert(about.name).second);
        CHECK_FALSE(about.formula.empty());
        CHECK_FALSE(about.source.empty());
    });
}

TEST_CASE("every parameter of a token loss is one of its own: it changes what the loss is") {
    const token_pairs<double> p = random_token_pairs<double>(20, 5);
    for_each_token_loss([&]<class Loss>(const Loss& loss) {
        Loss changed = loss;
        for (const auto& [name, value] : parameters_of(changed)) {
            const double before = std::exchange(*value, 0.5 * *value);
            INFO(description_of<Loss>.name, " ", name);
            CHECK(changed(p.scores(), {}).loss != loss(p.scores(), {}).loss);
            *value = before;
        }
    });
}
