/// \file
/// Log-probs of both responses of every labelled pair, one JSON line a pair. The lines go to `<out>.part` as they are
/// computed; when the program is stopped, the same call goes on behind the last whole line, and `<out>` appears only
/// when it is complete. And the tokens of every pair, without a model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/json_id.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/report/tables/json_number.hpp>

namespace preflearn {

/// The pairs as (prompt, chosen, rejected). \throws argument_error naming a pair without a decided label.
inline std::vector<text_comparison> oriented(std::span<const text_comparison> pairs, const label_set& labels) {
    std::vector<text_comparison> all(pairs.begin(), pairs.end());
    for (text_comparison& pair : all) {
        const auto verdict = labels.find(pair.id);
        const choice decided = verdict ? verdict->decision() : choice::abstained;
        require(decided == choice::first || decided == choice::second, "pair ", pair.id,
                " has no label that names a chosen response");
        if (decided == choice::second) std::swap(pair.first, pair.second);
    }
    return all;
}

namespace detail {

/// What the lines of an unfinished file belong to, as its first line.
inline std::string unfinished_header(std::string_view key) { return message("# ", key); }

/// Cuts an unfinished file behind its last whole line and returns how many pairs it holds; 0 and an empty file when
/// there is none. \throws input_error when it belongs to something else.
inline std::size_t continue_unfinished(const std::filesystem::path& part, std::string_view key, std::size_t pairs) {
    std::string content;
    if (std::filesystem::exists(part)) {
        std::ifstream stream(part, std::ios::binary);
        content.assign(std::istreambuf_iterator<char>(stream), {});
    }
    content.resize(content.rfind('\n') == std::string::npos ? 0 : content.rfind('\n') + 1);
    const std::string header = unfinished_header(key) + "\n";
    if (content.empty()) content = header;
    require<input_error>(content.starts_with(header), part.string(),
                         ": belongs to another model or other pairs; remove it or give another output file");
    const auto lines = static_cast<std::size_t>(std::ranges::count(content, '\n')) - 1;
    require<input_error>(lines <= pairs, part.string(), ": has ", lines, " lines for ", pairs, " pairs");
    std::ofstream stream(part, std::ios::binary | std::ios::trunc);
    stream << content;
    require<input_error>(static_cast<bool>(stream.flush()), part.string(), ": cannot be written");
    return lines;
}

} // namespace detail

/// What a line says of a pair besides its log-probs.
struct score_options {
    /// Adds "chosen_token_logps" and "rejected_token_logps": log π of each token of the responses.
    bool per_token = false;
    /// What the file calls its pairs; none: by their ids inside.
    const pair_names* names = nullptr;
};

namespace detail {

inline nlohmann::ordered_json written_id(std::uint64_t id, const pair_names* names) {
    return names ? json_id(names->find(id)) : nlohmann::ordered_json(id);
}

inline void write_line(std::ostream& out, nlohmann::ordered_json line) {
    name_infinities(line);
    out << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

/// How many tokens a model computes of pairs, whose prompts it computes once.
template <class TextPolicy>
std::size_t computed_tokens(const TextPolicy& policy, std::span<const text_comparison> pairs) {
    std::size_t all = 0;
    for (const text_comparison& pair : pairs) {
        const auto first = policy.tokens(pair.prompt, pair.first), second = policy.tokens(pair.prompt, pair.second);
        all += first.prompt.size() + first.response.size() + second.response.size();
    }
    return all;
}

/// The lines of a block of pairs.
template <class TextPolicy>
void write_scores(std::ostream& out, const TextPolicy& policy, std::span<const text_comparison> pairs,
                  const score_options& options) {
    using namespace std::string_literals;
    const auto completions = completions_of(pairs);
    const std::span<const completion_of<text_comparison>> all(completions);
    std::vector<double> log_probs;
    ragged<double> of_tokens;
    if (options.per_token) {
        of_tokens = policy.token_log_probs(all);
        for (std::size_t c = 0; c < all.size(); ++c) {
            double sum = 0;
            for (const double value : of_tokens[c]) sum += value;
            require<numeric_error>(std::isfinite(sum), "pair ", pairs[c / 2].id, ": a log-probability is ", sum);
            log_probs.push_back(sum);
        }
    } else {
        log_probs = policy.log_probs(all);
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto chosen = policy.tokens(pairs[i].prompt, pairs[i].first);
        const auto rejected = policy.tokens(pairs[i].prompt, pairs[i].second);
        nlohmann::ordered_json line{{"index"s, written_id(pairs[i].id, options.names)},
                                    {"prompt_tokens"s, chosen.prompt.size()},
                                    {"chosen_tokens"s, chosen.response.size()},
                                    {"rejected_tokens"s, rejected.response.size()},
                                    {"chosen_logp"s, log_probs[2 * i]},
                                    {"rejected_logp"s, log_probs[2 * i + 1]}};
        if (options.per_token) {
            line["chosen_token_logps"] = std::vector<double>(of_tokens[2 * i].begin(), of_tokens[2 * i].end());
            line["rejected_token_logps"] =
                std::vector<double>(of_tokens[2 * i + 1].begin(), of_tokens[2 * i + 1].end());
        }
        write_line(out, line);
    }
}

} // namespace detail

/// Pairs that score_pairs computes together.
inline constexpr std::size_t score_block = 16;

/// Scores `pairs` (first: chosen, second: rejected) with a policy over text and writes
/// `{"index", "prompt_tokens", "chosen_tokens", "rejected_tokens", "chosen_logp", "rejected_logp"}` per pair: the
/// pair's id, lengths in tokens, and Σ log π of the response's tokens in nats. \param key names the model and the data,
/// so that an unfinished file is only continued by what began it \param seen is told at the start and after each block
/// how many pairs are done and, where it takes two numbers, of how many tokens the block was \throws input_error when a
/// file cannot be written or belongs to something else; and what the policy throws.
template <class TextPolicy, class Seen>
void score_pairs(const TextPolicy& policy, std::span<const text_comparison> pairs, const std::filesystem::path& out,
                 std::string_view key, Seen&& seen, const score_options& options = {}) {
    std::filesystem::path part = out;
    part += ".part";
    std::size_t done = detail::continue_unfinished(part, key, pairs.size());
    {
        std::ofstream stream(part, std::ios::binary | std::ios::app);
        const auto tell = [&](std::size_t tokens) {
            if constexpr (std::invocable<Seen&, std::size_t, std::size_t>)
                seen(done, tokens);
            else
                seen(done);
        };
        if (done < pairs.size()) tell(0);
        while (done < pairs.size()) {
            const auto some = pairs.subspan(done, std::min(score_block, pairs.size() - done));
            detail::write_scores(stream, policy, some, options);
            require<input_error>(static_cast<bool>(stream.flush()), part.string(),
                                 ": writing failed (is the disk full?)");
            done += some.size();
            tell(detail::computed_tokens(policy, some));
        }
    }
    std::ifstream finished(part, std::ios::binary);
    std::string header;
    std::getline(finished, header);
    write_atomically(out, [&](std::ostream& target) {
        if (finished.peek() != std::ifstream::traits_type::eof()) target << finished.rdbuf();
    });
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
}

/// What a model would read of `pairs`, without one: `{"index", "prompt_ids", "chosen_ids", "rejected_ids"}` per pair,
/// and "rejected_prompt_ids" where a joint boundary gives the prompt other tokens before the rejected response.
/// \throws input_error when the file cannot be written.
template <int = on_demand>
void write_pair_tokens(encoded_texts& texts, std::span<const text_comparison> pairs, const std::filesystem::path& out,
                       response_end after, const pair_names* names = nullptr) {
    using namespace std::string_literals;
    const auto list = [](token_span ids) { return std::vector<token_id>(ids.begin(), ids.end()); };
    write_atomically(out, [&](std::ostream& stream) {
        for (const text_comparison& pair : pairs) {
            const token_completion chosen = texts.pair(pair.prompt, pair.first, after);
            const token_completion rejected = texts.pair(pair.prompt, pair.second, after);
            nlohmann::ordered_json line{{"index"s, detail::written_id(pair.id, names)},
                                        {"prompt_ids"s, list(chosen.prompt)},
                                        {"chosen_ids"s, list(chosen.response)},
                                        {"rejected_ids"s, list(rejected.response)}};
            if (!std::ranges::equal(chosen.prompt, rejected.prompt))
                line["rejected_prompt_ids"] = list(rejected.prompt);
            detail::write_line(stream, line);
        }
    });
}

} // namespace preflearn
