/// \file
/// One token-level loss on numbers from a CSV file, pair by pair: what anyone can compare with another implementation.
/// A field holds the numbers of one response, one a token, with blanks between them. The file is read as a stream: one
/// pair is in memory at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/tokens/scores.hpp>
#include <preflearn/loss_values/columns.hpp>

namespace preflearn {

/// A column of a file and the one of a loss's batch that it is.
struct token_field {
    std::string_view name;
    token_columns<double> token_scores<double>::*side;
    column_view<const double> token_columns<double>::*column;
};

/// The columns that a loss needs, the log-probs of the chosen and the rejected responses first.
template <class Loss> std::vector<token_field> token_fields() {
    using columns = token_columns<double>;
    constexpr auto chosen = &token_scores<double>::chosen, rejected = &token_scores<double>::rejected;
    std::vector<token_field> all{{"chosen_token_logps", chosen, &columns::policy},
                                 {"rejected_token_logps", rejected, &columns::policy}};
    const auto add = [&](bool needed, std::initializer_list<token_field> fields) {
        if (needed) all.insert(all.end(), fields);
    };
    add(loss_uses_reference<Loss>, {{"reference_chosen_token_logps", chosen, &columns::reference},
                                    {"reference_rejected_token_logps", rejected, &columns::reference}});
    add(loss_uses_log_sum_squares<Loss>, {{"chosen_token_log_sum_squares", chosen, &columns::log_sum_squares},
                                          {"rejected_token_log_sum_squares", rejected, &columns::log_sum_squares}});
    add(loss_uses_divergence<Loss>,
        {{"chosen_token_kls", chosen, &columns::divergence}, {"rejected_token_kls", rejected, &columns::divergence}});
    add(loss_uses_weak_shift<Loss>, {{"chosen_token_weak_shifts", chosen, &columns::weak_shift}});
    return all;
}

namespace detail {

/// The numbers of one field. \throws input_error naming file, line, column and token.
inline std::vector<double> numbers_of_tokens(const csv_file& file, std::string_view column, std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    std::vector<double> numbers;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
        if (text.empty()) break;
        const std::string_view token = text.substr(0, text.find_first_of(blanks));
        const std::optional<double> number = finite_number(token);
        require<input_error>(number.has_value(), file.place(), ": column ", excerpt{column}, ", token ", numbers.size(),
                             ": found ", excerpt{token}, ", a finite number was expected");
        numbers.push_back(*number);
        text.remove_prefix(token.size());
    }
    return numbers;
}

inline std::string numbers_with_blanks(std::span<const double> values) {
    std::string text;
    for (const double value : values) text += (text.empty() ? "" : " ") + shortest_digits(value);
    return text;
}

} // namespace detail

/// Calls `write` with lines of CSV: the columns' names, `loss,d_chosen_token_logps,d_rejected_token_logps` and, where a
/// gradient flows through them, `d_chosen_token_kls,d_rejected_token_kls`, then weight · loss of each pair and its
/// derivatives in every token. The file has the columns of `token_fields` and may have `weight`, `target` and `margin`;
/// others are left out.
/// \throws input_error naming a missing column, a file without pairs, or file, line, column and token of what is no
/// finite number, a response whose columns differ in length, a target that is no probability, or a negative weight;
/// numeric_error with file and line, and what the loss throws. Lines of the pairs before it have been written.
template <TokenLoss<double> Loss, class Write>
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    static_assert(!loss_couples_batch<Loss>, "the pairs of a file are given to the loss one by one: it must not be a "
                                             "loss that couples the pairs of a batch");
    const std::vector<token_field> fields = token_fields<Loss>();
    std::vector<std::size_t> at;
    for (const token_field& field : fields) at.push_back(file.column(field.name));
    struct {
        std::vector<double> weight, target, margin;
    } pair;
    std::vector<number_column> of_pair;
    add_pair_columns(file, columns_wanted_by<Loss>(), pair, of_pair);

    std::vector<std::vector<double>> numbers(fields.size());
    std::string lines = "loss,d_chosen_token_logps,d_rejected_token_logps";
    if (loss_uses_divergence<Loss>) lines += ",d_chosen_token_kls,d_rejected_token_kls";
    lines += '\n'; // written with the first pair
    while (const auto row = file.next()) {
        token_scores<double> scores;
        for (std::size_t k = 0; k < fields.size(); ++k) {
            const auto& [name, side, column] = fields[k];
            numbers[k] = detail::numbers_of_tokens(file, name, (*row)[at[k]]);
            scores.*side.*column = numbers[k];
            require<input_error>(numbers[k].size() == (scores.*side).policy.size(), file.place(), ": column ",
                                 excerpt{name}, " holds ", numbers[k].size(), " numbers, one for each of ",
                                 (scores.*side).policy.size(), " tokens was expected");
        }
        for (std::vector<double>* values : {&pair.weight, &pair.target, &pair.margin}) values->clear();
        for (const number_column& column : of_pair) column.read(file, *row);
        const std::array chosen_offsets{std::size_t{0}, scores.chosen.policy.size()},
            rejected_offsets{std::size_t{0}, scores.rejected.policy.size()};
        scores.chosen.rows.offsets = chosen_offsets;
        scores.rejected.rows.offsets = rejected_offsets;
        scores.weight = pair.weight;
        scores.target = pair.target;
        scores.margin = pair.margin;

        std::array<double, 1> value{};
        std::vector<double> d_chosen(chosen_offsets[1]), d_rejected(rejected_offsets[1]);
        std::vector<double> d_chosen_kl(scores.chosen.divergence.size()),
            d_rejected_kl(scores.rejected.divergence.size());
        const std::size_t line[]{file.line()};
        with_lines_named(file.name(), line, "pair", [&] {
            return loss(scores, token_gradients<double>{{d_chosen, d_chosen_kl}, {d_rejected, d_rejected_kl}, value});
        });
        lines += shortest_digits(value[0]);
        for (const auto* derivatives : {&d_chosen, &d_rejected})
            lines += ',' + detail::numbers_with_blanks(*derivatives);
        for (const auto* derivatives : {&d_chosen_kl, &d_rejected_kl})
            if (loss_uses_divergence<Loss>) lines += ',' + detail::numbers_with_blanks(*derivatives);
        write(lines + '\n');
        lines.clear();
    }
    require<input_error>(lines.empty(), file.name(), ": there are no pairs below the names of the columns");
}

} // namespace preflearn
