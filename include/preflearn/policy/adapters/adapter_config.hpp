/// \file
/// adapter_config.json as PEFT writes it: rank, alpha, dropout and target modules of LoRA. A setting that changes what
/// is computed and is not computed here is refused, and so is one that is not known and says something.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/files/json_fields.hpp>

namespace preflearn {

/// What the file says.
struct adapter_config {
    std::size_t rank = 8;
    double alpha = 8, dropout = 0;
    bool rank_stabilised = false;
    /// As adapter_options has them; empty: the file has an expression, and its tensors say which modules they are.
    std::vector<std::string> targets{};
    std::vector<std::size_t> layers{}; ///< none: all
    /// Of modules by name, or by its end, in place of rank and alpha.
    std::map<std::string, double> ranks{}, alphas{};
    std::string base{}; ///< of what model; may be empty

    /// Alpha of a module.
    [[nodiscard]] double alpha_of(std::string_view module) const { return of_module(alphas, module, alpha); }
    /// Its rank.
    [[nodiscard]] double rank_of(std::string_view module) const {
        return of_module(ranks, module, static_cast<double>(rank));
    }
    /// Whether the settings say that a module has an adapter, where they say that.
    [[nodiscard]] bool wants(std::string_view module, std::size_t layer) const {
        if (!layers.empty() && std::ranges::find(layers, layer) == layers.end()) return false;
        return std::ranges::any_of(
            targets, [&](const std::string& target) { return target == "all-linear" || names_module(target, module); });
    }

  private:
    static double of_module(const std::map<std::string, double>& pattern, std::string_view module, double otherwise) {
        for (const auto& [name, value] : pattern) // the first that fits, as PEFT does
            if (name.starts_with('^') ? name.substr(1) == module : names_module(name, module)) return value;
        return otherwise;
    }
};

namespace detail {

/// Settings that say nothing about what a stored adapter computes.
inline constexpr std::array harmless_adapter_settings =
    std::to_array<std::string_view>({"auto_mapping", "base_model_name_or_path", "ensure_weight_tying", "eva_config",
                                     "exclude_modules", "fan_in_fan_out", "inference_mode", "layers_pattern",
                                     "megatron_core", "peft_version", "qalora_group_size", "revision", "task_type"});
/// Those that are read.
inline constexpr std::array known_adapter_settings =
    std::to_array<std::string_view>({"alpha_pattern", "bias", "init_lora_weights", "layers_to_transform", "lora_alpha",
                                     "lora_dropout", "peft_type", "r", "rank_pattern", "target_modules", "use_rslora"});

/// Whether a setting has a value that asks for nothing.
inline bool asks_for_nothing(const nlohmann::json& value) {
    return value.is_null() || (value.is_boolean() && !value.get<bool>()) ||
           ((value.is_object() || value.is_array() || value.is_string()) && value.empty()) ||
           (value.is_number() && value == 0);
}

/// {"q_proj": 4}; a name may begin with '^', and is no other expression.
inline std::map<std::string, double> module_numbers(const settings_reader& in, const char* name, bool whole) {
    std::map<std::string, double> numbers;
    const nlohmann::json& found = in.at(name);
    require<input_error>(found.is_null() || found.is_object(), in.what(name), "an object was expected, found ",
                         found.type_name());
    for (const auto& [module, value] : found.items()) {
        require<input_error>(module.find_first_of("*+?|()[]{}\\$") == std::string::npos, in.what(name),
                             "names of modules were expected, found the expression '", module, "'");
        require<input_error>(value.is_number(), in.what(name), "'", module, "': a number was expected, found ",
                             value.type_name());
        const auto number = value.get<double>();
        require<input_error>(!whole || (number >= 1 && number <= 65536 && number == std::floor(number)), in.what(name),
                             "'", module, "': a whole number from 1 to 65536 was expected, found ", number);
        numbers.emplace(module, number);
    }
    return numbers;
}

/// Refuses what is not plain LoRA.
inline void check_adapter_settings(const settings_reader& in, const nlohmann::json& object) {
    const std::string type = in.text("peft_type", "");
    require<input_error>(type == "LORA", in.what("peft_type"), "\"LORA\" was expected, found \"", type, '"');
    in.expect("bias", "none");
    const nlohmann::json& start = in.at("init_lora_weights");
    const bool plain =
        start.is_null() || start.is_boolean() || start == "gaussian" || start == "eva" || start == "orthogonal";
    require<input_error>(plain, in.what("init_lora_weights"),
                         "one that leaves the model's own weights as they are was expected (true, false, \"gaussian\", "
                         "\"eva\", \"orthogonal\"), found ",
                         start.dump());
    for (const auto& [name, value] : object.items())
        require<input_error>(std::ranges::find(harmless_adapter_settings, name) != harmless_adapter_settings.end() ||
                                 std::ranges::find(known_adapter_settings, name) != known_adapter_settings.end() ||
                                 asks_for_nothing(value),
                             in.what(name), "plain LoRA, which has no such setting, was expected, found ",
                             value.dump().substr(0, 80));
}

} // namespace detail

/// Reads adapter_config.json. \throws input_error naming file and setting, what was found and what was expected.
inline adapter_config read_adapter_config(const std::filesystem::path& path) {
    const nlohmann::json object = read_json_file(path);
    const settings_reader in(object, path.string());
    detail::check_adapter_settings(in, object);
    adapter_config config{.rank = in.natural("r", 8),
                          .alpha = in.number("lora_alpha", 8),
                          .dropout = in.number("lora_dropout", 0),
                          .rank_stabilised = in.flag("use_rslora", false),
                          .ranks = detail::module_numbers(in, "rank_pattern", true),
                          .alphas = detail::module_numbers(in, "alpha_pattern", false)};
    require<input_error>(config.rank >= 1 && config.rank <= 65536, in.what("r"),
                         "a rank from 1 to 65536 was expected, found ", config.rank);
    require<input_error>(config.dropout >= 0 && config.dropout < 1, in.what("lora_dropout"),
                         "a number from 0 to below 1 was expected, found ", config.dropout);
    const nlohmann::json& targets = in.at("target_modules");
    if (targets == "all-linear") config.targets = {"all-linear"};
    require<input_error>(targets.is_array() || targets.is_string(), in.what("target_modules"),
                         "a list of modules was expected, found ", targets.is_null() ? "nothing" : targets.dump());
    if (targets.is_array()) {
        for (const auto& target : targets) {
            require<input_error>(target.is_string(), in.what("target_modules"), "names were expected, found ",
                                 target.dump());
            config.targets.push_back(target.get<std::string>());
        }
        require<input_error>(!config.targets.empty(), in.what("target_modules"), "is empty");
    }
    if (in.has("exclude_modules")) config.targets.clear(); // the tensors say which are left
    const nlohmann::json& layers = in.at("layers_to_transform");
    const auto add_layer = [&](const nlohmann::json& layer) {
        require<input_error>(layer.is_number_unsigned(), in.what("layers_to_transform"),
                             "numbers of layers were expected, found ", layer.dump());
        config.layers.push_back(layer.get<std::size_t>());
    };
    if (layers.is_array())
        std::ranges::for_each(layers, add_layer);
    else if (!layers.is_null())
        add_layer(layers);
    const nlohmann::json& base = in.at("base_model_name_or_path");
    if (base.is_string()) config.base = base.get<std::string>();
    return config;
}

/// What PEFT reads as adapter_config.json. `transposed`: the model's own weights are inputs × outputs (GPT-2).
inline nlohmann::ordered_json adapter_config_json(const adapter_config& config, bool transposed) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"peft_type"s, "LORA"s},
                                {"task_type"s, "CAUSAL_LM"s},
                                {"base_model_name_or_path"s, nullptr},
                                {"r"s, config.rank},
                                {"lora_alpha"s, config.alpha},
                                {"lora_dropout"s, config.dropout},
                                {"use_rslora"s, config.rank_stabilised},
                                {"target_modules"s, config.targets},
                                {"rank_pattern"s, nlohmann::ordered_json::object()},
                                {"alpha_pattern"s, nlohmann::ordered_json::object()},
                                {"fan_in_fan_out"s, transposed},
                                {"bias"s, "none"s},
                                {"modules_to_save"s, nullptr},
                                {"init_lora_weights"s, true},
                                {"inference_mode"s, true}};
    if (!config.base.empty()) json["base_model_name_or_path"] = config.base;
    for (const auto& [module, rank] : config.ranks) json["rank_pattern"][module] = static_cast<std::size_t>(rank);
    for (const auto& [module, alpha] : config.alphas) json["alpha_pattern"][module] = alpha;
    return json;
}

} // namespace preflearn
