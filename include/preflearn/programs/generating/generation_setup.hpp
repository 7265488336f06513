/// \file
/// What a run of `generate` needs before it draws: what the model is called, how conversations become text, what ends a
/// response, which prompts fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_kinds/external.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/programs/generating/generate_options.hpp>
#include <preflearn/programs/generating/prompt_file.hpp>
#include <preflearn/programs/generating/response_text.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/chat/model_chat.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn::detail {

/// "model.gguf:1a2b3c4d": the name of file or folder, and what its weights are.
inline std::string model_name(const generate_options& options) {
    const auto last = [](const std::filesystem::path& path) {
        return std::filesystem::absolute(path / "").lexically_normal().parent_path().filename().string();
    };
    std::string hash = identify_model(options.model).weights, name = last(options.model);
    if (!options.adapter.empty()) {
        std::uint64_t both = hash_of(hash);
        for (const input_file& file : hash_files(options.adapter)) both = hash_of(hash_text(file.hash), both);
        hash = hash_text(both);
        name += "+" + last(options.adapter);
    }
    return message(name, ":", hash.substr(hash.find(':') + 1, 8));
}

/// The run, by all that its responses depend on. \param products of the backend
inline output_run generation_run(const generate_options& options, std::string_view products, std::string_view model) {
    const sampling_options& sampling = options.sampling;
    nlohmann::ordered_json settings{{"model", model},
                                    {"products", products},
                                    {"n", options.count},
                                    {"temperature", sampling.temperature},
                                    {"top_k", sampling.top_k},
                                    {"top_p", sampling.top_p},
                                    {"min_p", sampling.min_p},
                                    {"max_tokens", sampling.max_tokens},
                                    {"stop_strings", options.stop_strings},
                                    {"stop_tokens", options.stop_tokens},
                                    {"stop_ids", options.stop_ids},
                                    {"ignore_ends", options.ignore_ends}};
    if (options.external) settings["external"] = command_hash(*options.external);
    if (options.best_of != 0) settings["best_of"] = options.best_of;
    if (const auto& search = options.search)
        settings["search"] = {{"width", search->width}, {"successors", search->successors}, {"chunk", search->chunk}};
    settings["shard"] = message(options.shard);
    settings["batch"] = options.batch;
    settings["repeats_prompts"] = options.repeats_prompts;
    if (options.maximum_prompt_tokens != std::numeric_limits<std::size_t>::max())
        settings["max_prompt_tokens"] = options.maximum_prompt_tokens;
    settings["id_field"] = options.columns.id;
    settings["prompt_field"] = options.columns.prompt;
    settings["system_field"] = options.columns.system;
    settings["skip_malformed"] = options.skip_malformed;
    settings["strict"] = options.strict;
    settings["chat_format"] = options.chat_format;
    settings["pretokenizer"] = options.tokenizer.pretokenizer;
    manifest record{.program = "generate", .command_line = options.command_line, .seed = options.seed};
    record.settings = std::move(settings);
    record.inputs = {hash_file(options.data)};
    for (const std::filesystem::path& model_files : {options.model, options.adapter})
        if (!model_files.empty())
            for (input_file& file : hash_files(model_files)) record.inputs.push_back(std::move(file));
    if (!options.teacher.empty()) record.inputs.push_back(hash_file(options.teacher / "teacher.json"));
    return output_run_of(std::move(record));
}

/// How the conversations of a file become text: as was asked, or as the model's own template writes them.
/// \throws input_error for a template that is none of those known here; argument_error for a name that is none.
inline chosen_chat_format chat_of_prompts(const generate_options& options, const prompt_file& file,
                                          const speaker& say) {
    if (std::ranges::none_of(file.prompts, &written_prompt::is_conversation)) {
        if (!options.chat_format.empty() && options.chat_format != "auto") (void)chat_format_named(options.chat_format);
        if (!options.chat_format.empty())
            say(message("chat format: ", options.chat_format, " is used for nothing: every prompt is a text"));
        return {};
    }
    const bool own = options.chat_format.empty();
    if (own && !find_chat_template(options.model)) {
        say("chat format: the model has no chat template; conversations are written as HH transcripts");
        return {};
    }
    chosen_chat_format chat = choose_chat_format(own ? "auto" : options.chat_format, options.model);
    for (const std::string& note : chat.notes) say("chat format: " + note);
    say(message("chat format: ", layout_of(chat.format).name, own ? ", the model's own" : ""));
    return chat;
}

/// What ends a response: what was asked for, the model's end tokens, and the chat format's end of a turn.
/// \throws argument_error for a token that the vocabulary does not have.
inline response_ends ends_of(const generate_options& options, const tokenizer& words,
                             const any_transformer<float>& model, const chosen_chat_format& chat) {
    response_ends ends{.tokens = options.stop_ids, .strings = options.stop_strings};
    const std::size_t vocabulary = model.config().vocabulary_size;
    for (const token_id id : ends.tokens)
        require(id >= 0 && static_cast<std::size_t>(id) < vocabulary, "the stop token ", id,
                ": the model's vocabulary ends at ", vocabulary - 1);
    const auto only = [&](std::string_view text) -> std::optional<token_id> {
        if (const auto spelled = words.find(text)) return spelled;
        const std::vector<token_id> ids = words.encode(text, special_tokens::parse, text_position::continuation);
        const bool whole =
            ids.size() == 1 && words.decode(ids, special_text::keep, text_position::continuation) == text;
        return whole ? std::optional(ids.front()) : std::nullopt; // not what is left of it without unknown characters
    };
    for (const std::string& text : options.stop_tokens) {
        const auto id = only(text);
        require(id.has_value(), "the stop token ", excerpt{text}, " is none of ", options.model.string(),
                ": a stop string may be any text");
        ends.tokens.push_back(*id);
    }
    if (options.ignore_ends) return ends;
    ends.tokens.insert(ends.tokens.end(), model.config().end_tokens.begin(), model.config().end_tokens.end());
    if (const auto end = words.end_token()) ends.tokens.push_back(*end);
    if (!chat.render) return ends;
    const std::string_view turn = layout_of(chat.format).end_of_turn;
    if (turn.empty()) return ends;
    if (const auto id = only(turn))
        ends.tokens.push_back(*id);
    else
        ends.strings.emplace_back(turn);
    return ends;
}

/// Leaves out the prompts that the model cannot read, or that are longer than was asked for.
/// \throws input_error for a token that the model has no place for.
inline void leave_out_unfit(prompt_file& file, encoded_texts& texts, const transformer_config& config,
                            const generate_options& options) {
    std::vector<written_prompt> kept;
    for (written_prompt& prompt : file.prompts) {
        std::size_t length = 0;
        try {
            length = checked_length(texts.begun(prompt.text), config.vocabulary_size, "prompt");
        } catch (const error& failure) {
            throw input_error(message(file.names.place(prompt.id), ": ", failure.what()));
        }
        left_out_pair why{.name = file.names.find(prompt.id)};
        if (length == 0) {
            why.reason = left_out_reason::empty_prompt;
            why.message = "the prompt has no token";
        } else if (length >= config.maximum_length) {
            why.reason = left_out_reason::longer_than_model;
            why.message = message("the prompt has ", length, " tokens, the model's maximum is ", config.maximum_length);
        } else if (length > options.maximum_prompt_tokens) {
            why.reason = left_out_reason::too_long;
            why.message =
                message("the prompt has ", length, " tokens, ", options.maximum_prompt_tokens, " are allowed");
        } else {
            kept.push_back(std::move(prompt));
            continue;
        }
        file.left_out.push_back({prompt.ordinal, std::move(why)});
    }
    file.prompts = std::move(kept);
    std::ranges::sort(file.left_out, {}, &left_out_prompt::ordinal);
}

} // namespace preflearn::detail
