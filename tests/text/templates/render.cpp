#include <doctest/doctest.h>

#include <string>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/templates/render.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {
std::string rendered(const std::string& source, const template_value& values = template_value::object()) {
    return chat_template(source).render(values);
}
std::string render_error(const std::string& source, const template_value& values = template_value::object()) {
    return test::error_of([&] { (void)rendered(source, values); });
}
} // namespace

TEST_CASE("templates are rendered as Jinja renders them with transformers' settings") {
    const auto golden = template_value::parse(test::read(PREFLEARN_TESTS "/text/golden/templates.json"));
    for (const auto& one : golden["cases"]) {
        const std::string source = one["source"];
        CAPTURE(source);
        if (one.contains("text")) {
            CHECK(rendered(source, golden["values"]) == one["text"].get<std::string>());
        } else if (one.contains("refused")) {
            CHECK_THROWS_WITH_AS((void)rendered(source, golden["values"]), one["refused"].get<std::string>().c_str(),
                                 template_refusal);
        } else {
            CHECK_FALSE(render_error(source, golden["values"]).empty());
        }
    }
}

TEST_CASE("what is not known is named with its line") {
    CHECK(render_error("a\n{% import 'x' %}") ==
          "line 2: the statement 'import' is not known; if, for, set, macro, break, continue and generation are");
    CHECK(render_error("\n\n{{ 1 | sort }}") == "line 3: the filter 'sort' is not known for a number");
    CHECK(render_error("{{ f(1) }}") == "line 1: the function 'f' is not known");
    CHECK(render_error("{{ 1 is prime }}") == "line 1: the test 'prime' is not known");
    CHECK(render_error("{{ 'a'.encode() }}") == "line 1: a string has no method 'encode' that is known");
    CHECK(test::contains(render_error("{% if 1 %}a"), "'endif' was expected before the end"));
    CHECK(test::contains(render_error("{{ a b }}"), "line 1: }} was expected, found 'b'"));
    CHECK(render_error("{{ none + 1 }}") == "line 1: +: none and a number have no sum");
}

TEST_CASE("a template that asks whether there is a clock is told that there is none, one that does not gets one day") {
    CHECK(rendered("{% if strftime_now is defined %}clock{% else %}none{% endif %}") == "none");
    CHECK(rendered("{{ strftime_now('%d %b %Y') }}") == "26 Jul 2024");
}

TEST_CASE("templates from strangers come to an end and stay small") {
    CHECK(test::contains(
        render_error("{% for a in range(999) %}{% for b in range(999) %}{{ a }}{% endfor %}{% endfor %}"),
        "does not come to an end"));
    CHECK(test::contains(render_error("{{ range(100000000) }}"), "range: too long"));
    CHECK(test::contains(render_error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), "calls itself too often"));
    const std::string open(10000, '('), closed(10000, ')');
    CHECK(test::contains(render_error("{{ " + open + "1" + closed + " }}"), "nest too deep"));
    CHECK(test::contains(render_error("{{ " + std::string(100000, '-') + "1 }}"), "nest too deep"));
    std::string nested;
    for (int i = 0; i < 10000; ++i) nested += "{% if 1 %}";
    CHECK(test::contains(render_error(nested), "nest too deep"));
}

TEST_CASE("damaged templates are errors or text, and never more than that") {
    const auto golden = template_value::parse(test::read(PREFLEARN_TESTS "/text/golden/templates.json"));
    generator random(3, "templates");
    for (const auto& one : golden["cases"]) {
        const std::string source = one["source"];
        for (int trial = 0; trial < 15; ++trial) {
            const std::string damaged =
                trial % 2 == 0 ? source.substr(0, random.below(source.size() + 1)) : test::with_flips(source, random);
            (void)render_error(damaged, golden["values"]);
        }
    }
}
