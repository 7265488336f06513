/// \file
/// Which pair of one file is which of another: by id, and where a record has none by its texts, whatever order the
/// responses stand in. An id that stands for other texts elsewhere, and texts that stand under other ids, contradict
/// each other and are refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>
#include <preflearn/programs/comparing/compared_file.hpp>

namespace preflearn {

/// What a file says of a pair; line 0: the file has it not.
struct source_verdict {
    preference said = preference::abstention(), human = preference::abstention();
    std::size_t line = 0;
    std::optional<bool> first_stands_first{};
};

struct matched_pair {
    given_id given{}; ///< none where no file has one
    pair_texts texts{};
    double first_length = 0, second_length = 0;
    std::string category{};
    /// One a file, in their order.
    std::vector<source_verdict> verdicts{};
};

struct matched_files {
    /// In the order in which they stand in the files, those of the first file first.
    std::vector<matched_pair> pairs{};
    /// Of each file: records that say the same of equal texts once more and were dropped, and those that say the
    /// opposite, whose pair has no verdict of the file.
    std::vector<std::size_t> repeated{}, contradictory{};
};

namespace detail {

class pair_matcher {
  public:
    pair_matcher(std::span<const compared_file> files, pair_matching matching) : files_(files), matching_(matching) {
        found_.repeated.assign(files.size(), 0);
        found_.contradictory.assign(files.size(), 0);
    }

    matched_files match() {
        for (std::size_t f = 0; f < files_.size(); ++f)
            for (const compared_pair& pair : files_[f].pairs)
                if (has_id(pair)) put(by_id(f, pair), f, pair);
        if (matching_ == pair_matching::automatic) check_ids();
        for (std::size_t f = 0; f < files_.size(); ++f)
            for (const compared_pair& pair : files_[f].pairs) {
                if (has_id(pair)) continue;
                require<input_error>(matching_ != pair_matching::by_id, file_line{name(f), pair.line},
                                     ": has no id, by which pairs were to be matched");
                std::vector<std::size_t>& units = of_texts_[pair.texts.key()];
                if (units.empty()) units.push_back(added(pair));
                for (const std::size_t unit : units) put(unit, f, pair);
            }
        return std::move(found_);
    }

  private:
    [[nodiscard]] bool has_id(const compared_pair& pair) const {
        return pair.given.form != id_form::none && matching_ != pair_matching::by_texts;
    }
    [[nodiscard]] std::string name(std::size_t f) const { return files_[f].path.string(); }
    /// Where a pair was seen first.
    [[nodiscard]] std::string place_of(const matched_pair& pair) const {
        std::size_t f = 0;
        while (f + 1 < files_.size() && pair.verdicts[f].line == 0) ++f;
        return message(name(f), ":", pair.verdicts[f].line);
    }
    static std::string shown(const given_id& id) {
        return id.form == id_form::text ? message(excerpt{id.text}) : message(id.number);
    }

    std::size_t added(const compared_pair& pair) {
        found_.pairs.push_back({.given = pair.given,
                                .texts = pair.texts,
                                .first_length = pair.first_length,
                                .second_length = pair.second_length,
                                .category = {},
                                .verdicts = std::vector<source_verdict>(files_.size())});
        return found_.pairs.size() - 1;
    }

    std::size_t by_id(std::size_t f, const compared_pair& pair) {
        const std::string key = pair.given.form == id_form::text ? "\"" + pair.given.text : message(pair.given.number);
        const auto [at, is_new] = of_id_.try_emplace(key, found_.pairs.size());
        if (is_new) {
            of_texts_[pair.texts.key()].push_back(added(pair));
            return at->second;
        }
        const matched_pair& known = found_.pairs[at->second];
        if (known.texts != pair.texts)
            throw input_error(message(name(f), ":", pair.line, ": the pair ", shown(pair.given), " has another ",
                                      known.texts.prompt == pair.texts.prompt ? "response" : "prompt", " than at ",
                                      place_of(known),
                                      "; match by texts if the ids do not belong together (--match texts)"));
        return at->second;
    }

    /// Equal texts may stand under several ids, as duplicates do, but not under ids of which no two files share one.
    void check_ids() {
        for (std::size_t u = 0; u < found_.pairs.size(); ++u) {
            const std::vector<std::size_t>& units = of_texts_.at(found_.pairs[u].texts.key());
            if (units.size() < 2 || units.front() != u) continue;
            for (std::size_t a = 0; a < files_.size(); ++a)
                for (std::size_t b = a + 1; b < files_.size(); ++b) check_ids(units, a, b);
        }
    }
    void check_ids(const std::vector<std::size_t>& units, std::size_t a, std::size_t b) {
        std::size_t in_a = found_.pairs.size(), in_b = in_a;
        for (const std::size_t u : units) {
            const bool has_a = found_.pairs[u].verdicts[a].line > 0, has_b = found_.pairs[u].verdicts[b].line > 0;
            if (has_a && has_b) return;
            if (has_a) in_a = u;
            if (has_b) in_b = u;
        }
        if (in_a == found_.pairs.size() || in_b == found_.pairs.size()) return;
        const matched_pair &first = found_.pairs[in_a], &second = found_.pairs[in_b];
        throw input_error(message(file_line{name(b), second.verdicts[b].line}, ": the pair ", shown(second.given),
                                  " has the texts of the pair ", shown(first.given), " at ", name(a), ":",
                                  first.verdicts[a].line, "; say what counts, texts or ids (--match)"));
    }

    void put(std::size_t unit, std::size_t f, const compared_pair& pair) {
        matched_pair& to = found_.pairs[unit];
        if (to.category.empty()) to.category = pair.category;
        source_verdict& there = to.verdicts[f];
        if (there.line == 0) {
            there = {pair.said, pair.human, pair.line, pair.first_stands_first};
            return;
        }
        if (there.said.decision() == pair.said.decision()) {
            ++found_.repeated[f];
        } else {
            ++found_.contradictory[f];
            there.said = preference::abstention();
        }
    }

    std::span<const compared_file> files_;
    pair_matching matching_;
    matched_files found_;
    std::unordered_map<std::string, std::size_t> of_id_;
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> of_texts_;
};

} // namespace detail

/// \throws input_error naming both places where an id stands for different texts or texts stand under different ids
inline matched_files match_files(std::span<const compared_file> files,
                                 pair_matching matching = pair_matching::automatic) {
    return detail::pair_matcher(files, matching).match();
}

} // namespace preflearn
