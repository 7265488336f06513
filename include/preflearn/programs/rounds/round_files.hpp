/// \file
/// What a round writes beside what its programs write: the student's implicit reward as a teacher's folder, and labels
/// mixed with replayed pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/whole_folder.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/formats.hpp>
#include <preflearn/text/files/load.hpp>

namespace preflearn {

/// How a student's implicit reward reads texts.
struct reward_reading {
    double beta = 0.1;
    tokenizer_options tokenizer{};
    std::string boundary = "separate";
    /// A format's name or "auto"; empty: that of the models' chat template where it is known here, else HH transcripts.
    std::string chat_format{};
};

namespace detail {

inline std::string own_chat_format(const std::filesystem::path& student, const std::filesystem::path& reference) {
    try {
        choose_chat_format("auto", std::vector<std::filesystem::path>{student, reference});
        return "auto";
    } catch (const input_error&) { // texts have no need of one
        return {};
    }
}

} // namespace detail

/// A folder of the kind `implicit` that refers to the two models where they are. One that is there already is left.
/// \throws input_error where something else is there
inline void write_implicit_reward(const std::filesystem::path& student, const std::filesystem::path& reference,
                                  const reward_reading& reading, const std::filesystem::path& out) {
    if (is_teacher_folder(out)) return;
    const auto outside = [](const std::filesystem::path& model) {
        return outside_model{std::filesystem::absolute(model / "").lexically_normal().parent_path().string(),
                             identify_model(model)};
    };
    teacher_description told{.kind = "implicit",
                             .base = outside(student),
                             .policy = teacher_weights{},
                             .reference = teacher_weights{.from = weights_from::outside, .outside = outside(reference)},
                             .beta = reading.beta,
                             .end_token = load_tokenizer(student, reading.tokenizer).end_token().has_value(),
                             .boundary = reading.boundary,
                             .pretokenizer = reading.tokenizer.pretokenizer,
                             .chat_format = reading.chat_format.empty() ? detail::own_chat_format(student, reference)
                                                                        : reading.chat_format};
    if (!told.chat_format.empty())
        told.chat_layout = layout_of(choose_chat_format(told.chat_format, student).format).name;
    write_folder_whole(
        out, [&](const std::filesystem::path& folder) { write_json(to_json(told), folder / "teacher.json"); });
}

namespace detail {

inline std::vector<nlohmann::json> all_objects(const std::filesystem::path& path) {
    std::vector<nlohmann::json> all;
    for (json_objects objects(path);;) {
        std::optional<nlohmann::json> object = objects.next();
        if (!object) return all;
        all.push_back(std::move(*object));
    }
}

} // namespace detail

/// Writes every `rounds`-th record from the one with the round's number on, as it is; one without an id gets that which
/// it has in the whole file. \returns how many \throws input_error for files that cannot be read or written
inline std::size_t write_own_prompts(const std::filesystem::path& data, std::size_t round, std::size_t rounds,
                                     const std::string& id_field, const std::filesystem::path& out) {
    std::size_t written = 0;
    json_objects objects(data);
    write_atomically(out, [&](std::ostream& stream) {
        for (std::size_t seen = 0; std::optional<nlohmann::json> object = objects.next(); ++seen) {
            if (seen % rounds != (round - 1) % rounds) continue;
            if (detail::field_at(*object, id_field) == nullptr) (*object)["id"] = objects.index();
            stream << object->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
            ++written;
        }
    });
    return written;
}

/// How many replayed pairs make `share` of all when there are so many new ones.
inline std::size_t replayed(std::size_t fresh, double share) {
    return static_cast<std::size_t>(std::llround(static_cast<double>(fresh) * share / (1 - share)));
}

/// Writes the labels and pairs drawn from another file, in a random order, without anything between them that would
/// tell one from the other but the id ("replay:…") of the latter. A file with fewer pairs gives all.
/// \returns how many are replayed \throws input_error for files that cannot be read or written
inline std::size_t write_replay(const std::filesystem::path& labels, const std::filesystem::path& replay, double share,
                                std::uint64_t seed, const std::filesystem::path& out) {
    std::vector<nlohmann::json> lines = detail::all_objects(labels), old = detail::all_objects(replay);
    require<input_error>(!old.empty(), replay.string(), ": holds no pairs to replay");
    const std::size_t count = std::min(old.size(), replayed(lines.size(), share));
    const std::vector<std::size_t> drawn = generator(seed, "replayed pairs").permutation(old.size());
    for (std::size_t i = 0; i < count; ++i) {
        nlohmann::json& pair = old[drawn[i]];
        const nlohmann::json own = pair.contains("id") ? pair.at("id") : nlohmann::json();
        pair["id"] = message("replay:", own.is_string() ? own.get<std::string>()
                                        : own.is_null() ? std::to_string(drawn[i])
                                                        : own.dump());
        lines.push_back(std::move(pair));
    }
    const std::vector<std::size_t> order = generator(seed, "order of replay").permutation(lines.size());
    write_atomically(out, [&](std::ostream& stream) {
        for (const std::size_t i : order)
            stream << lines[i].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    });
    return count;
}

} // namespace preflearn
