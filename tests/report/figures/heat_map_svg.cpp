#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <preflearn/report/figures/heat_map_svg.hpp>

#include "../../numbers.hpp"
#include "../picture.hpp"

using namespace preflearn;

namespace {

test::element look(const heat_map& map) {
    const std::string file = to_svg(map);
    CHECK(file == to_svg(map));
    CHECK(file.find("nan") == file.npos);
    CHECK(file.find("inf") == file.npos);
    return test::read_xml(file);
}

/// Red + green + blue.
int lightness(const std::string& colour) {
    return std::stoi(colour.substr(1, 2), nullptr, 16) + std::stoi(colour.substr(3, 2), nullptr, 16) +
           std::stoi(colour.substr(5, 2), nullptr, 16);
}

/// The cells: the rectangles with a white border.
std::vector<const test::element*> cells(const test::element& picture) {
    std::vector<const test::element*> found;
    for (const test::element* cell : test::all(picture, "rect")) {
        if (cell->attributes.contains("stroke")) found.push_back(cell);
    }
    return found;
}

} // namespace

TEST_CASE("every value is printed in its cell, gaps as a dash") {
    const auto picture = look({.title = "κ & <α>",
                               .row_names = {"a<", "b"},
                               .column_names = {"x", "y"},
                               .values = {0.254, -0.5, test::not_a_number, 1},
                               .value_label = "kappa"});
    const auto texts = test::texts(picture);
    for (const char* const text : {"κ & <α>", "a<", "b", "x", "y", "0.25", "−0.50", "–", "1.00", "kappa"}) {
        CHECK_MESSAGE(std::ranges::count(texts, text) == 1, text);
    }
    const auto all = cells(picture);
    REQUIRE(all.size() == 4);
    CHECK(all[0]->number("y") == all[1]->number("y"));
    CHECK(all[0]->number("x") < all[1]->number("x"));
    CHECK(all[0]->number("y") < all[2]->number("y"));
}

TEST_CASE("larger is darker, and the printing on it is legible") {
    heat_map map{.row_names = {"r"}, .limits = {.low = 0, .high = 1}};
    for (int i = -2; i <= 22; ++i) {
        map.column_names.push_back(std::to_string(i));
        map.values.push_back(i / 20.0); // a little beyond the limits at either end
    }
    const auto picture = look(map);
    const auto all = cells(picture);
    const auto printed = test::all(picture, "text");
    REQUIRE(all.size() == 25);
    int before = 3 * 255 + 1;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const int background = lightness(all[i]->attributes.at("fill"));
        const bool beyond = i == 1 || i == 2 || i == 23 || i == 24; // as light or dark as the limit
        if (beyond) CHECK(background == before);
        if (!beyond) CHECK(background < before);
        before = background;
    }
    std::size_t found = 0;
    for (const test::element* text : printed) {
        if (!text->attributes.contains("fill")) continue;
        const int difference = lightness(text->attributes.at("fill")) - lightness(all[found++]->attributes.at("fill"));
        CHECK(std::abs(difference) > 200);
    }
    CHECK(found == 25);
}

TEST_CASE("maps of any values and shapes are pictures") {
    for (const heat_map& map :
         {heat_map{}, heat_map{.row_names = {"only a row"}},
          heat_map{.row_names = {"a"}, .column_names = {"x"}, .values = {test::not_a_number}},
          heat_map{.row_names = {"a"}, .column_names = {"x"}, .values = {3}},
          heat_map{.row_names = {"a"}, .column_names = {"x", "y", "z"}, .values = {-1e308, 1e308, 1e-310}},
          heat_map{.row_names = {"a"}, .column_names = {"a long name that does not fit"}, .values = {INFINITY}}}) {
        const auto picture = look(map);
        for (const test::element* cell : cells(picture)) {
            CHECK(cell->number("x") + cell->number("width") <= picture.number("width"));
            CHECK(cell->number("y") + cell->number("height") <= picture.number("height"));
        }
        for (const std::string& text : test::texts(picture)) CHECK(text.size() < 60);
    }
}

TEST_CASE("no title, label or name runs out of the picture, however long; a long title goes on in the next line") {
    const std::string words = "agreement of every teacher with every other one, and with humans ";
    for (const bool many : {false, true}) {
        heat_map map{.title = words + words,
                     .row_label = words,
                     .column_label = words + words,
                     .row_names = {"a"},
                     .column_names = {"a name that does not fit below a cell"},
                     .values = {0.5},
                     .value_label = words};
        if (many) {
            map.row_names = {"a", "b", "c", "d"};
            map.column_names = {"v", "w", "x", "y", "z"};
            map.values.resize(20);
        }
        const auto picture = look(map);
        CHECK(test::texts_outside(picture).empty());
        const auto texts = test::texts(picture);
        CHECK(std::ranges::count_if(texts, [](const std::string& text) { return text.starts_with("agreement"); }) >= 4);
        CHECK(test::all(picture, "title").at(0)->text == words + words);
    }
    CHECK(test::texts_outside(
              look({.title = std::string(200, 'W'), .row_names = {"r"}, .column_names = {"c"}, .values = {1}}))
              .empty());
}

TEST_CASE("limits out of order are refused") {
    CHECK_THROWS_AS(to_svg(heat_map{.limits = {.low = 1, .high = 0}}), argument_error);
}
