#include <doctest/doctest.h>

#include <preflearn/loss/by_name/listwise_list.hpp>

using namespace preflearn;

TEST_CASE("all are losses of ranked lists and of nothing else") {
    for_each_listwise_loss([]<class Loss>(const Loss&) {
        static_assert(ListwiseLoss<Loss, float> && ListwiseLoss<Loss, double> && !PreferenceLoss<Loss, double>);
        CHECK_FALSE(description_of<Loss>.formula.empty());
        CHECK_FALSE(description_of<Loss>.source.empty());
    });
    CHECK(description_of<plackett_luce_loss>.name == "plackett_luce");
}
