/// \file
/// The program `pairs`: looks at files of preferences, or prepares them. Its options as they stand on the command line
/// become those of the functions that do it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/preparing/prepare_records.hpp>
#include <preflearn/data/records/reading/walk_records.hpp>
#include <preflearn/programs/pairs/pair_summary.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Texts of the command line that name something.
struct pairs_choices {
    std::string to{}, from{}, pairing = "best-worst", split{}, chat_format{}, labels = "probability";
    /// words, characters, bytes or tokens; none: tokens where there is a model, else words.
    std::string length{};
    /// A model's file or folder, whose tokens are counted and whose chat template `auto` takes.
    std::filesystem::path model{};
};

namespace detail {

/// What lengths are counted in. The tokenizer is shared by the copies of the measure.
inline text_measure measure_named(const std::string& unit, const std::filesystem::path& model,
                                  const conversation_renderer& render) {
    text_measure measure{.unit = unit, .render = render};
    if (unit == "words") measure.of = words_in;
    if (unit == "characters") measure.of = characters_in;
    if (unit == "bytes") measure.of = [](std::string_view text) { return text.size(); };
    if (unit == "tokens") {
        require(!model.empty(), "lengths in tokens need a tokenizer (--model)");
        const auto words = std::make_shared<const tokenizer>(load_tokenizer(model));
        measure.of = [words](std::string_view text) { return words->encode(text).size(); };
    }
    require(measure.of != nullptr, "lengths are counted in words, characters, bytes or tokens, not in ", excerpt{unit});
    return measure;
}

inline pairing pairing_named(std::string_view name) {
    if (name == "best-worst") return pairing::best_worst;
    if (name == "best-random") return pairing::best_random;
    require(name == "all", "pairs are best-worst, best-random or all, not ", excerpt{name});
    return pairing::all;
}

} // namespace detail

/// Completes the options by what is named. \returns sentences for the user \throws argument_error naming a word that is
/// none of its list; input_error for a model that cannot be read
inline std::vector<std::string> choose(prepare_options& options, const pairs_choices& choices) {
    std::vector<std::string> notes;
    if (!choices.to.empty()) options.items.target = record_target_named(choices.to);
    if (!choices.from.empty()) options.records.family = record_family_named(choices.from);
    options.items.pairing = detail::pairing_named(choices.pairing);
    if (!choices.split.empty()) options.parts = split_parts_of(choices.split);
    require(choices.labels == "probability" || choices.labels == "index",
            "numbers as labels are a probability or an index, not ", excerpt{choices.labels});
    if (choices.labels == "index") options.records.reading.label_numbers = number_label::preferred_index;
    const record_columns& columns = options.records.columns;
    require(columns.first.empty() == columns.second.empty(),
            "two responses in columns of their own need both names (--first-field, --second-field)");
    conversation_renderer render;
    if (!choices.chat_format.empty() && choices.model.empty()) {
        require(choices.chat_format != "auto", "the chat format auto is that of a model (--model)");
        const chat_format format = chat_format_named(choices.chat_format);
        render = [format](std::span<const chat_message> turns) { return render_chat(format, turns); };
    } else if (!choices.chat_format.empty()) {
        chosen_chat_format chosen = choose_chat_format(choices.chat_format, choices.model);
        notes = chosen.notes;
        if (choices.chat_format == "auto") notes.push_back(message("chat format: ", layout_of(chosen.format).name));
        render = chosen.render;
    }
    if (render) options.records.reading.render = render;
    const std::string length = !choices.length.empty() ? choices.length : choices.model.empty() ? "words" : "tokens";
    options.rules.measure = detail::measure_named(length, choices.model, render);
    return notes;
}

/// Counts what the files hold. \param seen is told how many records are done \throws input_error for files that cannot
/// be read, and malformed lines that are not skipped
inline pair_summary look_at_pairs(const prepare_options& options, const record_progress& seen = {}) {
    pair_summary summary{.unit = options.rules.measure.unit};
    std::size_t done = 0;
    for (const std::filesystem::path& path : options.inputs) {
        counted_file file{.name = path.filename().string(), .counts = record_counts(options.rules.measure)};
        seen_ids ids;
        file.malformed = walk_records(path, options.records, ids, false, [&](const response_record& record) {
            try {
                file.counts.add(record);
            } catch (const error& failure) {
                throw input_error(message(file_line{path.string(), record.line}, ": ", failure.what()));
            }
            ++done;
            if (seen) seen(done, 0);
        });
        require<input_error>(file.counts.records > 0 || !file.malformed.empty(), path.string(), ": holds no records");
        summary.files.push_back(std::move(file));
    }
    return summary;
}

/// What became of each file's records, and what was written, in lines of text.
inline std::string told(const prepared_records& prepared) {
    std::string text;
    for (const prepared_file& file : prepared.files) {
        text += message(file.file, ": ", file.records + file.left_out.count(left_out_reason::malformed), " records");
        for (const auto& [form, count] : detail::read_as(file.forms)) text += message(", ", count, " read as ", form);
        text += message("; lines written: ", file.written, "\n", file.left_out.summary());
        if (file.repeated_prompts > 0)
            text += message("  taken off: the prompt, which stood once more in front of the responses of ",
                            file.repeated_prompts, " records\n");
    }
    if (prepared.written == 0) return text + "nothing is left to write\n";
    for (const prepared_part& part : prepared.parts) text += message(part.path.string(), ": ", part.lines, " lines\n");
    return text;
}

/// The same as JSON: {"files": [{file, records, written, left_out, …}], "outputs": [{part, file, lines}]}.
inline nlohmann::ordered_json to_json(const prepared_records& prepared) {
    auto files = nlohmann::ordered_json::array(), outputs = nlohmann::ordered_json::array();
    for (const prepared_file& file : prepared.files)
        files.push_back({{"file", file.file},
                         {"records", file.records},
                         {"written", file.written},
                         {"read_as", detail::read_as(file.forms)},
                         {"repeated_prompts", file.repeated_prompts},
                         {"left_out", file.left_out.to_json()}});
    for (const prepared_part& part : prepared.parts) {
        nlohmann::ordered_json one = nlohmann::ordered_json::object();
        if (!part.name.empty()) one["part"] = part.name;
        one["file"] = part.path.string();
        one["lines"] = part.lines;
        if (prepared.written > 0) outputs.push_back(std::move(one));
    }
    return {{"files", std::move(files)}, {"outputs", std::move(outputs)}};
}

} // namespace preflearn
