/// \file
/// One loss on numbers from a CSV file, pair by pair: what anyone can compare with another implementation.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>
#include <preflearn/loss_values/columns.hpp>

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

/// From columns `chosen_logp`, `rejected_logp` and, where there are, `reference_chosen_logp`,
/// `reference_rejected_logp`, `chosen_tokens`, `rejected_tokens`, `gold_logp`, `gold_tokens`, `weight`, `target`,
/// `margin`, as far as they are wanted; others are left out.
/// \throws input_error naming a missing column, a file without pairs, one column of the reference alone, or
/// file, line and column of what is no finite number, a target that is no probability, a negative weight, or a length
/// that is not a positive count.
inline score_columns read_score_columns(csv_file file, const wanted_columns& wanted = {}) {
    score_columns columns{.name = file.name()};
    std::vector<number_column> numbers{{.values = &columns.chosen, .at = file.column("chosen_logp")},
                                       {.values = &columns.rejected, .at = file.column("rejected_logp")}};
    std::vector<length_column> lengths;
    if (wanted.reference) {
        add_column_if_there(file, "reference_chosen_logp", number_column{.values = &columns.reference_chosen}, numbers);
        add_column_if_there(file, "reference_rejected_logp", number_column{.values = &columns.reference_rejected},
                            numbers);
    }
    if (wanted.gold) add_column_if_there(file, "gold_logp", number_column{.values = &columns.gold}, numbers);
    add_pair_columns(file, wanted, columns, numbers);
    const bool targets = wanted.target && file.find("target").has_value();
    if (wanted.lengths != lengths_read::none)
        add_column_if_there(file, "chosen_tokens", length_column{.values = &columns.chosen_tokens}, lengths);
    if (reads_rejected_lengths(wanted.lengths, targets))
        add_column_if_there(file, "rejected_tokens", length_column{.values = &columns.rejected_tokens}, lengths);
    if (wanted.gold) add_column_if_there(file, "gold_tokens", length_column{.values = &columns.gold_tokens}, lengths);

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

/// \throws argument_error when a column of the reference, of lengths or of the gold response is missing.
inline void check_needed_columns(const score_columns& columns, const wanted_columns& needed) {
    const std::string_view name = columns.name, colon = name.empty() ? "" : ": ";
    const auto check = [&](bool asked, const auto& one, const auto& other, std::string_view names) {
        require(!asked || (one.size() == columns.chosen.size() && other.size() == columns.chosen.size()), name, colon,
                "this loss needs the columns ", names);
    };
    check(needed.reference, columns.reference_chosen, columns.reference_rejected,
          "reference_chosen_logp and reference_rejected_logp");
    const bool rejected = reads_rejected_lengths(needed.lengths, !columns.target.empty());
    check(rejected, columns.chosen_tokens, columns.rejected_tokens, "chosen_tokens and rejected_tokens");
    check(needed.lengths != lengths_read::none, columns.chosen_tokens, columns.chosen, "chosen_tokens");
    check(needed.gold, columns.gold, columns.gold_tokens, "gold_logp and gold_tokens");
}

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

/// \throws argument_error when a column is missing that the loss needs, and what the loss throws.
template <PreferenceLoss<double> Loss>
std::vector<loss_value> loss_values(const Loss& loss, const score_columns& columns,
                                    const wanted_columns& needed = columns_wanted_by<Loss>()) {
    check_needed_columns(columns, needed);
    const std::size_t pairs = columns.chosen.size();
    std::vector<double> losses(pairs), d_chosen(pairs), d_rejected(pairs);
    loss(columns.scores(), pair_gradients<double>{d_chosen, d_rejected, losses});
    std::vector<loss_value> values(pairs);
    for (std::size_t i = 0; i < pairs; ++i) values[i] = {losses[i], d_chosen[i], d_rejected[i]};
    return values;
}

template <TripleLoss<double> Loss>
std::vector<triple_loss_value> loss_values(const Loss& loss, const score_columns& columns) {
    check_needed_columns(columns, columns_wanted_by<Loss>());
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
    for (const auto& [loss, d_chosen, d_rejected] : values) text += csv_line({loss, d_chosen, d_rejected});
    return text;
}

/// Lines of CSV: `loss,d_chosen_logp,d_rejected_logp,d_gold_logp`, one a triple.
inline std::string to_csv(std::span<const triple_loss_value> values) {
    std::string text = "loss,d_chosen_logp,d_rejected_logp,d_gold_logp\n";
    for (const auto& [loss, d_chosen, d_rejected, d_gold] : values)
        text += csv_line({loss, d_chosen, d_rejected, d_gold});
    return text;
}

/// Reads the columns of the file that a loss reads, as `wanted` says, and calls `write` with its lines of CSV.
/// \throws as `read_score_columns` and `loss_values` do, naming the pair's line in the file.
inline void write_pair_values(const any_loss<double>& loss, const wanted_columns& wanted, csv_file file,
                              const std::function<void(const std::string&)>& write) {
    const score_columns columns = read_score_columns(std::move(file), wanted);
    const auto values =
        with_lines_named(columns.name, columns.lines, "pair", [&] { return loss_values(loss, columns, wanted); });
    write(to_csv(std::span(values)));
}

/// The same of a loss whose type is known.
template <PreferenceLoss<double> Loss, class Write>
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    write_pair_values(any_loss<double>(loss), columns_wanted_by<Loss>(), std::move(file), write);
}
template <TripleLoss<double> Loss, class Write>
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    const score_columns columns = read_score_columns(std::move(file), columns_wanted_by<Loss>());
    const auto values =
        with_lines_named(columns.name, columns.lines, "pair", [&] { return loss_values(loss, columns); });
    write(to_csv(std::span(values)));
}

} // namespace preflearn
