/// \file
/// What records are called in the file that is written.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn {

/// How ids are written: as they were read, as numbers only where all of them are, since a column has one type. A record
/// without one is called by its index, or by its line where other records have ids or there are several files.
class written_ids {
  public:
    written_ids(const std::vector<std::filesystem::path>& inputs, bool file_in_front)
        : by_file_(file_in_front), several_(inputs.size() > 1) {
        for (const auto& path : inputs) files_.push_back(path.filename().string());
        std::vector<std::string> sorted = files_;
        std::ranges::sort(sorted);
        const bool same = std::ranges::adjacent_find(sorted) != sorted.end();
        for (std::size_t f = 0; same && f < files_.size(); ++f) files_[f] = std::to_string(f + 1);
        text_ = by_file_;
    }
    /// Takes note of an item, before any is written.
    void see(const response_record& record, const record_item& item) {
        const bool none = record.given.form == id_form::none;
        (none ? some_have_none_ : some_have_one_) = true;
        some_are_parts_ = some_are_parts_ || !item.suffix.empty();
        text_ = text_ || record.given.form == id_form::text || (some_have_none_ && (several_ || some_have_one_));
    }
    /// What a record is called.
    [[nodiscard]] nlohmann::ordered_json of(const response_record& record, std::size_t file) const {
        const bool given = record.given.form != id_form::none;
        if (!text_) return given ? record.given.number : record.index;
        const std::string own = record.given.form == id_form::text ? record.given.text
                                : given                            ? std::to_string(record.given.number)
                                : several_ || by_file_
                                    ? std::to_string(record.index + 1)
                                    : message(record.index + 1 == record.line ? "line " : "record ", record.index + 1);
        return (by_file_ || (several_ && !given) ? files_[file] + ":" : "") + own;
    }
    /// What an item of a record is called: the record's name where there is one item, with more behind it otherwise.
    [[nodiscard]] nlohmann::ordered_json of(const response_record& record, std::size_t file,
                                            const std::string& suffix) const {
        const nlohmann::ordered_json whole = of(record, file);
        if (!some_are_parts_) return whole;
        return (whole.is_string() ? whole.get<std::string>() : whole.dump()) + suffix;
    }

  private:
    bool text_ = false, by_file_ = false, several_ = false, some_have_one_ = false, some_have_none_ = false,
         some_are_parts_ = false;
    std::vector<std::string> files_{};
};

} // namespace preflearn
