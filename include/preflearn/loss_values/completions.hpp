/// \file
/// One loss of single completions on numbers from a CSV file: what anyone can compare with another implementation. The
/// completions of a file are one batch: where a loss estimates its baseline from the batch, it does so from the file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/single/completions.hpp>
#include <preflearn/loss_values/columns.hpp>

namespace preflearn {

/// The columns of a batch of completions, owned.
struct completion_columns {
    /// What messages call them: the file's name, or empty.
    std::string name{};
    std::vector<double> log_prob{}, reference{}, weight{}, mismatched{};
    std::vector<std::uint8_t> desirable{};
    /// The line of the file on which each completion stands.
    std::vector<std::size_t> lines{};

    [[nodiscard]] completion_scores<double> scores() const {
        return {log_prob, desirable, reference, weight, mismatched};
    }
};

/// The names of the columns that a loss needs.
template <class Loss> std::vector<std::string_view> completion_fields() {
    std::vector<std::string_view> names{"logp", "reference_logp", "desirable"};
    if (loss_uses_mismatched<Loss>) names.insert(names.end(), {"mismatched_logp", "reference_mismatched_logp"});
    return names;
}

/// From the columns of `completion_fields` and, where there is one, `weight`; others are left out.
/// \throws input_error naming a missing column, a file without completions, or file, line and column of what is no
/// finite number, a negative weight, or a `desirable` that is neither yes nor no.
template <class Loss> completion_columns read_completion_columns(csv_file file) {
    completion_columns columns{.name = file.name()};
    std::vector<double> mismatched, reference_mismatched;
    std::vector<number_column> numbers{{.values = &columns.log_prob, .at = file.column("logp")},
                                       {.values = &columns.reference, .at = file.column("reference_logp")}};
    const flag_column desirable{&columns.desirable, file.column("desirable")};
    if (loss_uses_mismatched<Loss>) {
        numbers.push_back({.values = &mismatched, .at = file.column("mismatched_logp")});
        numbers.push_back({.values = &reference_mismatched, .at = file.column("reference_mismatched_logp")});
    }
    add_weight_column(file, columns.weight, numbers);

    while (const auto row = file.next()) {
        for (const number_column& column : numbers) column.read(file, *row);
        desirable.read(file, *row);
        columns.lines.push_back(file.line());
    }
    require<input_error>(!columns.log_prob.empty(), file.name(),
                         ": there are no completions below the names of the columns");
    for (std::size_t i = 0; i < mismatched.size(); ++i)
        columns.mismatched.push_back(mismatched[i] - reference_mismatched[i]);
    return columns;
}

/// Of every completion, weight · loss and its derivative, at the baseline of the whole batch where the loss estimates
/// one; it counts as a constant. \throws what the loss throws.
template <UnpairedLoss<double> Loss>
std::vector<response_loss_value> loss_values(const Loss& loss, const completion_columns& columns) {
    const completion_scores<double> all = columns.scores();
    const auto evaluate = [&](const auto& map) {
        std::vector<double> gradient(all.size());
        map(all, std::span(gradient));
        std::vector<response_loss_value> values;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto alone = [i](const auto& column) { return column.empty() ? column : column.subspan(i, 1); };
            const completion_scores<double> one{.log_prob = alone(all.log_prob),
                                                .desirable = alone(all.desirable),
                                                .reference = alone(all.reference),
                                                .weight = alone(all.weight)};
            values.push_back({map(one, std::span<double>()).loss, gradient[i]});
        }
        return values;
    };
    if constexpr (CoupledUnpairedLoss<Loss, double>) {
        const auto state = loss.reduce(all);
        return evaluate([&](const auto& scores, std::span<double> d) { return loss.map(scores, state, d); });
    } else {
        return evaluate(loss);
    }
}

/// Reads the file and calls `write` with its lines of CSV. \throws as `read_completion_columns` and `loss_values` do.
template <UnpairedLoss<double> Loss, class Write>
void write_loss_values(const Loss& loss, csv_file file, const Write& write) {
    const completion_columns columns = read_completion_columns<Loss>(std::move(file));
    const auto values =
        with_lines_named(columns.name, columns.lines, "completion", [&] { return loss_values(loss, columns); });
    write(to_csv(std::span(values)));
}

} // namespace preflearn
