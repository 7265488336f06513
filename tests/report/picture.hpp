/// \file
/// Reads an SVG file back: a strict parser of the XML that pictures use, and the coordinates in paths.
// SPDX-License-Identifier: MIT
#pragma once

#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/report/figures/svg.hpp>

namespace test {

struct element {
    std::string name;
    std::map<std::string, std::string> attributes;
    std::string text;
    std::vector<element> children;

    [[nodiscard]] double number(const std::string& attribute) const { return std::stod(attributes.at(attribute)); }
};

/// Throws std::runtime_error for anything that is not well-formed.
class xml_reader {
  public:
    explicit xml_reader(std::string_view text) : rest_(text) {}

    element document() {
        element root = read_element();
        skip_space();
        expect(rest_.empty(), "nothing after the root element");
        return root;
    }

  private:
    static void expect(bool holds, const char* what) {
        if (!holds) throw std::runtime_error(std::string("expected ") + what);
    }
    void take(std::string_view part) {
        if (!rest_.starts_with(part))
            throw std::runtime_error("expected " + std::string(part) + " at " + std::string(rest_.substr(0, 40)));
        rest_.remove_prefix(part.size());
    }
    void skip_space() {
        while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
    }
    std::string until(std::string_view ends) {
        const std::size_t at = rest_.find_first_of(ends);
        expect(at != rest_.npos, "an end");
        std::string text(rest_.substr(0, at));
        rest_.remove_prefix(at);
        return text;
    }
    static std::string unescaped(std::string text) {
        constexpr std::pair<std::string_view, char> entities[] = {
            {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};
        std::string plain;
        for (std::size_t i = 0; i < text.size();) {
            expect(static_cast<unsigned char>(text[i]) >= 0x20 || text[i] == '\n', "no control characters");
            if (text[i] != '&') {
                plain += text[i++];
                continue;
            }
            bool known = false;
            for (const auto& [entity, character] : entities) {
                if (std::string_view(text).substr(i, entity.size()) != entity) continue;
                plain += character;
                i += entity.size();
                known = true;
                break;
            }
            expect(known, "one of the five entities");
        }
        return plain;
    }

    element read_element() {
        take("<");
        element read{.name = until(" />"), .attributes = {}, .text = {}, .children = {}};
        for (;;) {
            skip_space();
            if (rest_.starts_with("/>")) return take("/>"), read;
            if (rest_.starts_with(">")) break;
            const std::string attribute = until("=");
            take("=\"");
            const std::string value = until("\"<");
            take("\"");
            expect(read.attributes.emplace(attribute, unescaped(value)).second, "attributes once each");
        }
        take(">");
        for (;;) {
            const std::string text = until("<");
            expect(text.find('>') == text.npos, "> to be escaped");
            read.text += unescaped(text);
            if (rest_.starts_with("</")) break;
            read.children.push_back(read_element());
        }
        take("</" + read.name + ">");
        return read;
    }

    std::string_view rest_;
};

inline element read_xml(std::string_view text) { return xml_reader(text).document(); }

/// All elements of that name at or below `root`, in their order.
inline std::vector<const element*> all(const element& root, std::string_view name) {
    std::vector<const element*> found;
    if (root.name == name) found.push_back(&root);
    for (const element& child : root.children) {
        for (const element* const inner : all(child, name)) found.push_back(inner);
    }
    return found;
}

/// The texts of a picture, in their order.
inline std::vector<std::string> texts(const element& root) {
    std::vector<std::string> found;
    for (const element* const text : all(root, "text")) found.push_back(text->text);
    return found;
}

struct place {
    double x = 0, y = 0;
};

/// The texts of a picture that reach beyond its edges, turned ones included, by the library's measure of width.
inline std::vector<std::string> texts_outside(const element& root) {
    std::vector<std::string> found;
    for (const element* const text : all(root, "text")) {
        const auto is = [&](const char* attribute, const char* value) {
            const auto at = text->attributes.find(attribute);
            return at != text->attributes.end() && at->second == value;
        };
        const bool bold = is("font-weight", "bold");
        const double length =
            preflearn::text_width(text->text, text->number("font-size"),
                                  bold ? preflearn::font_weight::bold : preflearn::font_weight::normal);
        const double before = is("text-anchor", "end") ? length : is("text-anchor", "middle") ? length / 2 : 0;
        double angle = 0;
        if (const auto turn = text->attributes.find("transform"); turn != text->attributes.end())
            angle = std::stod(turn->second.substr(turn->second.find('(') + 1)) * std::acos(-1.0) / 180;
        for (const double along : {-before, length - before}) {
            const double x = text->number("x") + along * std::cos(angle),
                         y = text->number("y") + along * std::sin(angle);
            if (x < 0 || y < 0 || x > root.number("width") || y > root.number("height")) {
                found.push_back(text->text);
                break;
            }
        }
    }
    return found;
}

/// The corners of a path of absolute M, L, H, V and Z.
inline std::vector<place> corners(const std::string& path) {
    std::vector<place> found;
    place at;
    const char* c = path.c_str();
    const auto number = [&] {
        char* end = nullptr;
        const double value = std::strtod(c, &end);
        if (end == c) throw std::runtime_error("expected a number in path " + path);
        c = end;
        return value;
    };
    while (*c != '\0') {
        switch (*c++) {
        case 'M':
        case 'L':
            at.x = number();
            at.y = number();
            break;
        case 'H':
            at.x = number();
            break;
        case 'V':
            at.y = number();
            break;
        case 'Z':
            continue;
        default:
            throw std::runtime_error("unknown command in path " + path);
        }
        found.push_back(at);
    }
    return found;
}

} // namespace test
