/// \file
/// One named loss on numbers from a CSV file, pair by pair: what anyone can compare with another implementation. The
/// loss is chosen by name at run time from the compile-time list of `loss/list.hpp`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
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
/// \throws input_error naming file, line and column of what is no number, or of a length that is not a positive count.
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
            values.push_back(parsed(row, column, value{}, counts ? "a number of tokens" : "a number"));
            if constexpr (counts)
                require<input_error>(values.back() > 0, file.place(row), ": column '", name,
                                     "' is 0, a number of tokens above 0 was expected");
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

/// A parameter as it is written on a command line.
struct named_value {
    std::string name, value;
};

namespace detail {

inline double parameter_value(std::string_view loss, const named_value& given) {
    double value = 0;
    const char* const last = given.value.data() + given.value.size();
    const auto [end, failure] = std::from_chars(given.value.data(), last, value);
    require(failure == std::errc() && end == last && std::isfinite(value), "loss '", loss, "': parameter '", given.name,
            "' is '", given.value, "', a number was expected");
    return value;
}

/// Calls `use` with the loss, its score changed to the divergence of TRL's name.
template <class Loss, class Use>
void use_with_divergence(const Loss& loss, std::string_view divergence, double coefficient, const Use& use) {
    if (divergence == "reverse_kl") return use(loss);
    if constexpr (divergence_family<Loss>::exists) {
        if (divergence == "forward_kl") return use(with_divergence(loss, forward_kl{}));
        if (divergence == "js_divergence") return use(with_divergence(loss, js_divergence{}));
        if (divergence == "alpha_divergence")
            return use(with_divergence(loss, alpha_divergence{.coefficient = coefficient}));
    }
    throw argument_error(message("f_divergence_type is '", divergence,
                                 "', expected reverse_kl, forward_kl, js_divergence or alpha_divergence"));
}

} // namespace detail

/// Calls `use(loss)` with the loss of that name, its parameters set. Losses of a score difference with a divergence
/// also take TRL's `f_divergence_type` and `f_alpha_divergence_coef` (0.5).
/// \throws argument_error for a name or a parameter that does not exist, saying which do, or a value that is no number.
template <class Use>
void use_named_loss(std::string_view name, std::span<const named_value> parameters, const Use& use) {
    bool found = false;
    std::string names;
    for_each_named_loss([&]<class Loss>(Loss loss) {
        constexpr loss_description<Loss> about = description_of<Loss>;
        names += (names.empty() ? "" : ", ") + std::string(about.name);
        if (about.name != name) return;
        found = true;
        std::string divergence = "reverse_kl";
        double coefficient = 0.5;
        for (const named_value& given : parameters) {
            std::string known;
            bool taken = false;
            if constexpr (about.count() > 0) {
                for (const auto& [parameter, member] : about.parameters()) {
                    known += (known.empty() ? "" : ", ") + std::string(parameter);
                    if (parameter != given.name) continue;
                    loss.*member = detail::parameter_value(name, given);
                    taken = true;
                }
            }
            if constexpr (divergence_family<Loss>::exists) {
                known += ", f_divergence_type, f_alpha_divergence_coef";
                taken |= given.name == "f_divergence_type" || given.name == "f_alpha_divergence_coef";
                if (given.name == "f_divergence_type") divergence = given.value;
                if (given.name == "f_alpha_divergence_coef") coefficient = detail::parameter_value(name, given);
            }
            require(taken, "loss '", name, "' has no parameter '", given.name,
                    "'; it has: ", known.empty() ? "none" : known);
        }
        detail::use_with_divergence(loss, divergence, coefficient, use);
    });
    require(found, "there is no loss '", name, "'; there are: ", names);
}

/// weight · loss of one pair alone and its derivatives.
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
    const pair_scores<double> all = columns.scores();
    std::vector<double> d_chosen(pairs), d_rejected(pairs);
    loss(all, pair_gradients<double>{d_chosen, d_rejected});
    std::vector<loss_value> values(pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
        const auto at = [i](const auto& column) { return column.empty() ? column : column.subspan(i, 1); };
        const pair_scores<double> one{
            at(all.chosen),        at(all.rejected),        at(all.reference_chosen), at(all.reference_rejected),
            at(all.chosen_tokens), at(all.rejected_tokens), at(all.weight),           at(all.target),
            at(all.margin)};
        values[i] = {loss(one, pair_gradients<double>{}).loss, d_chosen[i], d_rejected[i]};
    }
    return values;
}

/// The shortest digits that read back as the same number.
inline std::string shortest_digits(double value) {
    std::array<char, 32> digits{};
    const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end};
}

/// Lines of CSV: `loss,d_chosen_logp,d_rejected_logp`, one a pair.
inline std::string to_csv(std::span<const loss_value> values) {
    std::string text = "loss,d_chosen_logp,d_rejected_logp\n";
    for (const auto& [loss, d_chosen, d_rejected] : values)
        text += shortest_digits(loss) + ',' + shortest_digits(d_chosen) + ',' + shortest_digits(d_rejected) + '\n';
    return text;
}

/// Every loss of the list: name, formula, parameters with defaults, columns it needs, source; a few lines each.
inline std::string loss_list() {
    std::string text;
    for_each_named_loss([&]<class Loss>(const Loss& loss) {
        constexpr loss_description<Loss> about = description_of<Loss>;
        text += std::string(about.name) + "\n  formula: " + std::string(about.formula) + "\n  parameters:";
        for (const auto& [name, member] : about.parameters())
            text += " " + std::string(name) + "=" + shortest_digits(loss.*member);
        if constexpr (divergence_family<Loss>::exists)
            text += " f_divergence_type=reverse_kl f_alpha_divergence_coef=0.5";
        else if (about.count() == 0)
            text += " none";
        text += "\n  needs: chosen_logp rejected_logp";
        if (loss_uses_reference<Loss>) text += " reference_chosen_logp reference_rejected_logp";
        if (loss_uses_tokens<Loss>) text += " chosen_tokens rejected_tokens";
        text += "\n  source: " + std::string(about.source) + "\n";
    });
    return text;
}

} // namespace preflearn
