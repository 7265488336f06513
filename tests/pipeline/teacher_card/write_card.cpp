#include <doctest/doctest.h>

#include <preflearn/pipeline/teacher_card/write_card.hpp>

using namespace preflearn;
TEST_CASE("x") {
    card_subject s{.name = "a"};
    for (int i = 0; i < 100; ++i)
        s.pairs.push_back({.prompt = static_cast<std::uint64_t>(i / 2),
                           .said = preference::from_margin(i % 7 - 2.5),
                           .gold = preference::from_margin(i % 5 - 2.2),
                           .length_difference = i % 9 - 3.0,
                           .first_shown_first = i % 2 == 0});
    auto c = card_of(s);
    c.cost = teacher_cost{};
    MESSAGE(to_markdown(c));
    MESSAGE(to_json(c).dump());
}
