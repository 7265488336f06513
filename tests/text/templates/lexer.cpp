#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/templates/lexer.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {
/// Texts as they are, tags in brackets.
std::string cut_template(const std::string& source) {
    std::string all;
    for (const template_token& token : template_lexer(source).tokens()) {
        using kind = template_token_kind;
        const bool opens = token.kind == kind::begin_block || token.kind == kind::begin_output;
        const bool closes = token.kind == kind::end_block || token.kind == kind::end_output;
        all += opens ? "[" : closes ? "]" : token.kind == kind::text ? token.text : token.text + ",";
    }
    return all;
}
} // namespace

TEST_CASE("a block takes the line end behind it and the blanks before it on its line, an output neither") {
    CHECK(cut_template("a\n  {% x %}\nb") == "a\n[x,]b,");
    CHECK(cut_template("a\n  {{ x }}\nb") == "a\n  [x,]\nb,");
    CHECK(cut_template("a  {% x %}\n\nb") == "a  [x,]\nb,");
    CHECK(cut_template("  {% x %}\n  {% y %}") == "[x,][y,],");
    CHECK(cut_template("a {%- x -%} \n b{%+ y -%}\n") == "a[x,]b[y,],");
    CHECK(cut_template("a {# {{ no }} #}\nb {#- no -#} c") == "a bc,");
}

TEST_CASE("tokens of a tag are names, numbers, strings with Python's escapes and symbols") {
    CHECK(cut_template("{{ a1.b[0:2] != 1_000 // 2.5 }}") == "[a1,.,b,[,0,:,2,],!=,1000,//,2.5,],");
    CHECK(cut_template(R"({{ 'a\n\'\\\u00e9\q' "b'" }})") == "[a\n'\\é\\q,b',],");
    CHECK(cut_template("{{ {'a': {}} }}") == "[{,a,:,{,},},],"); // brackets that are open do not close the tag
}

TEST_CASE("lines are counted through texts, tags and comments") {
    std::vector<std::size_t> lines;
    for (const auto& token : template_lexer("a\n{# \n #}{{\n x }}\n\n{% y %}").tokens()) lines.push_back(token.line);
    CHECK(lines == std::vector<std::size_t>{1, 3, 4, 4, 4, 6, 6, 6, 6});
}

TEST_CASE("what is not closed or not known is an error with its line") {
    const auto error = [](const std::string& source) { return test::error_of([&] { (void)cut_template(source); }); };
    CHECK(error("\n{{ a") == "line 2: a tag is not closed");
    CHECK(error("{# a") == "line 1: a comment is not closed");
    CHECK(error("{{ 'a }}") == "line 1: a string is not closed");
    CHECK(error("{{ a ? b }}") == "line 1: the character '?' is not known here");
    CHECK(error(R"({{ '\ud800' }})") == "line 1: an escape is no character");
    CHECK(error(R"({{ '\xZZ' }})") == "line 1: an escape has a digit that is none");
}
