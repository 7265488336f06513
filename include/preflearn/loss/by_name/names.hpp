/// \file
/// The names of the listed losses as a table, and what else they are called: by papers, TRL, OpenRLHF, axolotl,
/// LLaMA-Factory, HALOs, NeMo-Aligner, open-instruct and PaddleNLP. Case does not matter, and `-`, blank and `.` are
/// `_`. A name that these sources use for several losses is refused with the candidates, but a name of the lists always
/// means what the lists say.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/parts/about.hpp>

namespace preflearn {

/// What a loss works on.
enum class loss_kind { pairs, triples, tokens, completions, lists };

/// A row of the table.
struct listed_loss {
    loss_about about{};
    loss_kind kind{};
    /// Names of its parameters; empty where it has fewer.
    std::array<std::string_view, 4> parameters{};
    /// Whether it has a divergence to choose, and whether it divides by the lengths of responses.
    bool takes_divergence = false, reads_lengths = false;
};

namespace detail {

template <class Loss> constexpr listed_loss row_of(loss_kind kind) {
    listed_loss row{description_of<Loss>, kind, {}, divergence_family<Loss>::exists, loss_uses_tokens<Loss>};
    Loss loss{};
    std::size_t count = 0;
    for_each_parameter(loss, [&](std::string_view name, double& /*value*/) { row.parameters[count++] = name; });
    return row;
}

constexpr std::array<listed_loss, std::tuple_size_v<all_losses>> rows_of_losses() {
    std::array<listed_loss, std::tuple_size_v<all_losses>> rows{};
    std::size_t count = 0;
    const auto add = [&]<class... Losses>(std::type_identity<std::tuple<Losses...>>, loss_kind kind) {
        ((rows[count++] = row_of<Losses>(kind)), ...);
    };
    add(std::type_identity<pair_losses>(), loss_kind::pairs);
    add(std::type_identity<triple_losses>(), loss_kind::triples);
    add(std::type_identity<named_token_losses>(), loss_kind::tokens);
    add(std::type_identity<unpaired_losses>(), loss_kind::completions);
    add(std::type_identity<listwise_losses>(), loss_kind::lists);
    return rows;
}

} // namespace detail

/// Every loss that has a name, in the order in which they are shown.
inline constexpr auto listed_losses = detail::rows_of_losses();

/// A name, and the losses that it is used for, with blanks between them.
struct shared_loss_name {
    std::string_view name, losses;
};
inline constexpr auto shared_loss_names = std::to_array<shared_loss_name>({
    {"rdpo", "rdpo robust"},
    {"slic_hf", "hinge slic"},
    {"apo", "apo_zero apo_down apo_zero_unpaired"},
    {"tdpo", "tdpo1 tdpo2"},
    {"bt_ties", "rao_kupper davidson"},
    {"bradley_terry_ties", "rao_kupper davidson"},
});

namespace detail {

/// In small letters with `_` for `-`, blank and `.`.
inline std::string plain_loss_name(std::string_view given) {
    std::string plain(given);
    for (char& c : plain) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '-' || c == ' ' || c == '.') c = '_';
    }
    return plain;
}

/// Whether a word is among words with blanks between them.
inline bool has_word(std::string_view words, std::string_view word) {
    for (std::size_t at = 0; at < words.size();) {
        const std::size_t end = std::min(words.find(' ', at), words.size());
        if (words.substr(at, end - at) == word) return true;
        at = end + 1;
    }
    return false;
}

inline std::string with_commas(std::string_view words) {
    std::string text;
    for (const char c : words) text += c == ' ' ? std::string(", ") : std::string(1, c);
    return text;
}

/// "on pairs" …, as it stands behind "one".
constexpr std::string_view words_for(loss_kind kind) {
    constexpr std::array<std::string_view, 5> words{"on pairs", "on triples", "on pairs' tokens",
                                                    "on single completions", "on ranked lists"};
    return words[static_cast<std::size_t>(kind)];
}

} // namespace detail

/// The name under which the lists have the loss that is also called `given` ("dpo" is "sigmoid"); a name that nobody
/// knows comes back in small letters. \throws argument_error for a name that is used for several losses, naming them.
inline std::string loss_name(std::string_view given) {
    for (const listed_loss& loss : listed_losses)
        if (loss.about.name == given) return std::string(given);
    std::string plain = detail::plain_loss_name(given);
    for (const shared_loss_name& shared : shared_loss_names)
        require(shared.name != plain, "the name '", given,
                "' is used for several losses: ", detail::with_commas(shared.losses), "; one of these was expected");
    for (const listed_loss& loss : listed_losses)
        if (detail::has_word(loss.about.aliases, plain)) return std::string(loss.about.name);
    return plain;
}

/// The other names of a listed loss, with a blank before each; those that it shares with others are not among them.
inline std::string aliases_of(std::string_view listed) {
    for (const listed_loss& loss : listed_losses)
        if (loss.about.name == listed && !loss.about.aliases.empty()) return " " + std::string(loss.about.aliases);
    return {};
}

/// The loss of that name or alias, of one kind or of whatever kind.
/// \throws argument_error for a name that does not exist, saying which do.
inline const listed_loss& loss_listed_as(std::string_view given, std::optional<loss_kind> wanted = std::nullopt) {
    const std::string name = loss_name(given);
    std::string seen;
    std::string_view other;
    for (const listed_loss& loss : listed_losses) {
        const bool fits = !wanted || loss.kind == *wanted;
        if (loss.about.name == name && fits) return loss;
        if (loss.about.name == name) other = detail::words_for(loss.kind);
        if (fits) seen.append(seen.empty() ? "" : ", ").append(loss.about.name);
    }
    require(other.empty(), "there is no loss '", given, "' here, it is one ", other, "; there are: ", seen);
    throw argument_error(message("there is no loss '", given, "'; there are: ", seen));
}

/// Whether the loss on pairs of that name has that parameter; one that does not exist has none.
inline bool loss_has_parameter(std::string_view given, std::string_view parameter) {
    const std::string name = loss_name(given);
    return !parameter.empty() && std::ranges::any_of(listed_losses, [&](const listed_loss& loss) {
        return loss.kind == loss_kind::pairs && loss.about.name == name &&
               std::ranges::find(loss.parameters, parameter) != loss.parameters.end();
    });
}

/// Whether the loss on pairs of that name divides by the lengths of responses, none of which may then be empty.
inline bool loss_reads_lengths(std::string_view name) { return loss_listed_as(name, loss_kind::pairs).reads_lengths; }

} // namespace preflearn
