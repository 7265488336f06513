// The lists of all kinds but that of list.cpp.
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>

#include "../completions.hpp"
#include "../pairs.hpp"
#include "../token_pairs.hpp"

using namespace preflearn;

TEST_CASE("names differ from each other and from the named losses, and all are coupled losses of float and double") {
    std::set<std::string_view> names;
    for_each_named_loss([&]<class Loss>(const Loss&) { names.insert(description_of<Loss>.name); });
    for_each_coupled_loss([&]<class Loss>(Loss loss) {
        static_assert(CoupledPreferenceLoss<Loss, float> && CoupledPreferenceLoss<Loss, double>);
        const loss_about about = description_of<Loss>;
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

TEST_CASE("names differ from each other and from those of losses on pairs, and all are token losses of both types") {
    std::set<std::string_view> names;
    for_each_pair_loss([&]<class Loss>(const Loss&) { names.insert(description_of<Loss>.name); });
    for_each_token_loss([&]<class Loss>(const Loss&) {
        static_assert(TokenLoss<Loss, float> && TokenLoss<Loss, double>);
        const loss_about about = description_of<Loss>;
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
            if (std::is_same_v<Loss, spa> && name == "lambda") continue; // moves a choice, which need not be another
            const double before = std::exchange(*value, 0.5 * *value);
            INFO(description_of<Loss>.name, " ", name);
            CHECK(changed(p.scores(), {}).loss != loss(p.scores(), {}).loss);
            *value = before;
        }
    });
}

TEST_CASE("names differ from those of all other losses, and all are losses on triples and on nothing else") {
    std::set<std::string_view> names;
    const auto add = [&]<class Loss>(const Loss&) {
        CHECK(names.insert(description_of<Loss>.name).second);
        CHECK_FALSE(description_of<Loss>.formula.empty());
        CHECK_FALSE(description_of<Loss>.source.empty());
    };
    for_each_pair_loss(add);
    for_each_token_loss(add);
    for_each_triple_loss(add);
    for_each_triple_loss([]<class Loss>(const Loss&) {
        static_assert(TripleLoss<Loss, float> && TripleLoss<Loss, double> && !PreferenceLoss<Loss, double>);
        static_assert(!loss_uses_reference<Loss>);
    });
    static_assert(loss_uses_tokens<tpo_l> && loss_uses_tokens<tpo_ipo> && !loss_uses_tokens<tpo>);
}

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

TEST_CASE("every parameter of a loss of single completions is there by its place, and changes the loss") {
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

TEST_CASE("all are losses of ranked lists and of nothing else") {
    for_each_listwise_loss([]<class Loss>(const Loss&) {
        static_assert(ListwiseLoss<Loss, float> && ListwiseLoss<Loss, double> && !PreferenceLoss<Loss, double>);
        CHECK_FALSE(description_of<Loss>.formula.empty());
        CHECK_FALSE(description_of<Loss>.source.empty());
    });
    CHECK(description_of<plackett_luce_loss>.name == "plackett_luce");
}
