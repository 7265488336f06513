/// \file
/// What pairs are called in the file they come from. Inside, a pair's id is a number that labels, splits and random
/// draws use; outside it is what the file says: a whole number, a text (inside: its FNV-1a hash), or nothing, where the
/// line's index from 0 serves. Messages and outputs give back what the file says.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

enum class id_form : std::uint8_t { none, number, text };

/// An id as a record gives it.
struct given_id {
    id_form form = id_form::none;
    std::uint64_t number = 0;
    std::string text{};

    /// The id inside: the number, the text's hash; `index` where the record has none.
    [[nodiscard]] std::uint64_t inside(std::uint64_t index) const {
        return form == id_form::text ? hash_of(text) : form == id_form::number ? number : index;
    }
};

/// An id to be written, and where its pair stands.
struct pair_name {
    /// The id as text: digits, the file's text, or "line 7" for a line without an id in a file where others have one.
    std::string id{};
    /// As JSON the id is this number unless it is a text.
    std::uint64_t number = 0;
    bool is_text = false;
    std::size_t line = 0;   ///< from 1; 0: in no file
    bool is_a_line = false; ///< the text is "line 7"

    /// As messages show it: a text of the file in quotes.
    [[nodiscard]] std::string shown() const { return is_text && !is_a_line ? message(excerpt{id}) : id; }
};

/// The names of the pairs of one file. No two pairs have one id inside: a line without an id gives way to a number, and
/// two ids that are equal, or whose hashes are, are refused.
class pair_names {
  public:
    explicit pair_names(std::string file = {}) : file_(std::move(file)) {}

    /// Takes note of a pair and returns its id inside. \param index the id of a record without one
    /// \throws input_error naming both ids' lines when the id is taken.
    std::uint64_t add(const given_id& given, std::uint64_t index, std::size_t line) {
        std::uint64_t id = given.inside(index);
        for (std::uint64_t step = 0;; ++step) { // a free place, for at most one of: a number, a line without an id
            const auto at = entries_.find(id);
            if (at == entries_.end()) break;
            const entry& other = at->second;
            if (given.form != id_form::none && other.form != id_form::none) {
                const bool same =
                    other.form == given.form &&
                    (given.form == id_form::text ? texts_.at(id) == given.text : number_of(id) == given.number);
                require<input_error>(!same, "the id ", shown(given), " was seen on line ", other.line);
                require<input_error>(step > 0, "the id ", shown(given), " and the id ", find(id).shown(), " on line ",
                                     other.line, " are one number inside (", id, "); change one of them");
            }
            id = generator(given.form == id_form::number ? given.number : index, "id of another", step)();
        }
        insert(id, given, line);
        return id;
    }

    /// Takes note of a pair whose id inside is known. \throws argument_error when that is taken.
    void insert(std::uint64_t id, const given_id& given, std::size_t line) {
        const bool added = entries_.try_emplace(id, entry{line, given.form}).second;
        require(added, "the id ", given.form == id_form::none ? std::to_string(id) : shown(given),
                " is taken by another pair");
        if (given.form == id_form::text) texts_.emplace(id, given.text);
        if (given.form == id_form::number && given.number != id) numbers_.emplace(id, given.number);
        some_are_given_ = some_are_given_ || given.form != id_form::none;
    }

    [[nodiscard]] bool contains(std::uint64_t id) const { return entries_.contains(id); }
    /// Whether a record has an id of its own.
    [[nodiscard]] bool some_are_given() const { return some_are_given_; }

    /// A pair of another file is called by its number.
    [[nodiscard]] pair_name find(std::uint64_t id) const {
        const auto at = entries_.find(id);
        const entry known = at == entries_.end() ? entry{} : at->second;
        if (known.form == id_form::text) return {texts_.at(id), 0, true, known.line};
        if (known.form == id_form::none && some_are_given_ && known.line > 0) {
            std::string line = message("line ", known.line);
            while (texts_.contains(hash_of(line))) line += '\''; // somebody's id
            return {std::move(line), 0, true, known.line, true};
        }
        const std::uint64_t number = known.form == id_form::none ? id : number_of(id);
        return {std::to_string(number), number, false, known.line};
    }

    /// "pairs.jsonl:36: pair 'a7'", as far as it is known.
    [[nodiscard]] std::string place(std::uint64_t id) const {
        const pair_name name = find(id);
        const std::string pair = name.is_a_line ? "the pair" : message("pair ", name.shown());
        return name.line > 0 ? message(file_line{file_, name.line}, ": ", pair) : pair;
    }
    /// A message in which every "pair 7" whose number is the id inside of a pair of this file says what the file calls
    /// it and where it stands: "pair 'a7' (pairs.jsonl:36)".
    [[nodiscard]] std::string renamed(std::string_view text) const {
        constexpr std::string_view word = "pair ";
        std::string result;
        for (std::size_t at = 0;;) {
            const std::size_t found = text.find(word, at);
            if (found == std::string_view::npos) return result.append(text.substr(at));
            const char* const begin = text.data() + found + word.size();
            std::uint64_t id = 0;
            const auto [end, failure] = std::from_chars(begin, text.data() + text.size(), id);
            const bool known = failure == std::errc() && contains(id);
            const pair_name name = find(id);
            result.append(text.substr(at, found - at));
            at = known ? static_cast<std::size_t>(end - text.data()) : found + word.size();
            if (!known) {
                result.append(word);
            } else if (name.line > 0) {
                result += message(word, name.shown(), " (", file_line{file_, name.line}, ")");
            } else {
                result += message(word, name.shown());
            }
        }
    }
    [[nodiscard]] const std::string& file() const { return file_; }

  private:
    struct entry {
        std::size_t line = 0;
        id_form form = id_form::none;
    };

    static std::string shown(const given_id& given) {
        return given.form == id_form::text ? message(excerpt{given.text}) : std::to_string(given.number);
    }
    [[nodiscard]] std::uint64_t number_of(std::uint64_t id) const {
        const auto at = numbers_.find(id);
        return at == numbers_.end() ? id : at->second;
    }

    std::string file_;
    std::unordered_map<std::uint64_t, entry> entries_;
    std::unordered_map<std::uint64_t, std::string> texts_;
    std::unordered_map<std::uint64_t, std::uint64_t> numbers_; // of those that gave way to a line without an id
    bool some_are_given_ = false;
};

} // namespace preflearn
