/// \file
/// One loss of ranked lists of responses on numbers from a CSV file: what anyone can compare with another
/// implementation. A line of the file is a response; the lines of a list stand together, its best response first.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss_values/columns.hpp>

namespace preflearn {

/// The columns of a batch of ranked lists, owned.
struct ranked_columns {
    /// What messages call them: the file's name, or empty.
    std::string name{};
    std::vector<double> score{}, reference{};
    std::vector<std::size_t> offsets{0};
    /// One entry a list.
    std::vector<std::uint32_t> ranked{};
    std::vector<double> weight{};
    /// The line of the file on which each list begins.
    std::vector<std::size_t> lines{};

    [[nodiscard]] ranked_scores<double> scores() const { return {score, offsets, reference, ranked, weight}; }
};

/// From columns `list`, the name of the list that a response is of, `logp` and, where there are, `reference_logp`,
/// `ranked` (no: behind all that are ranked, in unknown order) and `weight`, the same in all lines of a list; others
/// are left out.
/// \throws input_error naming a missing column, a file without responses, or file, line and column of what is no finite
/// number, a negative weight, a `ranked` that is neither yes nor no, or what does not go with the lines before it.
inline ranked_columns read_ranked_columns(csv_file file) {
    ranked_columns columns{.name = file.name()};
    const std::size_t list_at = file.column("list");
    std::vector<number_column> numbers{{.values = &columns.score, .at = file.column("logp")}}, weights;
    std::vector<flag_column> flags;
    std::vector<double> weight; // of the lines, as the next
    std::vector<std::uint8_t> ranked;
    add_column_if_there(file, "reference_logp", number_column{.values = &columns.reference}, numbers);
    add_weight_column(file, weight, weights);
    add_column_if_there(file, "ranked", flag_column{.values = &ranked}, flags);

    std::unordered_set<std::string> names;
    std::string list;
    while (const auto row = file.next()) {
        const std::string& name = (*row)[list_at];
        const bool first = name != list;
        expect_in_field(!name.empty(), file, *row, list_at, "the name of a list");
        require<input_error>(!first || names.insert(name).second, file.place(), ": list ", excerpt{name},
                             " goes on after another one, its lines were expected to stand together");
        if (first) columns.lines.push_back(file.line());
        for (const number_column& column : numbers) column.read(file, *row);
        for (const number_column& column : weights) {
            column.read(file, *row);
            expect_in_field(first || weight.back() == columns.weight.back(), file, *row, column.at,
                            "the list's weight in the line before it");
            if (first) columns.weight.push_back(weight.back());
        }
        for (const flag_column& column : flags) {
            column.read(file, *row);
            if (first) columns.ranked.push_back(0);
            expect_in_field(first || ranked.back() <= ranked[ranked.size() - 2], file, *row, column.at,
                            "0, as in the line before it,");
            columns.ranked.back() += ranked.back();
        }
        if (first && !list.empty()) columns.offsets.push_back(columns.score.size() - 1);
        list = name;
    }
    require<input_error>(!columns.score.empty(), file.name(),
                         ": there are no responses below the names of the columns");
    columns.offsets.push_back(columns.score.size());
    return columns;
}

/// Of every response the derivative of its list's weight · loss, which stands with the list's first response, and 0
/// with the others: the losses add up to that of the batch. \throws what the loss throws.
template <ListwiseLoss<double> Loss>
std::vector<response_loss_value> loss_values(const Loss& loss, const ranked_columns& columns) {
    const ranked_scores<double> all = columns.scores();
    std::vector<double> gradient(all.score.size());
    loss(all, std::span(gradient));
    std::vector<response_loss_value> values(all.score.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i].d_log_prob = gradient[i];
    for (std::size_t g = 0; g < all.groups(); ++g) {
        const std::size_t begin = all.offsets[g], size = all.offsets[g + 1] - begin;
        const std::size_t offsets[]{0, size};
        const auto part = [](const auto& column, std::size_t at, std::size_t count) {
            return column.empty() ? column : column.subspan(at, count);
        };
        values[begin].loss = loss(ranked_scores<double>{.score = part(all.score, begin, size),
                                                        .offsets = offsets,
                                                        .reference = part(all.reference, begin, size),
                                                        .ranked = part(all.ranked, g, 1),
                                                        .weight = part(all.weight, g, 1)},
                                  std::span<double>())
                                 .loss;
    }
    return values;
}

/// Reads the file and calls `write` with its lines of CSV. \throws as `read_ranked_columns` and `loss_values` do.
template <ListwiseLoss<double> Loss, class Write>
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    const ranked_columns columns = read_ranked_columns(std::move(file));
    const auto values =
        with_lines_named(columns.name, columns.lines, "group", [&] { return loss_values(loss, columns); });
    write(to_csv(std::span(values)));
}

} // namespace preflearn
