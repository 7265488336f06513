/// \file
/// Is a table of ratings of the shape that it is read in? An index taken for a rater, or a table with a row per rating
/// read as one with a column per rater, gives numbers that look like agreement and mean nothing. What is looked for is
/// what raters never do: to say each thing once and nothing that any other says while those repeat themselves.
/// Continuous scores, all different in every column, and small tables without such a sign pass.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/name_index.hpp>

namespace preflearn {

namespace detail {

/// What a column's name alone says of it.
enum class column_role { unknown, unit, rater, value, time };

inline column_role role_of(std::string_view column) {
    std::string name;
    for (const char c : column)
        name += c == ' ' || c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
        return std::ranges::find(names, name) != names.end();
    };
    const auto ends = [&](std::string_view end) { return name.ends_with(end); };
    if (ends("_id")) name.erase(name.size() - 3);
    if (is_one_of({"rater", "raters", "annotator", "worker", "coder", "judge", "judge_name", "labeler", "labeller",
                   "evaluator", "reviewer", "assessor", "user", "rater_name", "annotator_name", "observer"}))
        return column_role::rater;
    if (is_one_of({"value", "rating", "label", "score", "category", "annotation", "answer", "vote", "judgment",
                   "judgement", "code", "response", "verdict", "choice", "grade"}))
        return column_role::value;
    if (is_one_of({"timestamp", "time", "date", "datetime", "created_at", "updated_at", "duration"}))
        return column_role::time;
    if (name.starts_with("unnamed")) return column_role::unit; // an index without a name
    if (is_one_of({"id",       "ids",        "index",    "idx",    "unit",  "units",   "item",     "items",
                   "row",      "row_number", "key",      "uid",    "uuid",  "guid",    "question", "prompt",
                   "example",  "sample",     "document", "doc",    "text",  "subject", "case",     "task",
                   "instance", "no",         "nr",       "number", "#",     "name",    "url",      "file",
                   "filename", "qid",        "rowid",    "docid",  "itemid"}) ||
        column.size() > name.size() + 2) // ended in "_id"
        return column_role::unit;
    return column_role::unknown;
}

} // namespace detail

/// The first rows of a table, column by column, and what their values look like.
class table_sample {
  public:
    /// Columns behind these are not looked at.
    static constexpr std::size_t most_columns = 500;

    /// Of the columns of these names; `unit`: the place of the one that names the units, if any does. Nothing is
    /// looked at unless it is wanted.
    table_sample(std::vector<std::string> names, std::optional<std::size_t> unit, bool wanted)
        : columns_(wanted ? std::min(names.size(), most_columns) : 0),
          rows_(std::clamp<std::size_t>(200'000 / std::max<std::size_t>(names.size(), 1), 400, 5000)) {
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            columns_[c].name = std::move(names[c]);
            columns_[c].role = detail::role_of(columns_[c].name);
            columns_[c].names_units = c == unit;
        }
    }

    /// The next row's text in a column; empty: missing.
    void add(std::size_t column, std::string_view text) {
        if (column >= columns_.size() || columns_[column].codes.size() == rows_) return;
        sampled_column& to = columns_[column];
        to.codes.push_back(text.empty() ? nothing : numbers_(std::string(text)));
    }

    /// \throws input_error when rows look like ratings of a long table, or a column like names of units.
    void check_wide(std::string_view file, std::string_view unit_column) {
        measure();
        check_for_long(file);
        for (const sampled_column& column : columns_) {
            const std::string_view why = why_no_rater(column);
            if (why.empty()) continue;
            const std::string as_unit =
                unit_column.empty() ? message("; if it names the units, say --unit ", excerpt{column.name}, ";") : ";";
            throw input_error(message(file, ": column ", excerpt{column.name}, " does not look like a rater (", why,
                                      ")", as_unit, " to leave it out, --ignore ", excerpt{column.name},
                                      "; to take it as a rater, --any-shape"));
        }
    }

    /// Of a long table: unit, rater and value. \throws input_error when it looks like a wide one.
    void check_long(std::string_view file) {
        measure();
        if (columns_.size() != 3) return;
        const sampled_column &unit = columns_[0], &rater = columns_[1], &value = columns_[2];
        const std::size_t shared = shared_values(rater, value);
        const bool once = unit.given > 1 && unit.distinct == unit.given;
        require<input_error>(!once || unit.given < 3 || rater.distinct < rater.given, file, ": no unit of column ",
                             excerpt{unit.name}, " and no rater of column ", excerpt{rater.name},
                             " stands on two rows: this does not look like a long table; read it with --unit ",
                             excerpt{unit.name}, " alone, or as it was told with --any-shape");
        require<input_error>(
            !once || 2 * shared < std::min(rater.distinct, value.distinct) || shared == 0, file,
            ": every unit of column ", excerpt{unit.name}, " stands on one row, and columns ", excerpt{rater.name},
            " and ", excerpt{value.name},
            " hold the same values: this looks like a wide table, with a column for each rater; read it "
            "with --unit ",
            excerpt{unit.name}, " alone, or as it was told with --any-shape");
    }

  private:
    static constexpr std::uint32_t nothing = static_cast<std::uint32_t>(-1);

    struct sampled_column {
        std::string name{};
        bool names_units = false; // by what was told
        detail::column_role role = detail::column_role::unknown;
        std::vector<std::uint32_t> codes{};
        std::size_t given = 0, distinct = 0, numbers = 0;
        std::size_t shared = 0; // values that occur in any other column that does not name units
        bool numeric = false, whole = false, consecutive = false;
        double low = 0, high = 0;
        std::vector<bool> holds{};

        /// Nearly all different.
        [[nodiscard]] bool unique() const { return given > 1 && distinct + given / 20 >= given; }
    };

    /// A rating of 1 says what 1.0 says; names of units stay as they are written.
    void number_by_value(const std::vector<std::optional<double>>& values) {
        std::unordered_map<double, std::uint32_t> first;
        std::vector<std::uint32_t> same(values.size());
        for (std::uint32_t i = 0; i < values.size(); ++i)
            same[i] = values[i] ? first.try_emplace(*values[i], i).first->second : i;
        for (sampled_column& column : columns_)
            for (std::uint32_t& code : column.codes)
                if (code != nothing && !column.names_units) code = same[code];
    }

    void measure() {
        const std::vector<std::string>& texts = numbers_.names;
        holders_.assign(texts.size(), 0);
        std::vector<std::optional<double>> values;
        for (const std::string& text : texts) values.push_back(finite_number(text));
        number_by_value(values);
        for (sampled_column& column : columns_) {
            column.holds.assign(texts.size(), false);
            column.whole = column.consecutive = true;
            std::optional<double> before;
            for (const std::uint32_t code : column.codes) {
                if (code == nothing) continue;
                column.distinct += !column.holds[code];
                column.holds[code] = true;
                const double x = values[code].value_or(0);
                column.low = column.given == 0 ? x : std::min(column.low, x);
                column.high = column.given == 0 ? x : std::max(column.high, x);
                ++column.given;
                column.numbers += values[code].has_value();
                column.whole = column.whole && x == std::floor(x);
                column.consecutive = column.consecutive && (!before || x == *before + 1);
                before = x;
            }
            column.numeric = column.given > 0 && column.numbers == column.given;
            column.whole = column.whole && column.numeric;
            column.consecutive = column.consecutive && column.whole;
            for (std::size_t i = 0; i < texts.size() && !column.names_units; ++i) holders_[i] += column.holds[i];
        }
        for (sampled_column& column : columns_)
            for (std::size_t i = 0; i < texts.size(); ++i)
                column.shared += column.holds[i] && holders_[i] > (column.names_units ? 0U : 1U);
    }

    [[nodiscard]] std::size_t shared_values(const sampled_column& a, const sampled_column& b) const {
        std::size_t shared = 0;
        for (std::size_t i = 0; i < a.holds.size(); ++i) shared += a.holds[i] && b.holds[i];
        return shared;
    }
    /// What speaks against a column's being a rater's; empty where nothing does.
    [[nodiscard]] std::string_view why_no_rater(const sampled_column& column) const {
        if (columns_.size() < 2 || column.given < 2 || column.names_units) return {};
        std::size_t given = 0, distinct = 0, numeric = 0, textual = 0, others = 0; // the first two of those that repeat
        double low = 0, high = 0, lowest = 0, highest = 0;                         // of those, and of all
        for (const sampled_column& other : columns_) {
            if (&other == &column || other.given == 0 || other.names_units) continue;
            lowest = others == 0 ? other.low : std::min(lowest, other.low);
            highest = others == 0 ? other.high : std::max(highest, other.high);
            ++others;
            numeric += other.numeric;
            textual += other.numbers == 0;
            if (other.unique()) continue;
            low = given == 0 ? other.low : std::min(low, other.low);
            high = given == 0 ? other.high : std::max(high, other.high);
            given += other.given;
            distinct += other.distinct;
        }
        if (others == 0) return {};
        const bool named = column.role == detail::column_role::unit || column.role == detail::column_role::time;
        if (named && column.distinct == column.given) return "by its name, and all its values differ";
        const std::size_t shared = column.shared;
        if (column.given >= 3 && shared == 0 && others > 1) {
            if (column.numbers == 0 && numeric == others) return "it holds texts where the other columns hold numbers";
            if (column.numeric && textual == others) return "it holds numbers where the other columns hold texts";
        }
        if (!column.unique()) return {};
        constexpr std::size_t fewest = 4;
        if (column.given < fewest) return {};
        // Scores that differ everywhere, and perhaps a number for each row: whole ones in turn, unlike any other
        // column.
        const auto in_turn = [&](const sampled_column& other) {
            return &other != &column && !other.names_units && (given == 0 ? other.whole : other.consecutive);
        };
        if (column.consecutive && shared == 0 && std::ranges::none_of(columns_, in_turn)) return "it counts the rows";
        // Where values repeat, raters may use different ends of a scale, but not numbers of another kind.
        const double span = given == 0 ? highest - lowest : 10 * std::max(highest - lowest, 1.0);
        const bool apart = column.low > highest + span || column.high < lowest - span;
        const bool alone = column.whole && numeric == others && std::ranges::none_of(columns_, in_turn);
        if (apart && alone) return "it holds whole numbers far from those of the other columns";
        if (given == 0) return {};
        if (2 * distinct > given) return {};
        const bool counts = column.consecutive && column.given >= 6 && 4 * shared < 3 * column.distinct;
        if (2 * shared >= column.distinct && !counts) return {};
        const double width = std::max(high - low, 1.0);
        const bool measures =
            column.numeric && !column.whole && column.high >= low - width && column.low <= high + width;
        return measures ? std::string_view()
                        : "its values occur once each and in no other column, those of others repeat";
    }

    /// \throws input_error when columns look like unit, rater and value of a long table.
    void check_for_long(std::string_view file) const {
        for (const sampled_column& rater : columns_) {
            for (const sampled_column& unit : columns_) {
                if (&unit == &rater || rater.names_units || !is_long_key(unit, rater)) continue;
                for (const sampled_column& value : columns_)
                    if (&value != &unit && &value != &rater && is_value(value, unit, rater))
                        throw input_error(message(
                            file, ": this looks like a long table, with a row for each rating: read it with --unit ",
                            excerpt{unit.name}, " --rater ", excerpt{rater.name}, " --value ", excerpt{value.name},
                            ", or as a table with a column for each rater with --any-shape"));
            }
        }
    }

    [[nodiscard]] bool is_value(const sampled_column& value, const sampled_column& unit,
                                const sampled_column& rater) const {
        const bool named = rater.role == detail::column_role::rater;
        if (named && value.role == detail::column_role::value) return true;
        const auto better = [&](const sampled_column& other) { // named so
            return &other != &unit && &other != &rater && other.role == detail::column_role::value;
        };
        const bool rates = !value.unique() || (value.numeric && !value.whole);
        return rates && value.role != detail::column_role::time && std::ranges::none_of(columns_, better);
    }

    [[nodiscard]] bool any_named(detail::column_role role) const {
        return std::ranges::any_of(columns_, [&](const auto& c) { return c.role == role; });
    }

    /// Whether unit and rater together say which row is meant, and neither alone does.
    [[nodiscard]] bool is_long_key(const sampled_column& unit, const sampled_column& rater) const {
        using detail::column_role;
        if (columns_.size() < 3 || rater.distinct < 2) return false;
        if (!unit.names_units && std::ranges::any_of(columns_, &sampled_column::names_units)) return false;
        const column_role unit_role = unit.names_units ? column_role::unit : unit.role, rater_role = rater.role;
        if (rater_role != column_role::unknown && rater_role != column_role::rater) return false;
        if (unit_role != column_role::unknown && unit_role != column_role::unit) return false;
        const bool apart = rater.shared == 0; // nobody's ratings are other raters' names
        const bool named_unit = unit_role == column_role::unit;
        if (rater_role == column_role::rater && any_named(column_role::value) &&
            (apart || (named_unit && !unit.unique())))
            return named_unit || !any_named(column_role::unit);
        constexpr std::size_t most = 12; // columns: a long table has few
        if (columns_.size() > most || rater.distinct == rater.given || unit.distinct < 2 ||
            3 * unit.distinct > 2 * unit.given)
            return false;
        const std::size_t rows = std::min(unit.codes.size(), rater.codes.size());
        std::unordered_set<std::uint64_t> pairs;
        for (std::size_t i = 0; i < rows; ++i) pairs.insert(std::uint64_t{unit.codes[i]} << 32 | rater.codes[i]);
        if (pairs.size() + rows / 20 < rows) return false;
        if (apart && rater.numbers == 0) return rows >= 3;
        // Numbers for both: only where every unit has every rater, which ratings do not do by chance.
        const bool crossed = rows >= 6 && rows == unit.distinct * rater.distinct && unit.distinct > rater.distinct;
        return crossed && rater.given == rows && 2 * unit.shared <= unit.distinct;
    }

    std::vector<sampled_column> columns_;
    std::size_t rows_;
    name_index numbers_;
    std::vector<std::uint32_t> holders_; // of each text: how many columns hold it
};

} // namespace preflearn
