#include <string>

#include <doctest/doctest.h>

#include <preflearn/text/expressions/expression_syntax.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("an expression is alternatives of sequences, with bounds of repeats and case where they stand") {
    using kind = expression_node::kind;
    const expression_node whole = parse_expression(R"(a{2,3}b*?|(?i:s)(?!\S))");
    REQUIRE(whole.what == kind::alternatives);
    REQUIRE(whole.parts.size() == 2);
    const expression_node& first = whole.parts[0];
    REQUIRE(first.parts.size() == 2);
    CHECK(first.parts[0].what == kind::repeat);
    CHECK(first.parts[0].least == 2);
    CHECK(first.parts[0].most == 3);
    CHECK_FALSE(first.parts[0].lazy);
    CHECK(first.parts[1].lazy);
    CHECK(first.parts[1].most == expression_node::unlimited);
    CHECK(whole.parts[1].parts.back().what == kind::next_is);
    CHECK(whole.parts[1].parts.back().holds_at_end);
}

TEST_CASE("what is not understood is refused with the expression and the byte") {
    for (const char* const pattern : {"(a", "a)", "[a", "a{2", "a{3,2}", R"(\p{Nope})", "(?<=a)b", R"(\1)", "a**"}) {
        const std::string said = test::error_of([&] { (void)parse_expression(pattern); });
        CAPTURE(pattern);
        CHECK(test::contains(said, pattern));
        CHECK(test::contains(said, "byte"));
    }
}
