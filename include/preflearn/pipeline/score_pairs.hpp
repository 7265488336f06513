/// \file
/// Log-probs of both responses of every labelled pair in a file, one JSON line a pair. The lines go to `<out>.part` as
/// they are computed; when the program is stopped, the same call goes on behind the last whole line, and `<out>`
/// appears only when it is complete.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/atomic_file.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/preference_data.hpp>

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

/// Scores `pairs` (first: chosen, second: rejected) with a policy over text and writes
/// `{"index", "prompt_tokens", "chosen_tokens", "rejected_tokens", "chosen_logp", "rejected_logp"}` per pair: the
/// pair's id, lengths in tokens, and Σ log π of the response's tokens in nats. \param key names the model and the data,
/// so that an unfinished file is only continued by what began it \param seen is told after each block how many pairs
/// are done \throws input_error when a file cannot be written or belongs to something else; and what the policy throws.
template <class TextPolicy, class Seen>
void score_pairs(const TextPolicy& policy, std::span<const text_comparison> pairs, const std::filesystem::path& out,
                 std::string_view key, Seen&& seen) {
    constexpr std::size_t block = 16;
    std::filesystem::path part = out;
    part += ".part";
    std::size_t done = detail::continue_unfinished(part, key, pairs.size());
    {
        std::ofstream stream(part, std::ios::binary | std::ios::app);
        while (done < pairs.size()) {
            const auto some = pairs.subspan(done, std::min(block, pairs.size() - done));
            const auto completions = completions_of(some);
            const std::vector<double> log_probs =
                policy.log_probs(std::span<const completion_of<text_comparison>>(completions));
            for (std::size_t i = 0; i < some.size(); ++i) {
                const nlohmann::ordered_json line{{"index", some[i].id},
                                                  {"prompt_tokens", policy.prompt_tokens(some[i].prompt).size()},
                                                  {"chosen_tokens", policy.response_tokens(some[i].first).size()},
                                                  {"rejected_tokens", policy.response_tokens(some[i].second).size()},
                                                  {"chosen_logp", log_probs[2 * i]},
                                                  {"rejected_logp", log_probs[2 * i + 1]}};
                stream << line.dump() << '\n';
            }
            require<input_error>(static_cast<bool>(stream.flush()), part.string(),
                                 ": writing failed (is the disk full?)");
            done += some.size();
            seen(done);
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

} // namespace preflearn
