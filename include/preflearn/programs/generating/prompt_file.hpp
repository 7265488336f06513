/// \file
/// The prompts of a file, in any form of parse_responses.hpp or without any response: as they are written, since who
/// reads them next may have another chat template, and as a model reads them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

struct written_prompt {
    nlohmann::json written{}; ///< a text or a list of turns
    given_id given{};
    std::uint64_t id = 0;    ///< inside, see pair_names
    std::size_t line = 0;    ///< from 1
    std::size_t ordinal = 0; ///< of all records of the file, malformed ones included, from 0
    std::string text{};      ///< as the model reads it
    /// Which random numbers are its own: by its id, or by its text where it has none, so that neighbours change none.
    std::uint64_t stream = 0;

    [[nodiscard]] bool is_conversation() const { return !written.is_string(); }
};

/// A prompt that is not answered, by its place.
struct left_out_prompt {
    std::size_t ordinal = 0;
    left_out_pair why{};
};

struct prompt_file {
    std::vector<written_prompt> prompts{};
    std::vector<left_out_prompt> left_out{};
    pair_names names{};
    std::size_t records = 0; ///< whatever became of them
};

namespace detail {

/// A record with its responses, or the prompt alone, to which an empty one is put.
inline response_record parse_prompt(nlohmann::json object, const record_options& options) {
    nlohmann::json named = object;
    name_columns(named, options.columns, std::nullopt);
    const auto has = [&](std::string_view name) { return is_there(named, name); };
    const bool answered = has("chosen") || has("rejected") || has("responses") || has("completion") ||
                          (has("info") && has("summaries")) || !options.columns.first.empty();
    if (answered) return parse_responses(std::move(object), options);
    for (const char* const about_responses : {"label", "score", "rating"}) object.erase(about_responses);
    object["completion"] = "";
    record_options alone = options;
    alone.family = record_family::singles;
    alone.columns.completion.clear();
    alone.columns.label.clear();
    return parse_responses(std::move(object), alone);
}

} // namespace detail

/// Reads them, not yet as a model does. \throws input_error "file:line: …" for a malformed record, unless such are
/// skipped, for an id that comes twice, and for a file that holds none.
inline prompt_file read_prompts(const std::filesystem::path& path, const record_options& options) {
    prompt_file found;
    found.names = pair_names(path.string());
    json_objects objects(path);
    for (;; ++found.records) {
        try {
            auto object = objects.next();
            if (!object) break;
            const file_line place = objects.place();
            try {
                response_record record = detail::parse_prompt(std::move(*object), options);
                written_prompt prompt{.written = std::move(record.prompt),
                                      .given = std::move(record.given),
                                      .line = place.line,
                                      .ordinal = found.records};
                prompt.id = found.names.add(prompt.given, objects.index(), place.line);
                found.prompts.push_back(std::move(prompt));
            } catch (const error& failure) {
                throw json_object_error(message(place, ": ", failure.what()));
            }
        } catch (const json_object_error& failure) {
            if (!options.reading.skip_malformed) throw;
            const file_line place = objects.place();
            found.left_out.push_back({found.records,
                                      {.name = {.line = place.line},
                                       .message = std::string(without_place(failure.what(), place)),
                                       .file = path.string()}});
        }
    }
    require<input_error>(!found.prompts.empty(), path.string(), ": holds no prompts");
    return found;
}

/// The prompts as texts, conversations as `render` writes them; those that stand there again are left out unless they
/// are to be repeated. \throws input_error for turns that no chat format here writes, naming the prompt.
inline void render_prompts(prompt_file& file, const preference_options& reading, bool repeats) {
    std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>> seen; // line, and how often
    std::vector<written_prompt> kept;
    kept.reserve(file.prompts.size()); // so that the texts stay where they are
    for (written_prompt& prompt : file.prompts) {
        try {
            prompt.text = prompt.is_conversation()
                              ? reading.render(detail::turns_of(detail::json_field{&prompt.written, "prompt"}, reading))
                              : prompt.written.get<std::string>();
        } catch (const error& failure) {
            throw input_error(message(file.names.place(prompt.id), ": ", failure.what()));
        }
        const bool has_id = prompt.given.form != id_form::none;
        prompt.stream = has_id ? prompt.given.inside(0) : hash_of(prompt.text);
        if (const auto before = seen.find(prompt.text); before != seen.end()) {
            if (!repeats) {
                file.left_out.push_back({prompt.ordinal,
                                         {.name = file.names.find(prompt.id),
                                          .reason = left_out_reason::duplicate,
                                          .message = message("the prompt of line ", before->second.first)}});
                continue;
            }
            const std::size_t again = ++before->second.second;
            if (!has_id) prompt.stream = generator(prompt.stream, "prompt again", again)();
        }
        kept.push_back(std::move(prompt));
        seen.try_emplace(kept.back().text, kept.back().line, 0);
    }
    file.prompts = std::move(kept);
}

} // namespace preflearn
