#include <set>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/coupled_list.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("names differ from each other and from the named losses, and all are coupled losses of float and double") {
    std::set<std::string_view> names;
    for_each_named_loss([&]<class Loss>(const Loss&) { names.insert(description_of<Loss>.name); });
    for_each_coupled_loss([&]<class Loss>(Loss loss) {
        static_assert(CoupledPreferenceLoss<Loss, float> && CoupledPreferenceLoss<Loss, double>);
        const loss_description<Loss> about = description_of<Loss>;
        CHECK(names.insert(about.name).second);
        CHECK_FALSE(about.formula.empty());
        CHECK_FALSE(about.source.empty());
        for (const auto& [name, value] : parameters_of(loss)) CHECK(*value >= 0);
    });
    CHECK(names.contains("aot"));
    CHECK(names.contains("aot_unpaired"));
}

TEST_CASE("a loss says which columns it needs: it refuses a batch without them, or ignores them") {
    for_each_coupled_loss([&]<class Loss>(const Loss& loss) {
        pairs<double> p = random_pairs<double>(20);
        p.weight.clear();
        p.target.clear();
        p.margin.clear();
        const double all = loss(p.scores(), {}).loss;
        pairs<double> q = p;
        q.reference_chosen.clear();
        q.reference_rejected.clear();
        INFO(description_of<Loss>.name);
        CHECK((loss(q.scores(), {}).loss == all) == !loss_uses_reference<Loss>);
        p.chosen_tokens.clear();
        p.rejected_tokens.clear();
        if (loss_uses_tokens<Loss>)
            CHECK_THROWS_AS(loss(p.scores(), {}), argument_error);
        else
            CHECK(loss(p.scores(), {}).loss == all);
    });
}
