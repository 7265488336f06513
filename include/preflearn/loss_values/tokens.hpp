/// \file
/// One token-level loss on numbers from a CSV file, pair by pair: what anyone can compare with another implementation.
/// A field holds the numbers of one response, one a token, with blanks between them. The file is read as a stream: one
/// pair is in memory at a time, or all of them where the loss couples the pairs of a batch.
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

namespace detail {

struct pair_numbers_of_file {
    std::vector<double> weight{}, target{}, margin{};
};

/// Pairs of a file that are given to a loss together, token by token.
struct token_file_pairs {
    std::vector<std::vector<double>> numbers; ///< of every field, response after response
    std::array<std::vector<std::size_t>, 2> offsets{std::vector<std::size_t>{0}, std::vector<std::size_t>{0}};
    std::vector<std::size_t> lines{};
    pair_numbers_of_file pair{};

    [[nodiscard]] token_scores<double> scores(std::span<const token_field> fields) const {
        token_scores<double> all;
        all.weight = pair.weight;
        all.target = pair.target;
        all.margin = pair.margin;
        for (std::size_t k = 0; k < fields.size(); ++k) all.*fields[k].side.*fields[k].column = numbers[k];
        all.chosen.rows.offsets = offsets[0];
        all.rejected.rows.offsets = offsets[1];
        return all;
    }
    void clear() {
        for (std::vector<double>& values : numbers) values.clear();
        for (std::vector<std::size_t>& ends : offsets) ends.resize(1);
        lines.clear();
        for (std::vector<double>* values : {&pair.weight, &pair.target, &pair.margin}) values->clear();
    }
};

} // namespace detail

/// Calls `write` with lines of CSV: the columns' names, `loss,d_chosen_token_logps,d_rejected_token_logps` and, where a
/// gradient flows through them, `d_chosen_token_kls,d_rejected_token_kls`, then weight · loss of each pair and its
/// derivatives in every token. The file has the columns of `token_fields` and may have `weight`, `target` and `margin`;
/// others are left out. For a loss that couples its pairs the file is one batch.
/// \throws input_error naming a missing column, a file without pairs, or file, line, column and token of what is no
/// finite number, a response whose columns differ in length, a target that is no probability, or a negative weight;
/// numeric_error with file and line, and what the loss throws. Lines of the pairs before it have been written.
template <TokenLoss<double> Loss, class Write>
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    const std::vector<token_field> fields = token_fields<Loss>();
    std::vector<std::size_t> at;
    for (const token_field& field : fields) at.push_back(file.column(field.name));
    detail::token_file_pairs some{.numbers = std::vector<std::vector<double>>(fields.size())};
    std::vector<number_column> of_pair;
    add_pair_columns(file, columns_wanted_by<Loss>(), some.pair, of_pair);

    std::string lines = "loss,d_chosen_token_logps,d_rejected_token_logps";
    if (loss_uses_divergence<Loss>) lines += ",d_chosen_token_kls,d_rejected_token_kls";
    lines += '\n'; // written with the first pair
    const auto tell = [&] {
        const token_scores<double> scores = some.scores(fields);
        std::vector<double> values(scores.size()), d_chosen(some.offsets[0].back()), d_rejected(some.offsets[1].back()),
            d_chosen_kl(scores.chosen.divergence.size()), d_rejected_kl(scores.rejected.divergence.size());
        with_lines_named(file.name(), some.lines, "pair", [&] {
            return loss(scores, token_gradients<double>{{d_chosen, d_chosen_kl}, {d_rejected, d_rejected_kl}, values});
        });
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto add = [&](std::size_t side, const std::vector<double>& derivatives) {
                const std::size_t begin = some.offsets[side][i], end = some.offsets[side][i + 1];
                lines += ',' + detail::numbers_with_blanks(std::span(derivatives).subspan(begin, end - begin));
            };
            lines += shortest_digits(values[i]);
            add(0, d_chosen);
            add(1, d_rejected);
            if (loss_uses_divergence<Loss>) {
                add(0, d_chosen_kl);
                add(1, d_rejected_kl);
            }
            write(lines + '\n');
            lines.clear();
        }
        some.clear();
    };
    while (const auto row = file.next()) {
        std::array<std::size_t, 2> counts{};
        for (std::size_t k = 0; k < fields.size(); ++k) {
            const auto& [name, side, column] = fields[k];
            const std::vector<double> found = detail::numbers_of_tokens(file, name, (*row)[at[k]]);
            std::size_t& count = counts[side == &token_scores<double>::chosen ? 0 : 1];
            if (column == &token_columns<double>::policy) count = found.size();
            require<input_error>(found.size() == count, file.place(), ": column ", excerpt{name}, " holds ",
                                 found.size(), " numbers, one for each of ", count, " tokens was expected");
            some.numbers[k].insert(some.numbers[k].end(), found.begin(), found.end());
        }
        for (const number_column& column : of_pair) column.read(file, *row);
        for (std::size_t side = 0; side < 2; ++side)
            some.offsets[side].push_back(some.offsets[side].back() + counts[side]);
        some.lines.push_back(file.line());
        if (!loss_couples_batch<Loss>) tell();
    }
    if (!some.lines.empty()) tell();
    require<input_error>(lines.empty(), file.name(), ": there are no pairs below the names of the columns");
}

} // namespace preflearn
