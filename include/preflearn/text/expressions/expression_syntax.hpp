/// \file
/// Reads a regular expression as pre-tokenisers write it, in Oniguruma's syntax as far as an automaton can carry it:
/// sets, \p{…}, groups, (?i: ), alternation, greedy, lazy and possessive repeats, and looking at the next character
/// (`(?!\S)`, `(?=\p{L})`, `$`). What is beyond that is refused with the expression, never read as something else.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/character_set.hpp>

namespace preflearn {

/// A part of an expression.
struct expression_node {
    enum class kind : std::uint8_t { character, sequence, alternatives, repeat, next_is };
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    kind what = kind::sequence;
    character_set set{};       ///< of `character`, and of `next_is`: what the next character must be
    bool holds_at_end = false; ///< of `next_is`: whether the end of the text will do
    std::vector<expression_node> parts{};
    std::size_t least = 0, most = 0; ///< of `repeat`
    bool lazy = false;               ///< of `repeat`
};

namespace detail {

class expression_parser {
  public:
    explicit expression_parser(std::string_view pattern) : pattern_(pattern) {}

    [[nodiscard]] expression_node whole() {
        expression_node made = alternatives(0);
        if (at_ < pattern_.size()) fail("a ')' without '('");
        return made;
    }

  private:
    using kind = expression_node::kind;

    [[noreturn]] void fail(std::string_view what) const {
        throw argument_error(message("the expression ", excerpt{pattern_}, " has ", what, " at byte ", at_));
    }
    [[nodiscard]] bool more() const { return at_ < pattern_.size(); }
    [[nodiscard]] char peek() const { return more() ? pattern_[at_] : '\0'; }
    bool accept(std::string_view text) {
        if (!pattern_.substr(at_).starts_with(text)) return false;
        at_ += text.size();
        return true;
    }
    void expect(std::string_view text, std::string_view what) {
        if (!accept(text)) fail(what);
    }

    static expression_node of(character_set set) { return {.what = kind::character, .set = std::move(set)}; }
    static expression_node next(character_set set, bool at_end) {
        return {.what = kind::next_is, .set = std::move(set), .holds_at_end = at_end};
    }

    expression_node alternatives(int depth) {
        if (depth > 20) fail("groups nested deeper than 20");
        expression_node made{.what = kind::alternatives};
        do {
            expression_node sequence{.what = kind::sequence};
            while (more() && peek() != '|' && peek() != ')') sequence.parts.push_back(repeated(depth));
            made.parts.push_back(std::move(sequence));
        } while (accept("|"));
        return made;
    }

    expression_node repeated(int depth) {
        expression_node made = atom(depth);
        for (bool counted = false;; counted = true) {
            std::size_t least = 0, most = expression_node::unlimited;
            if (accept("*")) {
            } else if (accept("+")) {
                least = 1;
            } else if (accept("?")) {
                most = 1;
            } else if (peek() == '{') {
                ++at_;
                least = number();
                most = !accept(",") ? least : peek() == '}' ? most : number();
                expect("}", "a repeat that is not {m}, {m,} or {m,n}");
                if (most < least) fail("a repeat whose bounds are turned round");
                if (peek() == '+') fail("a '+' behind {…}, which is read in different ways,");
            } else {
                return made;
            }
            if (made.what == kind::next_is || counted) fail("a repeat of a repeat or of what takes no character");
            expression_node body = made;
            made = {.what = kind::repeat, .parts = {std::move(made)}, .least = least, .most = most};
            if (accept("?")) {
                made.lazy = true;
            } else if (accept("+")) {
                made = possessive(std::move(made), body);
            }
        }
    }

    /// A possessive repeat of one set gives nothing back: it ends where the next character is not in the set.
    expression_node possessive(expression_node repeat, const expression_node& body) {
        if (body.what != kind::character) fail("a possessive repeat of more than one set");
        const expression_node stop = next(body.set.complement(), true);
        if (repeat.most == 1) {
            expression_node once{.what = kind::sequence, .parts = {body}},
                none{.what = kind::sequence, .parts = {stop}};
            return {.what = kind::alternatives, .parts = {std::move(once), std::move(none)}};
        }
        return {.what = kind::sequence, .parts = {std::move(repeat), stop}};
    }

    std::size_t number() {
        std::size_t value = 0, digits = 0;
        for (; peek() >= '0' && peek() <= '9' && digits < 5; ++digits, ++at_)
            value = 10 * value + static_cast<std::size_t>(peek() - '0');
        if (digits == 0) fail("a repeat that is not {m}, {m,} or {m,n}");
        return value;
    }

    expression_node atom(int depth) {
        if (accept("(")) return group(depth);
        if (accept("[")) return of(bracket(0));
        if (accept(".")) return of(character_set(U'\n', U'\n').complement());
        if (accept("$")) return next(character_set(U'\n', U'\n'), true);
        if (accept("\\z")) return next(character_set(), true);
        if (peek() == '^' || peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{')
            fail(message("'", peek(), "', which is not known here,"));
        if (peek() == '\\') return of(escape());
        return of(folded(one(character())));
    }

    expression_node group(int depth) {
        const bool outside = any_case_;
        const bool looks_for = accept("?="), looks_away = !looks_for && accept("?!");
        if (!looks_for && !looks_away) {
            if (accept("?i:"))
                any_case_ = true;
            else if (!accept("?:") && peek() == '?')
                fail("a group of a kind that is not known");
        }
        expression_node made = alternatives(depth + 1);
        expect(")", "a '(' without ')'");
        any_case_ = outside;
        if (!looks_for && !looks_away) return made;
        character_set set;
        for (const expression_node& choice : made.parts) {
            if (choice.parts.size() != 1 || choice.parts[0].what != kind::character)
                fail("a look ahead at more than one character");
            set |= choice.parts[0].set;
        }
        return looks_for ? next(std::move(set), false) : next(set.complement(), true);
    }

    [[nodiscard]] char32_t character() {
        if (!more()) fail("an end where a character was expected");
        const preflearn::character c = character_at(pattern_, at_);
        if (!c.valid) fail("a byte that is not UTF-8");
        at_ += c.bytes;
        return c.code;
    }
    static character_set one(char32_t code) { return {code, code}; }

    /// Without case, a letter is both of its forms, and s and k are U+017F and U+212A too.
    [[nodiscard]] character_set folded(character_set set) const {
        if (!any_case_) return set;
        for (char32_t low = U'a'; low <= U'z'; ++low) {
            const char32_t high = low - U'a' + U'A', far = low == U's' ? U'\u017F' : low == U'k' ? U'\u212A' : low;
            if (!set.contains(low) && !set.contains(high) && !set.contains(far)) continue;
            (set |= one(low)) |= one(high);
            set |= one(far);
        }
        return set;
    }

    /// After a backslash that is still ahead: a class, or the one character that it stands for.
    character_set escape() {
        ++at_;
        const char letter = peek();
        if (letter == 'p' || letter == 'P') return property();
        if (letter == 's' || letter == 'S' || letter == 'd' || letter == 'D' || letter == 'w' || letter == 'W') {
            ++at_;
            const char low = static_cast<char>(letter | 0x20);
            const character_set set = low == 's'   ? space_set()
                                      : low == 'w' ? word_set()
                                                   : character_set(1U << UTF8PROC_CATEGORY_ND);
            return letter == low ? set : set.complement();
        }
        --at_;
        return folded(one(escaped()));
    }

    character_set property() {
        const bool negated = peek() == 'P';
        ++at_;
        if (any_case_) fail("\\p without case");
        expect("{", "a \\p without {…}");
        const bool turned = accept("^");
        const std::size_t end = pattern_.find('}', at_);
        if (end == std::string_view::npos) fail("a \\p without {…}");
        const auto set = named_set(pattern_.substr(at_, end - at_));
        if (!set) fail(message("\\p{", pattern_.substr(at_, end - at_), "}, which is not known,"));
        at_ = end + 1;
        return negated != turned ? set->complement() : *set;
    }

    /// The character that a backslash sequence stands for.
    char32_t escaped() {
        ++at_;
        const char letter = peek();
        constexpr std::string_view letters = "nrtfva", codes = "\n\r\t\f\v\a";
        if (const std::size_t i = letters.find(letter); more() && i != std::string_view::npos) {
            ++at_;
            return static_cast<char32_t>(codes[i]);
        }
        if (letter == 'x' || letter == 'u') {
            ++at_;
            const bool braced = letter == 'x' && accept("{");
            return hexadecimal(braced ? 1 : letter == 'x' ? 2 : 4, braced ? 6 : letter == 'x' ? 2 : 4, braced);
        }
        if ((letter >= '0' && letter <= '9') || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z'))
            fail(message("\\", letter, ", which is not known here,"));
        return character();
    }
    char32_t hexadecimal(int least, int most, bool braced) {
        char32_t code = 0;
        int digits = 0;
        for (; digits < most; ++digits, ++at_) {
            const char c = peek(), low = static_cast<char>(c | 0x20);
            if (c >= '0' && c <= '9')
                code = code * 16 + static_cast<char32_t>(c - '0');
            else if (low >= 'a' && low <= 'f')
                code = code * 16 + static_cast<char32_t>(low - 'a' + 10);
            else
                break;
        }
        if (digits < least || code > 0x10FFFF || (braced && !accept("}"))) fail("a code that is not hexadecimal");
        return code;
    }

    /// [ … ] behind its '[': characters, ranges, classes, sets within, && for what both sides have.
    character_set bracket(int depth) {
        if (depth > 20) fail("sets nested deeper than 20");
        const bool negated = accept("^");
        character_set all(character_set::all_categories), part;
        for (bool first = true; first || peek() != ']'; first = false) {
            if (!more()) fail("a '[' without ']'");
            if (accept("&&")) {
                all &= part;
                part = character_set();
            } else if (peek() == '[') {
                if (accept("[:")) fail("a [:class:]");
                ++at_;
                part |= bracket(depth + 1);
            } else {
                part |= member();
            }
        }
        ++at_;
        all &= part;
        return negated ? all.complement() : all;
    }
    character_set member() {
        if (peek() == '\\') {
            const std::string_view rest = pattern_.substr(at_ + 1);
            if (rest.empty() || std::string_view("pPsSdDwW").find(rest[0]) != std::string_view::npos) return escape();
        }
        const auto code = [&] { return peek() == '\\' ? escaped() : character(); };
        const char32_t first = code();
        if (peek() != '-' || pattern_.substr(at_).starts_with("-]") || pattern_.substr(at_).starts_with("-["))
            return folded(one(first));
        ++at_;
        const char32_t last = code();
        if (last < first) fail("a range whose ends are turned round");
        return folded(character_set(first, last));
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    bool any_case_ = false;
};

} // namespace detail

/// The parts of an expression. \throws argument_error with the expression and the byte at which it is not understood.
inline expression_node parse_expression(std::string_view pattern) { return detail::expression_parser(pattern).whole(); }

} // namespace preflearn
