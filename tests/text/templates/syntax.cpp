#include <doctest/doctest.h>

#include <preflearn/text/templates/syntax.hpp>

using namespace preflearn;

TEST_CASE("a tree is a value: copies share nothing") {
    template_expression sum{.what = template_expression::kind::binary, .text = "+"};
    sum.parts.push_back({.what = template_expression::kind::literal, .value = 1});
    template_expression copy = sum;
    copy.parts[0].value = 2;
    CHECK(sum.parts[0].value == 1);
    CHECK(template_statement{}.what == template_statement::kind::text);
}
