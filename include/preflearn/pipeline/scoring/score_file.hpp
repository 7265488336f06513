/// \file
/// From a file of preference pairs and a model to their log-probs, or to their tokens alone: reads, leaves out what
/// does not fit, scores, and writes beside `OUT` what the run was (`OUT.manifest.json`) and what it left out
/// (`OUT.left-out.jsonl`). `OUT` itself has nothing but a JSON line per pair.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/scoring/score_pairs.hpp>
#include <preflearn/pipeline/scoring/shard.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/policy/text/text_policy.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

struct score_file_options {
    /// GGUF file or Hugging Face folder; for tokens alone, anything that holds a tokenizer.
    std::filesystem::path model;
    /// A folder with an adapter of the model, as PEFT writes it; empty: none.
    std::filesystem::path adapter{};
    /// Labelled pairs, JSONL or JSONL.gz.
    std::filesystem::path data;
    std::filesystem::path out;
    bool tokens_only = false;
    bool per_token = false;
    response_end after_response = response_end::nothing;
    token_boundary boundary = token_boundary::separate;
    /// How conversations become text: a format's name, "auto", or empty for HH transcripts.
    std::string chat_format{};
    tokenizer_options tokenizer{};
    /// Prompt and response together; longer pairs are left out, as are those longer than the model's maximum.
    std::size_t maximum_tokens = unlimited_length;
    /// Whether leaving anything out is an error.
    bool strict = false;
    /// Which part of the pairs that fit is scored, and written; the others are another process's.
    preflearn::shard shard{};
    preference_options reading{};
    std::vector<std::string> command_line{};
};

namespace detail {

/// How a file's conversations were read.
struct conversation_reading {
    chosen_chat_format format{};
    std::shared_ptr<std::size_t> rendered = std::make_shared<std::size_t>(0); ///< how many
};

inline conversation_reading read_conversations(const score_file_options& options, preference_options& reading) {
    conversation_reading made;
    if (!options.chat_format.empty()) {
        made.format = choose_chat_format(options.chat_format, options.model);
        reading.render = made.format.render;
    }
    reading.render = [inner = reading.render, count = made.rendered](std::span<const chat_message> turns) {
        ++*count;
        return inner(turns);
    };
    return made;
}

/// What a user who named no format should know about the conversations of the file.
inline std::optional<std::string> unasked_format(const score_file_options& options, const conversation_reading& read) {
    if (!options.chat_format.empty() || *read.rendered == 0) return std::nullopt;
    std::string known;
    try {
        if (!find_chat_template(options.model)) return std::nullopt;
        known = message("; the model's chat template is the format ",
                        layout_of(choose_chat_format("auto", options.model).format).name);
    } catch (const error&) {
        known = "; the model has a chat template";
    }
    return message("conversations are read as HH transcripts", known, " (--chat-format NAME or auto)");
}

/// Of a folder the tokenizer's files alone, when nothing else is read.
template <int = on_demand> std::vector<input_file> score_inputs(const score_file_options& options) {
    std::vector<input_file> inputs{hash_file(options.data)};
    std::error_code ignored;
    if (!options.tokens_only) {
        for (input_file& file : hash_files(options.model)) inputs.push_back(std::move(file));
        if (!options.adapter.empty())
            for (input_file& file : hash_files(options.adapter)) inputs.push_back(std::move(file));
    } else if (std::filesystem::is_directory(options.model, ignored)) {
        for (const char* const name :
             {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "chat_template.jinja"})
            if (std::filesystem::is_regular_file(options.model / name, ignored))
                inputs.push_back(hash_file(options.model / name));
    } else {
        inputs.push_back(hash_file(options.model));
    }
    return inputs;
}

/// The model, read where it lies, with its adapter where there is one.
template <std::floating_point Scalar>
any_transformer<Scalar> scored_model(const any_backend<Scalar>& on, const score_file_options& options) {
    any_transformer<Scalar> model = load_any_transformer(on, options.model, trained_tensors::none());
    return options.adapter.empty() ? std::move(model) : load_adapter(model, options.adapter);
}

inline std::string_view boundary_name(token_boundary boundary) {
    return boundary == token_boundary::joint ? "joint" : "separate";
}

/// What an unfinished file must agree on with the run that goes on with it.
inline std::uint64_t score_key(const score_file_options& options, const manifest& run,
                               std::span<const text_comparison> pairs) {
    std::uint64_t key = hash_of(run.settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    for (const input_file& file : run.inputs) key = key * 31 + file.hash;
    for (const text_comparison& pair : pairs) key = key * 31 + pair.id; // what is left out may be chosen differently
    return key * 31 + (options.per_token ? 1 : 0);
}

template <int = on_demand>
nlohmann::ordered_json score_settings(const score_file_options& options, const tokenizer& words,
                                      const conversation_reading& conversations, std::string_view precision) {
    nlohmann::ordered_json settings{{"tokens_only", options.tokens_only},
                                    {"boundary", boundary_name(options.boundary)},
                                    {"end_token", options.after_response == response_end::end_token}};
    if (!options.tokens_only) settings["precision"] = precision;
    if (!options.adapter.empty()) settings["adapter"] = options.adapter.string();
    settings["chat_format"] = layout_of(conversations.format.format).name;
    if (!options.tokenizer.pretokenizer.empty()) settings["pretokenizer"] = options.tokenizer.pretokenizer;
    if (options.maximum_tokens != unlimited_length) settings["max_tokens"] = options.maximum_tokens;
    settings["tokenizer_notes"] = std::vector<std::string>(words.notes().begin(), words.notes().end());
    settings["chat_format_notes"] = conversations.format.notes;
    return settings;
}

/// "float", "double", or by which other products than the processor's own, whose bits are others.
template <class Scalar> std::string precision_of(const any_backend<Scalar>& on) {
    const std::string number = sizeof(Scalar) == 4 ? "float" : "double";
    return on.name == cpu_backend::name ? number : message(number, ", ", on.name);
}

/// What became of the file's pairs, and how prompt and response met.
inline void tell_scores(const score_file_options& options, const preference_data& data, const fitting_pairs& fitting,
                        std::size_t changed, auto&& say) {
    const std::string summary = told(data, fitting);
    for (std::string_view lines = summary; !lines.empty();) {
        const std::size_t end = lines.find('\n');
        say(std::string(lines.substr(0, end)));
        lines.remove_prefix(end + 1);
    }
    const std::size_t mine = options.shard.of(std::span(fitting.kept), score_block).size();
    if (!options.shard.whole())
        say(message("shard ", options.shard, ": ", mine, " of ", fitting.kept.size(), " pairs"));
    if (options.boundary == token_boundary::joint)
        say(message("token boundary: joint; in ", changed, " of ", mine,
                    " pairs the prompt has other tokens beside a response than alone"));
    else
        say(changed == 0 ? std::string("token boundary: separate")
                         : message("token boundary: separate; in ", changed,
                                   " pairs it would have spelled another text, and they were encoded as one"));
}

/// Leaves out, writes what was left out, and completes the record of the run. The pairs of the shard alone.
template <int = on_demand>
std::vector<text_comparison> usable_pairs(const score_file_options& options, const preference_data& data,
                                          const fitting_pairs& fitting, manifest& run) {
    if (!options.strict) write_left_out(left_out_path(options.out), fitting.left_out); // also when nothing is left
    check_left_out(fitting, options.data.string(), options.strict);
    const std::span<const text_comparison> wanted = options.shard.of(std::span(fitting.kept), score_block);
    if (!options.shard.whole()) run.settings["shard"] = message(options.shard);
    run.sizes = {{"pairs", data.size() + data.skipped.count},
                 {"written", wanted.size()},
                 {"left_out", fitting.left_out.size()},
                 {"identical_responses", fitting.identical.size()},
                 {"repeated_prompts", data.repeated().count}};
    return oriented(wanted, data.labels());
}

} // namespace detail

/// Does it all, the model on one backend. \param say takes each sentence for the user \param seen is told, at the start
/// and after each block of pairs, how many of how many are done, how many tokens were computed for the block and how
/// many operations one takes \throws input_error for files that cannot be read or written, when
/// no pair is left and, where strict, when one was left out; argument_error for options that cannot be met.
template <std::floating_point Scalar>
void score_file(const any_backend<Scalar>& on, const score_file_options& options,
                const std::function<void(const std::string&)>& say,
                const std::function<void(std::size_t, std::size_t, double, double)>& seen) {
    tokenizer words = load_tokenizer(options.model, options.tokenizer); // first, since it is quicker to fail
    require(options.after_response == response_end::nothing || words.end_token().has_value(), options.model.string(),
            ": the end token is to be scored, but the tokenizer names none");
    preference_options reading = options.reading;
    const detail::conversation_reading conversations = detail::read_conversations(options, reading);
    for (const std::string& note : words.notes()) say("tokenizer: " + note);
    for (const std::string& note : conversations.format.notes) say("chat format: " + note);
    if (options.chat_format == "auto") say(message("chat format: ", layout_of(conversations.format.format).name));
    const preference_data data = read_preferences(options.data, reading);
    if (const auto unasked = detail::unasked_format(options, conversations)) say("chat format: " + *unasked);

    manifest run{.program = "log_probs",
                 .command_line = options.command_line,
                 .settings = detail::score_settings(options, words, conversations, detail::precision_of(on)),
                 .inputs = detail::score_inputs(options)};
    const fit_rules rules{.maximum_tokens = options.maximum_tokens};
    std::size_t changed = 0;
    const auto tell = [&](const fitting_pairs& fitting) {
        detail::tell_scores(options, data, fitting, changed, say);
        run.settings["pairs_whose_prompt_changes"] = changed;
        run.settings["left_out"] = fitting.left_out.to_json();
    };
    if (options.tokens_only) {
        encoded_texts texts(std::move(words), special_tokens::parse, options.boundary);
        const pair_reader reader{
            .name = options.model.string(), .needs_prompt = false, .lengths = [&](const text_comparison& pair) {
                const token_completion first = texts.pair(pair.prompt, pair.first, options.after_response);
                const token_completion second = texts.pair(pair.prompt, pair.second, options.after_response);
                return pair_lengths{.prompt = first.prompt.size(),
                                    .first = first.response.size(),
                                    .second = second.response.size(),
                                    .second_prompt = second.prompt.size()};
            }};
        const fitting_pairs fitting = fit_pairs(data, std::span(&reader, 1), rules);
        const auto pairs = detail::usable_pairs(options, data, fitting, run);
        changed = static_cast<std::size_t>(std::ranges::count_if(pairs, [&](const text_comparison& pair) {
            return texts.changes_prompt(pair.prompt, pair.first) || texts.changes_prompt(pair.prompt, pair.second);
        }));
        write_pair_tokens(texts, pairs, options.out, options.after_response, &data.names());
        tell(fitting);
    } else {
        const text_policy<any_transformer<Scalar>> policy(
            std::move(words), detail::scored_model(on, options),
            {.after_response = options.after_response, .boundary = options.boundary});
        const std::span<const std::string> notes = policy.model().notes();
        for (const std::string& note : notes) say("model: " + note);
        run.settings["model_notes"] = std::vector<std::string>(notes.begin(), notes.end());
        const pair_reader reader = reader_of(policy, options.model.string());
        const fitting_pairs fitting = fit_pairs(data, std::span(&reader, 1), rules);
        const auto pairs = detail::usable_pairs(options, data, fitting, run);
        changed = static_cast<std::size_t>(std::ranges::count_if(
            pairs, [&](const text_comparison& pair) { return detail::changes_prompt(policy, pair); }));
        tell(fitting);
        score_pairs(policy, pairs, options.out, message("preflearn log-probs ", detail::score_key(options, run, pairs)),
                    [&](std::size_t done, std::size_t tokens) {
                        seen(done, pairs.size(), static_cast<double>(tokens), policy.operations_per_token());
                    },
                    {.per_token = options.per_token, .names = &data.names()});
    }
    std::filesystem::path beside = options.out;
    beside += ".manifest.json";
    write_atomically(beside, [&](std::ostream& out) {
        out << to_json(run).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    });
}

/// The same on a backend that is chosen where the program is compiled. \param seen may take the first two numbers alone
template <std::floating_point Scalar, class Backend = cpu_backend, class Say, class Seen>
void score_file(const score_file_options& options, Say&& say, Seen&& seen) {
    score_file(any_backend_of<Scalar, Backend>(), options, std::ref(say),
               [&](std::size_t done, std::size_t total, double tokens, double operations) {
                   if constexpr (std::invocable<Seen&, std::size_t, std::size_t, double, double>)
                       seen(done, total, tokens, operations);
                   else
                       seen(done, total);
               });
}

} // namespace preflearn
