/// \file
/// Sets of characters, as regular expressions write them (\p{L}, [^\r\n], \s): for each stretch of the code space,
/// which general categories belong. That form is closed under union, intersection and complement, and small.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <utf8proc.h>

#include <preflearn/text/characters/unicode.hpp>

namespace preflearn {

/// What a byte that is not UTF-8 counts as: a code beyond Unicode, of a category of its own.
inline constexpr char32_t no_character = 0x110000;
inline constexpr unsigned no_category = 30, category_count = 31;

/// The general category of a character (a UTF8PROC_CATEGORY_…, or `no_category`), as of Unicode 16.
inline unsigned category_of(char32_t code) {
    if (code >= no_character) return no_category;
    const auto kind = static_cast<unsigned>(utf8proc_category(static_cast<utf8proc_int32_t>(code)));
    if (kind != UTF8PROC_CATEGORY_CN) return kind;
    if (detail::is_in(code, detail::young_letters)) return UTF8PROC_CATEGORY_LO;
    return detail::is_in(code, detail::young_numbers) ? UTF8PROC_CATEGORY_ND : UTF8PROC_CATEGORY_CN;
}

/// A set of characters. `no_character` is in it when the set is written as a complement.
class character_set {
  public:
    using categories = std::uint32_t; ///< bit c: category c
    static constexpr categories all_categories = (categories{1} << category_count) - 1;

    /// The characters of some categories.
    explicit character_set(categories which = 0) : from_{{0, which}} {}
    /// The characters first … last.
    character_set(char32_t first, char32_t last) : from_{{0, 0}, {first, all_categories}} {
        from_.insert({last + 1, 0});
    }
    character_set(std::initializer_list<std::pair<char32_t, char32_t>> ranges) : character_set() {
        for (const auto& [first, last] : ranges) *this |= character_set(first, last);
    }

    [[nodiscard]] bool contains(char32_t code, unsigned kind) const {
        return (std::prev(from_.upper_bound(code))->second >> kind & 1U) != 0;
    }
    [[nodiscard]] bool contains(char32_t code) const { return contains(code, category_of(code)); }
    /// The codes at which what belongs changes, 0 first.
    [[nodiscard]] const std::map<char32_t, categories>& stretches() const { return from_; }

    [[nodiscard]] character_set complement() const {
        character_set made = *this;
        for (auto& [first, which] : made.from_) which = ~which & all_categories;
        return made;
    }
    character_set& operator|=(const character_set& other) {
        return combine(other, [](categories a, categories b) { return a | b; });
    }
    character_set& operator&=(const character_set& other) {
        return combine(other, [](categories a, categories b) { return a & b; });
    }
    friend bool operator==(const character_set&, const character_set&) = default;

  private:
    template <class Operation> character_set& combine(const character_set& other, Operation operation) {
        const auto at = [](const character_set& set, char32_t code) {
            return std::prev(set.from_.upper_bound(code))->second;
        };
        std::map<char32_t, categories> made;
        for (const character_set* const set : {static_cast<const character_set*>(this), &other})
            for (const auto& stretch : set->from_)
                made[stretch.first] = operation(at(*this, stretch.first), at(other, stretch.first));
        from_ = std::move(made);
        return *this;
    }

    std::map<char32_t, categories> from_; ///< the stretch that begins at a code: which categories belong
};

/// \s: White_Space.
inline character_set space_set() {
    character_set made(1U << UTF8PROC_CATEGORY_ZS | 1U << UTF8PROC_CATEGORY_ZL | 1U << UTF8PROC_CATEGORY_ZP);
    return made |= character_set{{0x9, 0xD}, {0x85, 0x85}};
}
/// \w, as `is_word`.
inline character_set word_set() {
    character_set made(0x3EU | 1U << UTF8PROC_CATEGORY_MN | 1U << UTF8PROC_CATEGORY_MC | 1U << UTF8PROC_CATEGORY_ME |
                       1U << UTF8PROC_CATEGORY_ND | 1U << UTF8PROC_CATEGORY_NL | 1U << UTF8PROC_CATEGORY_PC);
    return made |= character_set(0x200C, 0x200D);
}

/// The set that \p{name} stands for: a general category (L, Lu, Nd …), or Han. Nothing for other names.
inline std::optional<character_set> named_set(std::string_view name) {
    // in the order of utf8proc's categories
    constexpr std::string_view names = "CnLuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCsCo";
    if (name == "Han") {
        return character_set{{0x2E80, 0x2E99},   {0x2E9B, 0x2EF3},   {0x2F00, 0x2FD5},   {0x3005, 0x3005},
                             {0x3007, 0x3007},   {0x3021, 0x3029},   {0x3038, 0x303B},   {0x3400, 0x4DBF},
                             {0x4E00, 0x9FFF},   {0xF900, 0xFA6D},   {0xFA70, 0xFAD9},   {0x16FE2, 0x16FE3},
                             {0x16FF0, 0x16FF1}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B739}, {0x2B740, 0x2B81D},
                             {0x2B820, 0x2CEA1}, {0x2CEB0, 0x2EBE0}, {0x2EBF0, 0x2EE5D}, {0x2F800, 0x2FA1D},
                             {0x30000, 0x3134A}, {0x31350, 0x323AF}};
    }
    character_set::categories which = 0;
    for (unsigned kind = 0; 2 * kind < names.size(); ++kind) {
        const std::string_view known = names.substr(2 * kind, 2);
        if (name == known || (name.size() == 1 && name[0] == known[0])) which |= 1U << kind;
    }
    return which == 0 ? std::nullopt : std::optional(character_set(which));
}

} // namespace preflearn
