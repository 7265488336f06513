/// \file
/// Single completions brought together: those of one pair, which `pair` names, or of one prompt, as one record of
/// scored responses.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn {

/// Holds what was added. A record has the place of its first completion; its other columns are those that are equal in
/// all of them.
class gathered_singles {
  public:
    /// \throws input_error for a completion of a pair whose other ones answer another prompt.
    void add(response_record single) {
        const auto named = single.others.find("pair");
        const bool of_pair = named != single.others.end() && !named->is_null();
        const std::string key = of_pair ? "pair " + named->dump() : single.prompt.dump();
        const auto [at, is_new] = places_.try_emplace(key, records_.size());
        if (single.scores.empty()) single.scores.push_back(unrated);
        if (is_new) {
            if (of_pair) single.given = detail::id_in({&*named, "pair"});
            pairs_.push_back(of_pair);
            records_.push_back(std::move(single));
            return;
        }
        response_record& record = records_[at->second];
        require<input_error>(record.prompt == single.prompt, "field 'pair': the pair of line ", record.line,
                             " has another prompt");
        record.responses.push_back(std::move(single.responses[0]));
        record.scores.push_back(single.scores[0]);
        record.scores_are_labels = record.scores_are_labels && single.scores_are_labels;
        auto equal = nlohmann::json::object();
        for (const auto& [name, value] : record.others.items())
            if (single.others.contains(name) && single.others.at(name) == value) equal[name] = value;
        record.others = std::move(equal);
    }

    /// In the order of their first completions; nothing is held any more.
    std::vector<response_record> take() {
        for (std::size_t i = 0; i < records_.size(); ++i) finish(records_[i], pairs_[i]);
        places_.clear();
        pairs_.clear();
        return std::exchange(records_, {});
    }

  private:
    /// A good and a bad completion of a pair are the pair again.
    static void finish(response_record& record, bool of_pair) {
        const bool two = of_pair && record.scores.size() == 2 && record.scores[0] + record.scores[1] == 1;
        if (two) {
            const auto number = [&](const char* name) {
                const auto at = record.others.find(name);
                return at != record.others.end() && at->is_number() ? std::optional(at->get<double>()) : std::nullopt;
            };
            const bool first = record.scores[0] == 1;
            const double probability = number("probability").value_or(1);
            const preference verdict =
                probability >= 0 && probability <= 1 ? preference(probability) : preference::for_first();
            record.named_probability = probability != 1;
            record.label = first ? verdict : verdict.mirrored();
            if (const auto margin = number("margin")) record.margin = first ? *margin : -*margin;
            if (const auto human = number("human"); human && *human >= 0 && *human <= 1) {
                const preference said(*human, std::clamp(number("human_tie").value_or(0), 0.0, 1 - *human));
                record.human = first ? said : said.mirrored();
            }
            record.scores.clear();
        }
        for (const char* const name : {"pair", "margin", "probability", "human", "human_tie"})
            record.others.erase(name);
    }

    std::vector<response_record> records_;
    std::vector<bool> pairs_;
    std::unordered_map<std::string, std::size_t> places_;
};

} // namespace preflearn
