/// \file
/// How far a comparison has come: records read of all that its files hold, then sources compared.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/programs/comparing/compare_options.hpp>

namespace preflearn {

namespace detail {

/// The records of a file, which is not checked: lines that are not blank, or the members of an array.
inline std::size_t count_records(const std::filesystem::path& path) {
    std::size_t count = 0;
    if (first_byte(path) == '[') {
        for (json_objects objects(path); objects.next();) ++count;
        return count;
    }
    line_reader lines(path);
    while (const auto line = lines.next()) count += !is_blank(*line);
    return count;
}

} // namespace detail

/// Tells `seen` of the blocks that are done; without one it counts nothing and costs nothing. Used by reference.
class comparing_work {
  public:
    comparing_work() = default;
    comparing_work(const compare_options& options, work_progress seen) : seen_(std::move(seen)) {
        if (!seen_) return;
        const bool own_gold = !options.gold.empty() && options.gold != "human" && options.gold != "none";
        for (const named_file& source : options.sources) records_ += detail::count_records(source.path);
        if (own_gold) records_ += detail::count_records(options.gold);
        if (!options.columns.empty()) records_ += detail::count_records(options.columns);
        seen_(reading, 0, records_, 0, 0);
    }

    /// One more record was read.
    void record() {
        if (seen_ && (++read_ % records_per_block == 0 || read_ == records_))
            seen_(reading, std::min(read_, records_), records_, 0, 0);
    }
    /// So many pieces of work follow, two sources or one card each.
    void begin_comparing(std::size_t pieces) {
        if (!seen_) return;
        pieces_ = pieces;
        seen_(comparing, 0, pieces_, 0, 0);
    }
    void piece() {
        if (seen_) seen_(comparing, std::min(++compared_, pieces_), pieces_, 0, 0);
    }

    static constexpr std::size_t records_per_block = 1000;
    static constexpr std::string_view reading = "reading", comparing = "comparing";

  private:
    work_progress seen_{};
    std::size_t records_ = 0, read_ = 0, pieces_ = 0, compared_ = 0;
};

} // namespace preflearn
