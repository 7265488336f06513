// The list of losses of single pairs; the losses themselves are tested with list.cpp.
#include <cmath>
#include <string>
#include <tuple>
#include <type_traits>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/pair_list.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

std::string pair_list_made;
/// Says when it is made, and cannot be copied.
template <char Name> struct pair_list_loss {
    pair_list_loss() { pair_list_made += Name; }
    pair_list_loss(const pair_list_loss&) = delete;
};

} // namespace

TEST_CASE("each loss of a list is made once and used once, in the list's order") {
    std::string used;
    for_each_loss_of<std::tuple<pair_list_loss<'b'>, pair_list_loss<'a'>, pair_list_loss<'b'>>>(
        [&]<char Name>(const pair_list_loss<Name>&) { used += Name; });
    CHECK(used == "bab");
    CHECK(pair_list_made == "bab");
    for_each_loss_of<std::tuple<>>([&](const auto&) { used.clear(); });
    CHECK(used == "bab");
}

TEST_CASE("a listed loss looks at each pair alone: a batch's loss is the sum of its pairs'") {
    std::size_t listed = 0;
    for_each_named_loss([&]<class Loss>(const Loss& loss) {
        ++listed;
        pairs<double> p = marginless(12, 5);
        const double whole = loss(p.scores(), p.gradients()).loss;
        double sum = 0, size = 0;
        for (std::size_t i = 0; i < p.chosen.size(); ++i) {
            const pair_scores<double> all = p.scores();
            const auto at = [i](const auto& column) { return column.empty() ? column : column.subspan(i, 1); };
            const pair_scores<double> one{
                at(all.chosen),        at(all.rejected),        at(all.reference_chosen), at(all.reference_rejected),
                at(all.chosen_tokens), at(all.rejected_tokens), at(all.weight),           at(all.target),
                at(all.margin)};
            double d_chosen = 0, d_rejected = 0;
            const double value =
                loss(one, pair_gradients<double>{.chosen = {&d_chosen, 1}, .rejected = {&d_rejected, 1}}).loss;
            sum += value;
            size += std::abs(value);
            INFO(description_of<Loss>.name, " pair ", i);
            CHECK(d_chosen == doctest::Approx(p.d_chosen[i]).epsilon(1e-12));
            CHECK(d_rejected == doctest::Approx(p.d_rejected[i]).epsilon(1e-12));
        }
        INFO(description_of<Loss>.name);
        CHECK(std::abs(whole - sum) <= 1e-12 * size);
    });
    CHECK(listed == std::tuple_size_v<named_losses>);
}

TEST_CASE("the list of all losses on pairs starts with this one") {
    []<std::size_t... At>(std::index_sequence<At...>) {
        static_assert(
            (std::is_same_v<std::tuple_element_t<At, named_losses>, std::tuple_element_t<At, pair_losses>> && ...));
    }
    (std::make_index_sequence<std::tuple_size_v<named_losses>>());
    static_assert(std::tuple_size_v<pair_losses> ==
                  std::tuple_size_v<named_losses> + std::tuple_size_v<coupled_losses>);
}
