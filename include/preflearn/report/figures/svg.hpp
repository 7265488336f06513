/// \file
/// A small writer of SVG 1.1: elements, attributes, text, and nothing else (no script, no id, no style sheet), so that
/// a picture is the same bytes every time and can stand inside any page. Debian has no C++ library for plots that is
/// worth a dependency, and what our figures need is these hundred lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/tables/unicode_text.hpp>

namespace preflearn {

/// Text as XML character data or as an attribute's value: printable, the five characters of XML's own escaped.
inline std::string escaped_for_xml(std::string_view text) {
    std::string safe;
    for (const char c : printable(text)) {
        switch (c) {
        case '&':
            safe += "&amp;";
            break;
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '"':
            safe += "&quot;";
            break;
        case '\'':
            safe += "&apos;";
            break;
        default:
            safe += c;
        }
    }
    return safe;
}

/// A coordinate in pixels to a hundredth, in the fewest digits. \throws numeric_error unless it is finite.
inline std::string svg_number(double value) {
    require<numeric_error>(std::isfinite(value), "a coordinate of a picture is ", value);
    std::string text = fmt::format("{:.2f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text == "-0" ? "0" : text;
}

enum class font_weight { normal, bold };

/// Width of a text in a sans-serif font of the given size, in pixels, for layout: no less than in DejaVu Sans, the
/// widest of the fonts that pictures ask for.
inline double text_width(std::string_view text, double font_size, font_weight weight = font_weight::normal) {
    double width = 0;
    while (!text.empty()) {
        const char32_t code = take_code_point(text);
        const auto is_in = [code](std::u32string_view set) { return set.find(code) != set.npos; };
        const double columns = static_cast<double>(display_width(code));
        width += is_in(U" ijlI.,:;|!'/·")               ? 0.34
                 : is_in(U"tfr()[]-")                   ? 0.43
                 : is_in(U"mwMW@%")                     ? 1.0
                 : is_in(U"+=<>~≈≤≥−×") || code == U'#' ? 0.84
                 : (code >= 'A' && code <= 'Z')         ? 0.79
                                                        : 0.64 * columns;
    }
    return width * font_size * (weight == font_weight::bold ? 1.15 : 1);
}

/// A text in lines of at most `width` pixels, broken between words; a longer word has a line of its own. None of no
/// text.
inline std::vector<std::string> text_lines(std::string_view text, double width, double font_size, font_weight weight) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string word(text.substr(at, end - at));
        at = end + 1;
        if (word.empty()) continue;
        if (!lines.empty() && text_width(lines.back() + ' ' + word, font_size, weight) <= width)
            lines.back() += ' ' + word;
        else
            lines.push_back(word);
    }
    return lines;
}

/// Width of the widest of several texts, 0 for none; `text_of` takes the text out of an element.
template <std::ranges::input_range Texts, class TextOf = std::identity>
double widest_text(const Texts& texts, double font_size, TextOf text_of = {}) {
    double width = 0;
    for (const auto& element : texts) width = std::max(width, text_width(std::invoke(text_of, element), font_size));
    return width;
}

/// `name="value"`; a number becomes a coordinate.
struct svg_attribute {
    std::string_view name;
    std::string value;

    svg_attribute(std::string_view attribute, std::string_view text) : name(attribute), value(escaped_for_xml(text)) {}
    svg_attribute(std::string_view attribute, const char* text) : svg_attribute(attribute, std::string_view(text)) {}
    svg_attribute(std::string_view attribute, double number) : name(attribute), value(svg_number(number)) {}
};

/// A picture as it is being drawn; later elements lie above earlier ones. Names of elements and attributes are
/// trusted, texts are escaped.
class svg_document {
  public:
    using attributes = std::initializer_list<svg_attribute>;

    /// A white picture, in pixels; `title` is what a reader that cannot show it says instead.
    svg_document(double width, double height, std::string_view title) {
        open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                     {"width", width},
                     {"height", height},
                     {"viewBox", fmt::format("0 0 {} {}", svg_number(width), svg_number(height))},
                     {"role", "img"},
                     {"font-family", "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"},
                     {"font-size", 11.0},
                     {"fill", "#222222"}});
        if (!title.empty()) text_ += fmt::format("<title>{}</title>\n", escaped_for_xml(title));
        add("rect", {{"width", width}, {"height", height}, {"fill", "#ffffff"}});
    }

    void add(std::string_view element, attributes list) { text_ += tag(element, list) + "/>\n"; }

    /// A text whose anchor (its start unless `text-anchor` says otherwise) is at (x, y).
    void add_text(double x, double y, std::string_view content, attributes list = {}) {
        text_ += fmt::format("{} x=\"{}\" y=\"{}\">{}</text>\n", tag("text", list), svg_number(x), svg_number(y),
                             escaped_for_xml(content));
    }

    /// What is added from here to the matching `close` lies inside this element.
    void open(std::string_view element, attributes list) {
        text_ += tag(element, list) + ">\n";
        open_.emplace_back(element);
    }
    void close() {
        text_ += "</" + open_.back() + ">\n";
        open_.pop_back();
    }

    /// The finished file.
    [[nodiscard]] std::string finish() && {
        while (!open_.empty()) close();
        return std::move(text_);
    }

  private:
    static std::string tag(std::string_view element, attributes list) {
        std::string text = "<" + std::string(element);
        for (const auto& [name, value] : list) text += fmt::format(" {}=\"{}\"", name, value);
        return text;
    }

    std::string text_;
    std::vector<std::string> open_;
};

} // namespace preflearn
