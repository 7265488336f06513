#include <set>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/coupled_list.hpp>
#include <preflearn/loss/by_name/token_list.hpp>
#include <preflearn/loss/by_name/triple_list.hpp>

using namespace preflearn;

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
