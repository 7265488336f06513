/// \file
/// Reading models' files, tokenizers, chat templates and preference pairs, as `preflearn::compiled` holds it.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/chat_template.hpp>
#include <preflearn/text/chat/model_chat.hpp>
#include <preflearn/text/files/load.hpp>

namespace preflearn {

extern template nlohmann::json parse_json(std::string_view, const std::string&);
extern template nlohmann::json parse_json_of_unique_keys(std::string_view, const std::string&);
extern template nlohmann::json read_json_file(const std::filesystem::path&);
extern template checkpoint_file read_gguf(const std::filesystem::path&);
extern template checkpoint_file read_safetensors(const std::filesystem::path&);
extern template void write_safetensors(const std::filesystem::path&, std::span<const tensor_view>,
                                       const std::map<std::string, std::string>&);
extern template transformer_config read_config_json(const std::filesystem::path&, std::span<const decoder_family>);
extern template transformer_config read_gguf_config(const checkpoint_file&, std::span<const decoder_family>);
extern template nlohmann::ordered_json config_json(transformer_config, const std::string&);

extern template tokenizer load_tokenizer(const std::filesystem::path&, const tokenizer_options&);
extern template tokenizer tokenizer_from_gguf(const checkpoint_file&, const tokenizer_options&);
extern template std::optional<model_chat_template> find_chat_template(const std::filesystem::path&);
extern template chosen_chat_format choose_chat_format(std::string_view, const std::filesystem::path&);
extern template chosen_chat_format choose_chat_format(std::string_view, std::span<const std::filesystem::path>);

extern template preference_data read_preferences(preference_reader&);
extern template preference_data read_preferences(const std::filesystem::path&, preference_options);
extern template fitting_pairs fit_pairs(const preference_data&, std::span<const pair_reader>, const fit_rules&);
extern template void write_left_out(std::ostream&, const left_out_pairs&);
extern template void write_left_out(const std::filesystem::path&, const left_out_pairs&);
extern template nlohmann::ordered_json to_json(const manifest&);

} // namespace preflearn
