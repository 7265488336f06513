#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/preferences/record.hpp>

using namespace preflearn;

TEST_CASE("records are equal when every field is") {
    const preference_record a{.id = 3, .prompt = "p", .first = "x", .second = "y", .label = 0.75};
    preference_record b = a;
    CHECK(a == b);
    b.label = preference(0.75).with_margin(1);
    CHECK_FALSE(a == b);
    b = a;
    b.scores = {.first = 1, .second = 2};
    CHECK_FALSE(a == b);
    b.scores.reset();
    b.margin = 0.5;
    CHECK_FALSE(a == b);
}

TEST_CASE("by default a malformed line is an error, 1 is the first response, and turns become an HH transcript") {
    const preference_options options;
    CHECK_FALSE(options.skip_malformed);
    CHECK(options.label_numbers == number_label::probability_of_first);
    CHECK(options.answer_start == "\n\nAssistant:");
    const std::vector<chat_message> turns{{"user", "Why?"}, {"assistant", "So."}};
    CHECK(options.render(turns) == "\n\nHuman: Why?\n\nAssistant: So.");
}
