#include <doctest/doctest.h>

#include <string>

#include <preflearn/text/templates/parser.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("statements hold their bodies") {
    using kind = template_statement::kind;
    const auto all = template_parser("a{% if x %}b{% elif y %}c{% else %}d{{ e }}{% endif %}"
                                     "{% for k, v in z if k %}f{% else %}g{% endfor %}{% set n.m = 1 %}"
                                     "{% set o %}h{% endset %}{% macro p(q, r=1) %}i{% endmacro %}"
                                     "{% generation %}j{% endgeneration %}")
                         .statements();
    REQUIRE(all.size() == 7);
    CHECK(all[0].text == "a");
    CHECK(all[1].what == kind::branch);
    CHECK(all[1].expressions.size() == 2);
    REQUIRE(all[1].bodies.size() == 3);
    CHECK(all[1].bodies[2].size() == 2);
    CHECK(all[2].names == std::vector<std::string>{"k", "v"});
    CHECK(all[2].expressions.size() == 2);
    CHECK(all[2].bodies.size() == 2);
    CHECK(all[3].text == "m");
    CHECK(all[4].what == kind::set_block);
    CHECK(all[5].names == std::vector<std::string>{"q", "r"});
    CHECK(all[5].expressions.size() == 1);
    CHECK(all[6].text == "j"); // what is marked as the assistant's is text like any other
}

TEST_CASE("statements that are not closed, not known or out of place are errors with their line") {
    const auto error = [](const std::string& source) {
        return test::error_of([&] { (void)template_parser(source).statements(); });
    };
    CHECK(error("\n{% for a in b %}c") == "line 2: 'endfor' was expected before the end");
    CHECK(error("{% endif %}") ==
          "line 1: the statement 'endif' is not known; if, for, set, macro, break, continue and generation are");
    CHECK(error("{% for a of b %}{% endfor %}") == "line 1: in was expected, found 'of'");
    CHECK(error("{% if a %}b{% endif c %}") == "line 1: %} was expected, found 'c'");
    CHECK(error("{% set 1 = 2 %}") == "line 1: a name was expected, found '1'");
}
