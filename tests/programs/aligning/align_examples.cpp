#include <doctest/doctest.h>

#include <preflearn/programs/aligning/align_examples.hpp>

using namespace preflearn;

TEST_CASE("what is imitated first: the chosen, the gold, the best response, a desirable completion") {
    const std::vector<align_example> triples{{.id = 1, .prompt = "p", .responses = {"c", "r", "g"}}};
    CHECK(demonstrations_of(triples, loss_kind::triples)[0].response == "g");
    CHECK(demonstrations_of(triples, loss_kind::pairs)[0].response == "c");
    const std::vector<align_example> singles{{.id = 1, .prompt = "p", .responses = {"good"}},
                                             {.id = 2, .prompt = "p", .responses = {"bad"}, .desirable = false}};
    const auto shown = demonstrations_of(singles, loss_kind::completions);
    REQUIRE(shown.size() == 1);
    CHECK(shown[0].response == "good");
    CHECK(singles_of(singles).desirable == std::vector<std::uint8_t>{1, 0});
}

TEST_CASE("labels are hard where probabilities do not count, and a tie stays one") {
    const std::vector<align_example> examples{{.id = 1, .verdict = 0.75}, {.id = 2, .verdict = preference::tied()}};
    CHECK(labels_of(examples, true).at(1).half_win() == 0.75);
    CHECK(labels_of(examples, false).at(1).half_win() == 1);
    CHECK(labels_of(examples, false).at(2).half_win() == 0.5);
}

TEST_CASE("texts of a set are kept once and stay where they are") {
    align_set set;
    const std::string_view first = set.keep("a");
    for (int i = 0; i < 1000; ++i) set.keep(std::to_string(i));
    CHECK(set.keep("a").data() == first.data());
}
