/// \file
/// How the numbers of a loss come out of a CSV file and go into one: columns with the range of their fields, errors
/// that name the line, lines of values.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>

namespace preflearn {

/// \throws input_error naming file, line, column, what the field holds and what was expected, unless it is met.
inline void expect_in_field(bool met, const csv_file& file, std::span<const std::string> row, std::size_t at,
                            std::string_view expected) {
    require<input_error>(met, file.place(), ": column ", excerpt{file.columns()[at]}, " holds ", excerpt{row[at]}, ", ",
                         expected, " was expected");
}

/// A column of a file whose fields are numbers of a range, and where they go.
struct number_column {
    std::vector<double>* values;
    double least = -std::numeric_limits<double>::max(), most = std::numeric_limits<double>::max();
    std::string_view expected = "a finite number";
    std::size_t at = 0;

    void read(const csv_file& file, std::span<const std::string> row) const {
        const std::optional<double> value = finite_number(row[at]);
        expect_in_field(value && *value >= least && *value <= most, file, row, at, expected);
        values->push_back(*value);
    }
};

/// The same of yes and no.
struct flag_column {
    std::vector<std::uint8_t>* values;
    std::size_t at = 0;

    void read(const csv_file& file, std::span<const std::string> row) const {
        const std::string& word = row[at];
        const bool yes = word == "1" || word == "true" || word == "True";
        expect_in_field(yes || word == "0" || word == "false" || word == "False", file, row, at,
                        "one of 1, 0, true and false");
        values->push_back(yes ? 1 : 0);
    }
};

/// The same of counts of tokens.
struct length_column {
    std::vector<std::uint32_t>* values;
    std::size_t at = 0;

    void read(const csv_file& file, std::span<const std::string> row) const {
        const double value = finite_number(row[at]).value_or(0);
        expect_in_field(value >= 1 && value <= std::numeric_limits<std::uint32_t>::max() && value == std::floor(value),
                        file, row, at, "a whole number of tokens, at least 1,");
        values->push_back(static_cast<std::uint32_t>(value));
    }
};

/// The column of that name to `all`, where the file has it.
template <class Column>
void add_column_if_there(const csv_file& file, std::string_view name, Column column, std::vector<Column>& all) {
    if (const auto at = file.find(name)) {
        column.at = *at;
        all.push_back(column);
    }
}

/// `weight`, where the file has it.
inline void add_weight_column(const csv_file& file, std::vector<double>& to, std::vector<number_column>& all) {
    add_column_if_there(file, "weight",
                        number_column{.values = &to, .least = 0, .expected = "a finite number of at least 0"}, all);
}

/// The columns of a file that are wanted, besides the log-probs of both responses, where the file has them. Others are
/// not looked at.
struct wanted_columns {
    bool reference = true, gold = true, weight = true, target = true, margin = true;
    lengths_read lengths = lengths_read::both;
};

/// Those that a loss reads.
template <class Loss> constexpr wanted_columns columns_wanted_by() {
    return {.reference = loss_uses_reference<Loss>,
            .gold = TripleLoss<Loss, double>,
            .weight = loss_uses_weight<Loss>,
            .target = loss_uses_target<Loss>,
            .margin = loss_uses_margin<Loss>,
            .lengths = loss_lengths<Loss>};
}

/// The columns of weights, targets and margins that a file has and a loss does not read, with commas between them.
inline std::string ignored_columns(const csv_file& file, const wanted_columns& wanted) {
    std::string names;
    for (const auto& [name, used] :
         {std::pair{"weight", wanted.weight}, {"target", wanted.target}, {"margin", wanted.margin}})
        if (!used && file.find(name)) names += (names.empty() ? "" : ", ") + std::string(name);
    return names;
}
template <class Loss> std::string ignored_columns(const csv_file& file) {
    return ignored_columns(file, columns_wanted_by<Loss>());
}

/// What losses of every kind may know of a pair: `weight`, `target` and `margin`, where the file has them.
template <class Columns>
void add_pair_columns(const csv_file& file, const wanted_columns& wanted, Columns& to,
                      std::vector<number_column>& all) {
    if (wanted.weight) add_weight_column(file, to.weight, all);
    if (wanted.target)
        add_column_if_there(
            file, "target",
            number_column{.values = &to.target, .least = 0, .most = 1, .expected = "a probability in [0, 1]"}, all);
    if (wanted.margin) add_column_if_there(file, "margin", number_column{&to.margin}, all);
}

/// What `evaluate` returns; an error that it throws of "KIND 3" names the file and the line of that, and another one of
/// a column's numbers the file.
template <class Evaluate>
auto with_lines_named(std::string_view file, std::span<const std::size_t> lines, std::string_view kind,
                      const Evaluate& evaluate) {
    const auto line = [&](std::size_t i) { return message(file_line{file, lines[i]}); };
    try {
        return with_renamed_places(kind, lines.size(), line, evaluate);
    } catch (const numeric_error& failure) {
        if (file.empty() || std::string_view(failure.what()).starts_with(message(file, ":"))) throw;
        throw numeric_error(message(file, ": ", failure.what()));
    }
}

/// A line of CSV.
inline std::string csv_line(std::initializer_list<double> values) {
    std::string text;
    for (const double value : values) text += (text.empty() ? "" : ",") + shortest_digits(value);
    return text + '\n';
}

/// weight · loss of one response and its derivative.
struct response_loss_value {
    double loss = 0, d_log_prob = 0;
};

/// Lines of CSV: `loss,d_logp`, one a response.
inline std::string to_csv(std::span<const response_loss_value> values) {
    std::string text = "loss,d_logp\n";
    for (const auto& [loss, d_log_prob] : values) text += csv_line({loss, d_log_prob});
    return text;
}

} // namespace preflearn
