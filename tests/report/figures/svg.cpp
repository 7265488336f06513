#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/figures/svg.hpp>

#include "../picture.hpp"

using namespace preflearn;

TEST_CASE("coordinates have the fewest digits to a hundredth") {
    CHECK(svg_number(0) == "0");
    CHECK(svg_number(-0.0) == "0");
    CHECK(svg_number(-0.001) == "0");
    CHECK(svg_number(1.5) == "1.5");
    CHECK(svg_number(100) == "100");
    CHECK(svg_number(-12.349) == "-12.35");
    CHECK_THROWS_AS(svg_number(std::nan("")), numeric_error);
    CHECK_THROWS_AS(svg_number(std::numeric_limits<double>::infinity()), numeric_error);
}

TEST_CASE("a document reads back as what was put into it") {
    const std::string hostile = "<script>&\"'</text> σ 人 \x01\xFF";
    const std::string seen = "<script>&\"'</text> σ 人 \\x01\uFFFD";
    svg_document svg(100, 50, hostile);
    svg.open("g", {{"fill", hostile}});
    svg.add("line", {{"x1", 1.25}, {"y1", -2}});
    svg.add_text(3, 4, hostile, {{"text-anchor", "end"}});
    const test::element root = test::read_xml(std::move(svg).finish()); // closes what is open
    CHECK(root.name == "svg");
    CHECK(root.attributes.at("viewBox") == "0 0 100 50");
    REQUIRE(root.children.size() == 3);
    CHECK(root.children[0].name == "title");
    CHECK(root.children[0].text == seen);
    const test::element& group = root.children[2];
    CHECK(group.attributes.at("fill") == seen);
    CHECK(group.children[0].number("x1") == 1.25);
    CHECK(group.children[1].text == seen);
    CHECK(group.children[1].attributes.at("text-anchor") == "end");
}

TEST_CASE("the reader of these tests refuses what is not XML") {
    for (const char* const bad :
         {"<a>", "<a></b>", "<a><b></a></b>", "<a x=\"1\" x=\"2\"/>", "<a>&</a>", "<a x=\"<\"/>", "<a/><b/>"}) {
        CHECK_THROWS_AS(test::read_xml(bad), std::runtime_error);
    }
}

TEST_CASE("text widths grow with the text, the font and wide characters") {
    CHECK(text_width("", 10) == 0);
    CHECK(text_width("iii", 10) < text_width("mmm", 10));
    CHECK(text_width("日本", 10) > text_width("ab", 10));
    CHECK(text_width("abc", 20) == doctest::Approx(2 * text_width("abc", 10)));
    CHECK(widest_text(std::vector<std::string>{"a", "abc", "ab"}, 10) == text_width("abc", 10));
}

TEST_CASE("a text in lines keeps its words in order, and no line of several words is too wide") {
    const std::string text = "one two three  four fivefivefivefivefive six";
    const auto lines = text_lines(text, 60, 10, font_weight::bold);
    std::string joined;
    for (const std::string& line : lines) {
        joined += (joined.empty() ? "" : " ") + line;
        CHECK((text_width(line, 10, font_weight::bold) <= 60 || line.find(' ') == line.npos));
    }
    CHECK(joined == "one two three four fivefivefivefivefive six");
    CHECK(lines.size() == 5);
    CHECK(text_lines("", 60, 10, font_weight::bold).empty());
    CHECK(text_width("abc", 10, font_weight::bold) > text_width("abc", 10));
}
