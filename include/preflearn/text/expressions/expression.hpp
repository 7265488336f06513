/// \file
/// A regular expression as a finite automaton: one table look-up a character, whatever the expression. Its states are
/// ordered lists of places in the expression (Thompson's construction with the order of choices kept, as in Cox,
/// "Regular expression matching in the wild", 2010), so that a match is the one a backtracking engine finds: the first
/// alternative that works, greedy repeats as long as they can be. What follows a place is checked one character late,
/// which is why the expression may look at the next character.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/characters/character_set.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/expressions/expression_syntax.hpp>

namespace preflearn {

namespace detail {

/// The expression as instructions, each of which goes on to `next` (`other`: what a choice tries second).
struct expression_step {
    enum class kind : std::uint8_t { character, next_is, choice, match };
    kind what = kind::match;
    bool holds_at_end = false;
    std::uint32_t set = 0;
    std::uint32_t next = 0, other = 0;
};

class expression_program {
  public:
    std::vector<expression_step> steps;
    std::vector<character_set> sets;
    std::uint32_t start = 0;

    explicit expression_program(const expression_node& whole) { start = add(whole, push({})); }

  private:
    using kind = expression_node::kind;
    using step = expression_step::kind;

    std::uint32_t push(const expression_step& made) {
        require(steps.size() < 20000, "an expression is too large: more than 20000 steps");
        steps.push_back(made);
        return static_cast<std::uint32_t>(steps.size() - 1);
    }
    std::uint32_t index_of(const character_set& set) {
        const auto index = static_cast<std::uint32_t>(std::find(sets.begin(), sets.end(), set) - sets.begin());
        if (index == sets.size()) sets.push_back(set);
        return index;
    }
    /// Adds a node that goes on to `next`; returns where it begins.
    std::uint32_t add(const expression_node& node, std::uint32_t next) {
        switch (node.what) {
        case kind::character:
            return push({.what = step::character, .set = index_of(node.set), .next = next});
        case kind::next_is:
            return push({step::next_is, node.holds_at_end, index_of(node.set), next, 0});
        case kind::sequence:
            for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = add(*part, next);
            return next;
        case kind::alternatives: {
            std::uint32_t begin = add(node.parts.back(), next);
            for (std::size_t i = node.parts.size() - 1; i-- > 0;)
                begin = push({.what = step::choice, .next = add(node.parts[i], next), .other = begin});
            return begin;
        }
        case kind::repeat:
            return add_repeat(node, next);
        }
        return next;
    }
    std::uint32_t add_repeat(const expression_node& node, std::uint32_t next) {
        const expression_node& body = node.parts[0];
        std::size_t copies = node.least;
        const auto choice = [&](std::uint32_t again) {
            return expression_step{
                .what = step::choice, .next = node.lazy ? next : again, .other = node.lazy ? again : next};
        };
        std::uint32_t begin = next;
        if (node.most == expression_node::unlimited) {
            const std::uint32_t loop = push({});
            const std::uint32_t again = add(body, loop);
            steps[loop] = choice(again);
            begin = node.least > 0 ? again : loop;
            if (copies > 0) --copies;
        } else {
            for (std::size_t i = node.least; i < node.most; ++i) begin = push(choice(add(body, begin)));
        }
        for (std::size_t i = 0; i < copies; ++i) begin = add(body, begin);
        return begin;
    }
};

/// Characters that every set of an expression treats alike share a class.
class expression_classes {
  public:
    explicit expression_classes(const std::vector<character_set>& sets) {
        require(sets.size() <= 64, "an expression is too large: more than 64 sets of characters");
        for (const character_set& set : sets)
            for (const auto& stretch : set.stretches()) starts_.push_back(stretch.first);
        starts_.push_back(0);
        std::sort(starts_.begin(), starts_.end());
        starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
        std::map<std::uint64_t, std::uint16_t> known;
        for (const char32_t start : starts_) {
            for (unsigned kind = 0; kind < category_count; ++kind) {
                std::uint64_t in = 0;
                for (std::size_t i = 0; i < sets.size(); ++i) in |= std::uint64_t{sets[i].contains(start, kind)} << i;
                const auto found = known.emplace(in, static_cast<std::uint16_t>(known.size())).first;
                by_category_.push_back(found->second);
            }
        }
        members.resize(known.size());
        for (const auto& [which, index] : known) members[index] = which;
        for (char32_t code = 0; code < 128; ++code) ascii_[code] = of_any(code);
    }

    std::vector<std::uint64_t> members; ///< bit s of a class: its characters are in set s

    [[nodiscard]] std::uint16_t of_ascii(unsigned char byte) const { return ascii_[byte]; }
    [[nodiscard]] std::uint16_t of_any(char32_t code) const {
        const auto stretch = std::upper_bound(starts_.begin(), starts_.end(), code) - starts_.begin() - 1;
        return by_category_[static_cast<std::size_t>(stretch) * category_count + category_of(code)];
    }

  private:
    std::vector<char32_t> starts_;
    std::vector<std::uint16_t> by_category_; ///< [stretch][category]
    std::array<std::uint16_t, 128> ascii_{};
};

} // namespace detail

/// An expression, compiled. Immutable; all calls are thread safe and allocate nothing but in `find`.
class expression {
  public:
    /// \throws argument_error when the pattern is not understood (see expression_syntax.hpp) or is absurdly large.
    explicit expression(const std::string& pattern)
        : expression(pattern, detail::expression_program(parse_expression(pattern))) {}

    [[nodiscard]] const std::string& pattern() const { return pattern_; }

    /// Where the match that begins at byte `at` ends (at `at`, when it is empty); nothing when there is none.
    [[nodiscard]] std::optional<std::size_t> match(std::string_view text, std::size_t at) const {
        std::size_t found = none;
        run(text, at, found, [](std::size_t, std::uint32_t) { return true; });
        return found == none ? std::nullopt : std::optional(found);
    }

    struct range {
        std::size_t begin = 0, end = 0;
    };
    /// The first match at or after byte `at`. A state that led nowhere once is not tried again at the same place, so
    /// that a run of n characters which may begin but not end a match costs n steps, not n².
    [[nodiscard]] std::optional<range> find(std::string_view text, std::size_t at) const {
        std::vector<std::uint32_t> failed; // the state at each place of an attempt that found nothing, from `base` on
        std::size_t base = at;
        for (std::size_t begin = at; begin <= text.size();) {
            std::size_t found = none;
            run(text, begin, found, [&](std::size_t place, std::uint32_t state) {
                if (place < begin + 16) return true; // short attempts are cheaper than their record
                if (failed.empty()) base = place;
                if (place - base >= failed.size()) failed.resize(place - base + 1, 0);
                return std::exchange(failed[place - base], state) != state;
            });
            if (found != none) return range{begin, found};
            begin += begin < text.size() ? character_at(text, begin).bytes : 1;
        }
        return std::nullopt;
    }

  private:
    static constexpr std::size_t none = ~std::size_t{0};

    expression(std::string pattern, const detail::expression_program& program)
        : pattern_(std::move(pattern)), classes_(program.sets), columns_(classes_.members.size() + 1) {
        build(program);
    }

    /// Follows the text from `begin` on; `found` becomes the end of the match. `goes_on(place, state)` may stop it.
    template <class GoesOn>
    void run(std::string_view text, std::size_t begin, std::size_t& found, GoesOn&& goes_on) const {
        std::uint32_t state = start_;
        for (std::size_t at = begin; at < text.size();) {
            std::size_t bytes = 1;
            std::uint16_t column = 0;
            if (const auto byte = static_cast<unsigned char>(text[at]); byte < 128) {
                column = classes_.of_ascii(byte);
            } else {
                const character c = character_at(text, at);
                bytes = c.bytes;
                column = classes_.of_any(c.valid ? c.code : no_character);
            }
            const std::uint32_t entry = table_[state + column];
            if ((entry & 1U) != 0) found = at;
            state = entry >> 1;
            if (state == 0) return;
            at += bytes;
            if (!goes_on(at, state)) return;
        }
        if ((table_[state + columns_ - 1] & 1U) != 0) found = text.size();
    }

    using places = std::vector<std::uint32_t>;

    /// All states that can be reached; a state is known by its list of steps, in order of preference.
    void build(const detail::expression_program& program) {
        std::map<places, std::uint32_t> known;
        std::vector<places> states;
        const auto row_of = [&](const places& which) {
            const auto [found, is_new] = known.emplace(which, static_cast<std::uint32_t>(states.size() * columns_));
            if (is_new) states.push_back(which);
            require(states.size() <= 10000, "the expression ", excerpt{pattern_}, " is too large");
            return found->second;
        };
        (void)row_of({}); // row 0: nothing can match any more
        start_ = row_of({program.start});
        std::vector<bool> seen(program.steps.size());
        for (std::size_t state = 0; state < states.size(); ++state) {
            for (std::size_t column = 0; column < columns_; ++column) {
                places after;
                bool matched = false;
                std::fill(seen.begin(), seen.end(), false);
                const bool at_end = column + 1 == columns_;
                const std::uint64_t members = at_end ? 0 : classes_.members[column];
                const places from = states[state];
                for (const std::uint32_t place : from)
                    if (!matched) matched = follow(program, place, at_end, members, seen, after);
                table_.push_back(row_of(after) << 1 | std::uint32_t{matched});
            }
        }
    }

    /// Adds what a step leads to when the next character is in the sets `members`; true: a match is found, which
    /// leaves no room for what is preferred less.
    static bool follow(const detail::expression_program& program, std::uint32_t place, bool at_end,
                       std::uint64_t members, std::vector<bool>& seen, places& after) {
        using kind = detail::expression_step::kind;
        std::vector<std::uint32_t> waiting{place};
        while (!waiting.empty()) {
            place = waiting.back();
            waiting.pop_back();
            if (seen[place]) continue;
            seen[place] = true;
            const detail::expression_step& step = program.steps[place];
            const bool is_in = (members >> step.set & 1U) != 0;
            if (step.what == kind::match) return true;
            if (step.what == kind::choice) {
                waiting.push_back(step.other);
                waiting.push_back(step.next);
            } else if (step.what == kind::next_is) {
                if (at_end ? step.holds_at_end : is_in) waiting.push_back(step.next);
            } else if (is_in && std::find(after.begin(), after.end(), step.next) == after.end()) {
                after.push_back(step.next);
            }
        }
        return false;
    }

    std::string pattern_;
    detail::expression_classes classes_;
    std::size_t columns_; ///< classes, and one for the end of the text
    std::uint32_t start_ = 0;
    std::vector<std::uint32_t> table_; ///< [state][class]: the row that follows, twice; plus 1 where a match ends here
};

} // namespace preflearn
