/// \file
/// teacher.json: what a teacher is. Kind, policy and reference, β and temperature, how it labels unless told otherwise,
/// how it reads texts, and what it learned from.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/version.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_fields.hpp>

namespace preflearn {

/// Which weights a policy or a reference has.
enum class weights_from : std::uint8_t {
    base,    ///< the base model as it is
    adapter, ///< the base model with an adapter of the folder, as PEFT writes it
    model,   ///< a model of the folder, with the base model's tokenizer
    outside, ///< another model outside of the folder, with its own tokenizer
};

constexpr std::array<std::string_view, 4> weights_from_names{"base", "adapter", "model", "outside"};
constexpr std::string_view name_of(weights_from from) { return weights_from_names[static_cast<std::size_t>(from)]; }

/// A policy or a reference of a teacher.
struct teacher_weights {
    weights_from from = weights_from::base;
    std::string path{}; ///< of an adapter or a model, relative to the folder
    std::string hash{}; ///< of its content (`part_hash`)
    outside_model outside{};
};

/// How verdicts become labels unless a program is told otherwise. `amount`: the least probability of the likelier
/// response (abstain), or a share of all pairs in percent (top).
struct teacher_rule {
    std::string name = "hard";
    double amount = 0;
};

/// A file or folder of the teacher's folder, and its content.
struct folder_part {
    std::string path{}, hash{};
};

/// What teacher.json says. What a kind has no use for stays as it is.
struct teacher_description {
    std::string kind{};
    std::optional<outside_model> base{};
    std::optional<teacher_weights> policy{}, reference{};
    double beta = 0.1;
    /// P = σ(margin / temperature); 1: as the teacher says, not calibrated.
    double temperature = 1;
    bool calibrated = false;
    teacher_rule rule{};
    /// Log-probs are divided by the number of tokens.
    bool per_token = false;
    /// How texts become tokens: whether an end token follows every response, where prompts end, how a GGUF file's
    /// tokenizer splits text (empty: as it says).
    bool end_token = false;
    std::string boundary = "separate", pretokenizer{};
    /// How conversations are written: as was asked for (a format's name, or auto), and which format that is; empty: HH
    /// transcripts.
    std::string chat_format{}, chat_layout{};
    std::size_t maximum_tokens = unlimited_length;
    /// Of recorded verdicts: a file of the folder, and its content.
    std::string records{}, records_hash{};
    /// Of an ensemble: teachers' folders in the folder, how they are combined (see ensemble.hpp), and λ of `careful`.
    std::vector<folder_part> members{};
    std::string combination = "mean";
    double spread = 1;
    /// Files of the folder that the kind needs, and what it says of itself: an object whose members the kind reads, by
    /// `teacher_fields`.
    std::vector<folder_part> files{};
    nlohmann::ordered_json settings = nlohmann::ordered_json::object();
    /// The loss by its name and its parameters, the pairs (their number and content), the options of the training.
    nlohmann::ordered_json training = nlohmann::ordered_json::object();
    /// What it was found to be worth on held-out pairs.
    nlohmann::ordered_json evaluation = nlohmann::ordered_json::object();
};

inline constexpr std::string_view teacher_format = "preflearn teacher";
inline constexpr std::uint64_t teacher_version = 1;

namespace detail {

inline nlohmann::ordered_json json_of(const model_identity& identity) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"weights"s, identity.weights}};
    if (!identity.tokenizer.empty()) json["tokenizer"] = identity.tokenizer;
    if (!identity.chat_template.empty()) json["chat_template"] = identity.chat_template;
    return json;
}
inline nlohmann::ordered_json json_of(const outside_model& model) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"path"s, model.path}};
    json.update(json_of(model.identity));
    return json;
}
inline nlohmann::ordered_json json_of(const teacher_weights& weights) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"from"s, name_of(weights.from)}};
    if (weights.from == weights_from::outside) json.update(json_of(weights.outside));
    if (!weights.path.empty()) json["path"] = weights.path;
    if (!weights.hash.empty()) json["hash"] = weights.hash;
    return json;
}

inline outside_model read_outside_model(const teacher_fields& in) {
    return {in.text("path"), {in.text("weights"), in.text("tokenizer", ""), in.text("chat_template", "")}};
}
inline std::vector<folder_part> read_parts(const teacher_fields& in, std::string_view name) {
    std::vector<folder_part> parts;
    if (!in.has(name)) return parts;
    require<input_error>(in.at(name).is_array(), in.place(), ": '", name, "' is no list of what lies in the folder");
    for (const nlohmann::json& part : in.at(name)) {
        const teacher_fields one(part, message(in.place(), ": '", name, "'"));
        parts.push_back({one.text("path"), one.text("hash")});
    }
    return parts;
}
inline teacher_weights read_teacher_weights(const teacher_fields& in) {
    const std::string name = in.text("from");
    const auto from = std::ranges::find(weights_from_names, name);
    require<input_error>(from != weights_from_names.end(), in.place(), ": 'from' is ", excerpt{name},
                         ", base, adapter, model or outside was expected");
    teacher_weights weights{.from = static_cast<weights_from>(from - weights_from_names.begin())};
    if (weights.from == weights_from::outside) weights.outside = read_outside_model(in);
    if (weights.from == weights_from::adapter || weights.from == weights_from::model) {
        weights.path = in.text("path");
        weights.hash = in.text("hash");
    }
    return weights;
}

} // namespace detail

template <int = on_demand> nlohmann::ordered_json to_json(const teacher_description& teacher) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"format"s, teacher_format},
                                {"version"s, teacher_version},
                                {"library"s, "preflearn " + std::string(library_version)},
                                {"kind"s, teacher.kind}};
    if (teacher.base) json["base_model"] = detail::json_of(*teacher.base);
    if (teacher.policy) json["policy"] = detail::json_of(*teacher.policy);
    if (teacher.reference) json["reference"] = detail::json_of(*teacher.reference);
    if (teacher.reference) json["beta"] = teacher.beta;
    json["temperature"] = teacher.temperature;
    json["calibrated"] = teacher.calibrated;
    json["rule"] = {{"name"s, teacher.rule.name}};
    if (teacher.rule.amount != 0) json["rule"]["amount"] = teacher.rule.amount;
    if (teacher.base) {
        json["end_token"] = teacher.end_token;
        json["boundary"] = teacher.boundary;
        if (!teacher.pretokenizer.empty()) json["pretokenizer"] = teacher.pretokenizer;
        if (teacher.maximum_tokens != unlimited_length) json["max_tokens"] = teacher.maximum_tokens;
    }
    if (teacher.per_token) json["per_token"] = true;
    json["chat_format"] = teacher.chat_format;
    if (!teacher.chat_layout.empty()) json["chat_layout"] = teacher.chat_layout;
    if (!teacher.records.empty()) json["records"] = {{"path"s, teacher.records}, {"hash"s, teacher.records_hash}};
    if (!teacher.members.empty()) {
        json["combination"] = teacher.combination;
        json["spread"] = teacher.spread;
        for (const folder_part& member : teacher.members)
            json["members"].push_back({{"path"s, member.path}, {"hash"s, member.hash}});
    }
    for (const folder_part& file : teacher.files) json["files"].push_back({{"path", file.path}, {"hash", file.hash}});
    if (!teacher.settings.empty()) json["settings"] = teacher.settings;
    if (!teacher.training.empty()) json["training"] = teacher.training;
    if (!teacher.evaluation.empty()) json["evaluation"] = teacher.evaluation;
    return json;
}

/// \param place what messages call the file \throws input_error naming the member, what was found and what was
/// expected; a later version is refused.
template <int = on_demand> teacher_description parse_teacher(const nlohmann::json& json, const std::string& place) {
    const teacher_fields in(json, place);
    require<input_error>(in.at("format") == teacher_format, place,
                         ": is not the description of a teacher (\"format\": \"", teacher_format, "\")");
    require<input_error>(in.at("version") == teacher_version, place, ": 'version' is ", in.at("version").dump(), ", ",
                         teacher_version, " was expected: another preflearn made it");
    teacher_description teacher{.kind = in.text("kind"),
                                .beta = in.positive("beta", 0.1),
                                .temperature = in.positive("temperature", 1),
                                .calibrated = in.flag("calibrated"),
                                .per_token = in.flag("per_token"),
                                .end_token = in.flag("end_token"),
                                .boundary = in.text("boundary", "separate"),
                                .pretokenizer = in.text("pretokenizer", ""),
                                .chat_format = in.text("chat_format", ""),
                                .chat_layout = in.text("chat_layout", "")};
    require<input_error>(teacher.boundary == "separate" || teacher.boundary == "joint", place, ": 'boundary' is ",
                         excerpt{teacher.boundary}, ", separate or joint was expected");
    if (in.has("base_model")) teacher.base = detail::read_outside_model(in.object("base_model"));
    if (in.has("policy")) teacher.policy = detail::read_teacher_weights(in.object("policy"));
    if (in.has("reference")) teacher.reference = detail::read_teacher_weights(in.object("reference"));
    if (in.has("rule")) teacher.rule = {in.object("rule").text("name"), in.object("rule").number("amount", 0)};
    if (in.has("max_tokens")) teacher.maximum_tokens = static_cast<std::size_t>(in.positive("max_tokens", 1));
    if (in.has("records")) {
        teacher.records = in.object("records").text("path");
        teacher.records_hash = in.object("records").text("hash");
    }
    teacher.files = detail::read_parts(in, "files");
    if (in.has("settings")) teacher.settings = in.object("settings").all();
    if (in.has("members")) {
        teacher.members = detail::read_parts(in, "members");
        teacher.combination = in.text("combination", "mean");
        teacher.spread = in.number("spread", 1);
    }
    teacher.training = in.at("training");
    teacher.evaluation = in.at("evaluation");
    return teacher;
}

} // namespace preflearn
