/// \file
/// One loss on numbers from a CSV file, pair by pair: what anyone can compare with another implementation.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/data/csv.hpp>
#include <preflearn/loss/list.hpp>
#include <preflearn/pipeline/loss_by_name.hpp>

namespace preflearn {

/// The columns of a batch of pairs, owned.
struct score_columns {
    std::vector<double> chosen, rejected, reference_chosen, reference_rejected, weight, target, margin;
    std::vector<std::uint32_t> chosen_tokens, rejected_tokens;

    [[nodiscard]] pair_scores<double> scores() const {
        return {chosen, rejected, reference_chosen, reference_rejected, chosen_tokens, rejected_tokens, weight,
                target, margin};
    }
};

/// From columns `chosen_logp`, `rejected_logp` and, where there are, `reference_chosen_logp`,
/// `reference_rejected_logp`, `chosen_tokens`, `rejected_tokens`, `weight`, `target`, `margin`; others are left out.
/// \throws input_error naming file, line and column of what is no finite number, a target that is no probability, a
/// negative weight, or a length that is not a positive count.
inline score_columns read_score_columns(const csv_table& file) {
    score_columns columns;
    const auto parsed = [&file]<class Value>(std::size_t row, std::size_t column, Value value, std::string_view what) {
        std::string_view text = file.rows[row][column];
        while (text.starts_with(' ')) text.remove_prefix(1);
        while (text.ends_with(' ')) text.remove_suffix(1);
        if (text.starts_with('+')) text.remove_prefix(1);
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
        require<input_error>(failure == std::errc() && end == text.data() + text.size(), file.place(row), ": column '",
                             file.columns[column], "' is '", file.rows[row][column], "', ", what, " was expected");
        return value;
    };
    const auto read = [&](std::string_view name, auto& values, bool needed) {
        if (!needed && std::ranges::find(file.columns, name) == file.columns.end()) return;
        const std::size_t column = file.column(name);
        for (std::size_t row = 0; row < file.rows.size(); ++row) {
            using value = typename std::decay_t<decltype(values)>::value_type;
            constexpr bool counts = std::is_integral_v<value>;
            const value number = parsed(row, column, value{}, counts ? "a number of tokens" : "a number");
            const auto demand = [&](bool met, std::string_view what) {
                require<input_error>(met, file.place(row), ": column '", name, "' is ", file.rows[row][column], ", ",
                                     what, " was expected");
            };
            if constexpr (counts) {
                demand(number > 0, "a number of tokens above 0");
            } else {
                demand(std::isfinite(number), "a finite number");
                demand(name != "target" || (number >= 0 && number <= 1), "a probability in [0, 1]");
                demand(name != "weight" || number >= 0, "a number that is not negative");
            }
            values.push_back(number);
        }
    };
    read("chosen_logp", columns.chosen, true);
    read("rejected_logp", columns.rejected, true);
    read("reference_chosen_logp", columns.reference_chosen, false);
    read("reference_rejected_logp", columns.reference_rejected, false);
    read("chosen_tokens", columns.chosen_tokens, false);
    read("rejected_tokens", columns.rejected_tokens, false);
    read("weight", columns.weight, false);
    read("target", columns.target, false);
    read("margin", columns.margin, false);
    return columns;
}

/// weight · loss of one pair and its derivatives. Under a loss that couples the batch the lines of a file are one
/// batch: a pair's share of the batch's sum, which is the batch's loss times the sum of weights, and the sum's
/// derivatives.
struct loss_value {
    double loss = 0, d_chosen = 0, d_rejected = 0;
};

/// \throws argument_error when a column is missing that the loss needs, and what the loss throws.
template <class Loss> std::vector<loss_value> loss_values(const Loss& loss, const score_columns& columns) {
    if constexpr (loss_uses_reference<Loss>)
        require(columns.reference_chosen.size() == columns.chosen.size() &&
                    columns.reference_rejected.size() == columns.chosen.size(),
                "this loss needs the columns reference_chosen_logp and reference_rejected_logp");
    if constexpr (loss_uses_tokens<Loss>)
        require(columns.chosen_tokens.size() == columns.chosen.size() &&
                    columns.rejected_tokens.size() == columns.chosen.size(),
                "this loss needs the columns chosen_tokens and rejected_tokens");
    const std::size_t pairs = columns.chosen.size();
    std::vector<double> losses(pairs), d_chosen(pairs), d_rejected(pairs);
    loss(columns.scores(), pair_gradients<double>{d_chosen, d_rejected, losses});
    std::vector<loss_value> values(pairs);
    for (std::size_t i = 0; i < pairs; ++i) values[i] = {losses[i], d_chosen[i], d_rejected[i]};
    return values;
}

/// Lines of CSV: `loss,d_chosen_logp,d_rejected_logp`, one a pair.
inline std::string to_csv(std::span<const loss_value> values) {
    std::string text = "loss,d_chosen_logp,d_rejected_logp\n";
    for (const auto& [loss, d_chosen, d_rejected] : values)
        text += shortest_digits(loss) + ',' + shortest_digits(d_chosen) + ',' + shortest_digits(d_rejected) + '\n';
    return text;
}

} // namespace preflearn
