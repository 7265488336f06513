#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/templates/expression_parser.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {
/// An expression with all its brackets.
std::string shown(const template_expression& e) {
    using kind = template_expression::kind;
    const auto part = [&](std::size_t i) { return shown(e.parts[i]); };
    std::string rest;
    for (std::size_t i = 1; i < e.parts.size(); ++i) rest += (i > 1 ? "," : "") + part(i);
    for (const auto& [name, value] : e.named) rest += "," + name + "=" + shown(value);
    switch (e.what) {
    case kind::literal:
        return e.value.is_discarded() ? "?" : e.value.dump();
    case kind::name:
        return e.text;
    case kind::unary:
        return "(" + e.text + " " + part(0) + ")";
    case kind::binary:
        return "(" + part(0) + " " + e.text + " " + part(1) + ")";
    case kind::choice:
        return "(" + part(1) + " if " + part(0) + " else " + part(2) + ")";
    case kind::attribute:
        return part(0) + "." + e.text;
    case kind::filter:
        return "(" + part(0) + "|" + e.text + "(" + rest + "))";
    case kind::test:
        return "(" + part(0) + " is " + e.text + "(" + rest + "))";
    case kind::call:
        return part(0) + "(" + rest + ")";
    default:
        return "[" + (e.parts.empty() ? "" : part(0) + ";" + rest) + "]";
    }
}
std::string parsed_expression(const std::string& source) {
    auto tokens = template_lexer("{{ " + source + " }}").tokens();
    tokens.erase(tokens.begin());
    template_expression_parser parser(tokens);
    std::string text = shown(parser.expressions());
    if (!parser.at(template_token_kind::end_output)) parser.fail("the end");
    return text;
}
} // namespace

TEST_CASE("operators bind as Jinja's do") {
    CHECK(parsed_expression("a or b and not c == d + e ~ f * -g") ==
          "(a or (b and (not (c == (d + (e ~ (f * (- g))))))))");
    CHECK(parsed_expression("a - b - c") == "((a - b) - c)");
    CHECK(parsed_expression("a not in b and c in d") == "((a not in b) and (c in d))");
    CHECK(parsed_expression("a if b else c if d else e") == "(a if b else (c if d else e))");
    CHECK(parsed_expression("a if b") == "(a if b else ?)");
}

TEST_CASE("what follows a value binds closest: members, calls, filters, tests") {
    CHECK(parsed_expression("'a' + b.c[0]['d'] | trim + e") == "((\"a\" + ([[b.c;0];\"d\"]|trim())) + e)");
    CHECK(parsed_expression("a.b(1, x=2).c(d)") == "a.b(1,x=2).c(d)");
    CHECK(parsed_expression("a[1:] ~ a[::-1]") == "([a;1,null,null] ~ [a;null,null,(- 1)])");
    CHECK(parsed_expression("not a is defined and b is not none") ==
          "((not (a is defined())) and (not (b is none())))");
    CHECK(parsed_expression("a is divisibleby 3 or b is eq('x')") == "((a is divisibleby(3)) or (b is eq(\"x\")))");
    CHECK(parsed_expression("a|b(c, d=1)|e") == "((a|b(c,d=1))|e())");
}

TEST_CASE("lists, mappings, pairs and neighbouring strings are values") {
    CHECK(parsed_expression("[1, 'a' 'b', []]") == "[1;\"ab\",[]]");
    CHECK(parsed_expression("{'a': 1, 'b': x}") == "[\"a\";1,\"b\",x]");
    CHECK(parsed_expression("1, 2") == "[1;2]");
    CHECK(parsed_expression("(1,)") == "[1;]");
    CHECK(parsed_expression("true and None") == "(true and null)");
}

TEST_CASE("an expression that breaks off or repeats is an error that says what was expected") {
    const auto error = [](const std::string& source) {
        return test::error_of([&] { (void)parsed_expression(source); });
    };
    CHECK(error("a +") == "line 1: a value was expected, found the end of a tag");
    CHECK(error("a b") == "line 1: the end was expected, found 'b'");
    CHECK(error("a[1") == "line 1: a tag is not closed");
    CHECK(error("a[1)]") == "line 1: ] was expected, found ')'");
    CHECK(error("f(a b)") == "line 1: , was expected, found 'b'");
    CHECK(test::contains(error("99999999999999999999"), "is too large"));
}
