/// \file
/// One loss on numbers from a CSV file, pair by pair: what anyone can compare with another implementation.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>

namespace preflearn {

/// The columns of a batch of pairs, and of their gold responses where there are, owned.
struct score_columns {
    /// What messages call them: the file's name, or empty.
    std::string name{};
    std::vector<double> chosen{}, rejected{}, reference_chosen{}, reference_rejected{}, weight{}, target{}, margin{};
    std::vector<std::uint32_t> chosen_tokens{}, rejected_tokens{};
    std::vector<double> gold{};
    std::vector<std::uint32_t> gold_tokens{};
    /// The line of the file on which each pair stands; empty where they come from elsewhere.
    std::vector<std::size_t> lines{};

    [[nodiscard]] pair_scores<double> scores() const {
        return {chosen, rejected, reference_chosen, reference_rejected, chosen_tokens, rejected_tokens, weight,
                target, margin};
    }
    [[nodiscard]] triple_scores<double> triples() const { return {scores(), gold, gold_tokens}; }
};

namespace detail {

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

template <class Column>
void add_if_there(const csv_file& file, std::string_view name, Column column, std::vector<Column>& all) {
    if (const auto at = file.find(name)) {
        column.at = *at;
        all.push_back(column);
    }
}

inline void add_weight_column(const csv_file& file, std::vector<double>& to, std::vector<number_column>& all) {
    add_if_there(file, "weight", number_column{.values = &to, .least = 0, .expected = "a finite number of at least 0"},
                 all);
}

} // namespace detail

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

/// The columns of weights, targets and margins that a file has and the loss does not read, with commas between them.
template <class Loss> std::string ignored_columns(const csv_file& file) {
    constexpr wanted_columns wanted = columns_wanted_by<Loss>();
    std::string names;
    for (const auto& [name, used] :
         {std::pair{"weight", wanted.weight}, {"target", wanted.target}, {"margin", wanted.margin}})
        if (!used && file.find(name)) names += (names.empty() ? "" : ", ") + std::string(name);
    return names;
}

namespace detail {

/// What losses of every kind may know of a pair: `weight`, `target` and `margin`, where the file has them.
template <class Columns>
void add_pair_columns(const csv_file& file, const wanted_columns& wanted, Columns& to,
                      std::vector<number_column>& all) {
    if (wanted.weight) add_weight_column(file, to.weight, all);
    if (wanted.target)
        add_if_there(file, "target",
                     number_column{.values = &to.target, .least = 0, .most = 1, .expected = "a probability in [0, 1]"},
                     all);
    if (wanted.margin) add_if_there(file, "margin", number_column{&to.margin}, all);
}

} // namespace detail

/// From columns `chosen_logp`, `rejected_logp` and, where there are, `reference_chosen_logp`,
/// `reference_rejected_logp`, `chosen_tokens`, `rejected_tokens`, `gold_logp`, `gold_tokens`, `weight`, `target`,
/// `margin`, as far as they are wanted; others are left out.
/// \throws input_error naming a missing column, a file without pairs, one column of the reference alone, or
/// file, line and column of what is no finite number, a target that is no probability, a negative weight, or a length
/// that is not a positive count.
inline score_columns read_score_columns(csv_file file, const wanted_columns& wanted = {}) {
    using detail::length_column, detail::number_column, detail::add_if_there;
    score_columns columns{.name = file.name()};
    std::vector<number_column> numbers{{.values = &columns.chosen, .at = file.column("chosen_logp")},
                                       {.values = &columns.rejected, .at = file.column("rejected_logp")}};
    std::vector<length_column> lengths;
    if (wanted.reference) {
        add_if_there(file, "reference_chosen_logp", number_column{.values = &columns.reference_chosen}, numbers);
        add_if_there(file, "reference_rejected_logp", number_column{.values = &columns.reference_rejected}, numbers);
    }
    if (wanted.gold) add_if_there(file, "gold_logp", number_column{.values = &columns.gold}, numbers);
    detail::add_pair_columns(file, wanted, columns, numbers);
    const bool targets = wanted.target && file.find("target").has_value();
    if (wanted.lengths != lengths_read::none)
        add_if_there(file, "chosen_tokens", length_column{.values = &columns.chosen_tokens}, lengths);
    if (reads_rejected_lengths(wanted.lengths, targets))
        add_if_there(file, "rejected_tokens", length_column{.values = &columns.rejected_tokens}, lengths);
    if (wanted.gold) add_if_there(file, "gold_tokens", length_column{.values = &columns.gold_tokens}, lengths);

    while (const auto row = file.next()) {
        for (const number_column& column : numbers) column.read(file, *row);
        for (const length_column& column : lengths) column.read(file, *row);
        columns.lines.push_back(file.line());
    }
    require<input_error>(!columns.chosen.empty(), file.name(), ": there are no pairs below the names of the columns");
    require<input_error>(columns.reference_chosen.size() == columns.reference_rejected.size(), file.name(),
                         ": of the columns reference_chosen_logp and reference_rejected_logp one is there alone");
    return columns;
}

namespace detail {

/// \throws argument_error when a column is missing that the loss needs.
template <class Loss> void check_needed_columns(const score_columns& columns) {
    const std::string_view name = columns.name, colon = name.empty() ? "" : ": ";
    const auto check = [&](bool needed, const auto& one, const auto& other, std::string_view names) {
        require(!needed || (one.size() == columns.chosen.size() && other.size() == columns.chosen.size()), name, colon,
                "this loss needs the columns ", names);
    };
    check(loss_uses_reference<Loss>, columns.reference_chosen, columns.reference_rejected,
          "reference_chosen_logp and reference_rejected_logp");
    const bool rejected = reads_rejected_lengths(loss_lengths<Loss>, !columns.target.empty());
    check(rejected, columns.chosen_tokens, columns.rejected_tokens, "chosen_tokens and rejected_tokens");
    check(loss_lengths<Loss> != lengths_read::none, columns.chosen_tokens, columns.chosen, "chosen_tokens");
    check(TripleLoss<Loss, double>, columns.gold, columns.gold_tokens, "gold_logp and gold_tokens");
}

/// What `evaluate` returns; an error that it throws of "KIND 3" names the file and the line of that, and another one of
/// a column's numbers the file.
template <class Evaluate>
auto with_places(std::string_view file, std::span<const std::size_t> lines, std::string_view kind,
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
template <std::size_t Count> std::string line_of(const double (&values)[Count]) {
    std::string text;
    for (const double value : values) text += (text.empty() ? "" : ",") + shortest_digits(value);
    return text + '\n';
}

} // namespace detail

/// weight · loss of one pair and its derivatives. Under a loss that couples the batch the lines of a file are one
/// batch: a pair's share of the batch's sum, which is the batch's loss times the sum of weights, and the sum's
/// derivatives.
struct loss_value {
    double loss = 0, d_chosen = 0, d_rejected = 0;
};

/// The same of one triple.
struct triple_loss_value {
    double loss = 0, d_chosen = 0, d_rejected = 0, d_gold = 0;
};

/// weight · loss of one response and its derivative.
struct response_loss_value {
    double loss = 0, d_log_prob = 0;
};

/// \throws argument_error when a column is missing that the loss needs, and what the loss throws.
template <PreferenceLoss<double> Loss>
std::vector<loss_value> loss_values(const Loss& loss, const score_columns& columns) {
    detail::check_needed_columns<Loss>(columns);
    const std::size_t pairs = columns.chosen.size();
    std::vector<double> losses(pairs), d_chosen(pairs), d_rejected(pairs);
    loss(columns.scores(), pair_gradients<double>{d_chosen, d_rejected, losses});
    std::vector<loss_value> values(pairs);
    for (std::size_t i = 0; i < pairs; ++i) values[i] = {losses[i], d_chosen[i], d_rejected[i]};
    return values;
}

template <TripleLoss<double> Loss>
std::vector<triple_loss_value> loss_values(const Loss& loss, const score_columns& columns) {
    detail::check_needed_columns<Loss>(columns);
    const std::size_t triples = columns.chosen.size();
    std::vector<double> losses(triples), d_chosen(triples), d_rejected(triples), d_gold(triples);
    loss(columns.triples(), triple_gradients<double>{{d_chosen, d_rejected, losses}, d_gold});
    std::vector<triple_loss_value> values(triples);
    for (std::size_t i = 0; i < triples; ++i) values[i] = {losses[i], d_chosen[i], d_rejected[i], d_gold[i]};
    return values;
}

/// Lines of CSV: `loss,d_chosen_logp,d_rejected_logp`, one a pair.
inline std::string to_csv(std::span<const loss_value> values) {
    std::string text = "loss,d_chosen_logp,d_rejected_logp\n";
    for (const auto& [loss, d_chosen, d_rejected] : values) text += detail::line_of({loss, d_chosen, d_rejected});
    return text;
}

/// Lines of CSV: `loss,d_chosen_logp,d_rejected_logp,d_gold_logp`, one a triple.
inline std::string to_csv(std::span<const triple_loss_value> values) {
    std::string text = "loss,d_chosen_logp,d_rejected_logp,d_gold_logp\n";
    for (const auto& [loss, d_chosen, d_rejected, d_gold] : values)
        text += detail::line_of({loss, d_chosen, d_rejected, d_gold});
    return text;
}

/// Lines of CSV: `loss,d_logp`, one a response.
inline std::string to_csv(std::span<const response_loss_value> values) {
    std::string text = "loss,d_logp\n";
    for (const auto& [loss, d_log_prob] : values) text += detail::line_of({loss, d_log_prob});
    return text;
}

/// Reads the columns of the file that the loss reads and calls `write` with its lines of CSV.
/// \throws as `read_score_columns` and `loss_values` do, naming the pair's line in the file.
template <class Loss, class Write>
    requires(PreferenceLoss<Loss, double> || TripleLoss<Loss, double>)
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    const score_columns columns = read_score_columns(std::move(file), columns_wanted_by<Loss>());
    const auto values =
        detail::with_places(columns.name, columns.lines, "pair", [&] { return loss_values(loss, columns); });
    write(to_csv(std::span(values)));
}

} // namespace preflearn
