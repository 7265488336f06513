/// \file
/// What a run of `generate` has made: its files, and what is told of them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/programs/generating/generate_options.hpp>
#include <preflearn/programs/generating/prompt_file.hpp>
#include <preflearn/programs/generating/response_lines.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/run/write.hpp>

namespace preflearn {

struct generated_file {
    bool was_there = false; ///< made before by the same command; only the number of responses is known
    response_counts counts{};
    std::size_t records = 0;                       ///< of the shard
    std::map<std::string, std::size_t> left_out{}; ///< by reason
};

/// Lines of text, each ended.
inline std::string to_text(const generated_file& found) {
    if (found.was_there) return "generated before by the same command: nothing is left to do\n";
    const response_counts& counts = found.counts;
    std::string text = message(counts.prompts, " prompts, ", counts.responses, " responses\n");
    for (const auto& [reason, count] : found.left_out) text += message("  left out: ", count, " (", reason, ")\n");
    if (counts.responses == 0) return text;
    const auto percent = [&](std::size_t of) { return std::llround(100 * counts.share(of)); };
    const double mean = counts.share(counts.tokens);
    text += fmt::format("  {:.1f} tokens each, {}% ended by themselves, {}% distinct", mean, percent(counts.ended),
                        percent(counts.distinct));
    if (counts.empty > 0) text += message(", ", counts.empty, " empty");
    return text + "\n";
}

inline nlohmann::ordered_json to_json(const generated_file& found) {
    const response_counts& counts = found.counts;
    nlohmann::ordered_json json{{"records", found.records},
                                {"prompts", counts.prompts},
                                {"responses", counts.responses},
                                {"left_out", found.left_out},
                                {"tokens", counts.tokens}};
    if (counts.responses == 0) return json;
    json["mean_tokens"] = counts.share(counts.tokens);
    json["ended_share"] = counts.share(counts.ended);
    json["distinct_share"] = counts.share(counts.distinct);
    json["empty"] = counts.empty;
    return json;
}

namespace detail {

/// Of the part [begin, end) of the prompts, the lines and what has none; what stood between them in the file belongs to
/// the part whose stretch it is.
inline void write_responses(const generate_options& options, const prompt_file& file, std::size_t begin,
                            std::size_t end, std::span<const std::string> lines, output_run& run,
                            generated_file& found) {
    const std::size_t all = std::numeric_limits<std::size_t>::max(), count = file.prompts.size();
    const std::size_t after = begin == 0 ? 0 : file.prompts[begin - 1].ordinal + 1;
    const bool nothing = begin == end && options.shard.index > 1;
    const std::size_t until = nothing ? after : end == count ? all : file.prompts[end - 1].ordinal + 1;
    std::vector<left_out_prompt> left;
    for (const left_out_prompt& one : file.left_out)
        if (one.ordinal >= after && one.ordinal < until) left.push_back(one);
    std::vector<const std::string*> written;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const nlohmann::json line = nlohmann::json::parse(lines[i]);
        if (auto why = unjudged_in(line)) {
            why->name = file.names.find(file.prompts[begin + i].id);
            left.push_back({file.prompts[begin + i].ordinal, *std::move(why)});
            continue;
        }
        found.counts.add(line);
        written.push_back(&lines[i]);
    }
    std::ranges::sort(left, {}, &left_out_prompt::ordinal);
    left_out_pairs left_out;
    for (left_out_prompt& one : left) {
        require<input_error>(!options.strict || one.why.reason == left_out_reason::duplicate, options.data.string(),
                             ": a prompt is left out, which strict refuses: line ", one.why.name.line, ": ",
                             one.why.message);
        ++found.left_out[std::string(words_of(one.why.reason))];
        left_out.add(std::move(one.why));
    }
    found.records = left_out.size() + written.size();
    run.record.sizes = {{"prompts", found.counts.prompts}, {"responses", found.counts.responses}};
    run.record.settings["result"] = to_json(found);
    write_json(to_json(run.record), beside(options.out, ".manifest.json")); // first: the list is known as its own by it
    write_left_out(beside(options.out, ".left-out.jsonl"), left_out);
    write_atomically(options.out, [&](std::ostream& out) {
        for (const std::string* const line : written) out << *line << '\n';
    });
}

} // namespace detail

} // namespace preflearn
