/// \file
/// What is said to `save_student`: which model a student comes from, what it learned, and in which form it is written.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// The model that a student was before it learned, and how it read texts.
struct student_origin {
    /// A GGUF file or a Hugging Face folder.
    std::filesystem::path model{};
    tokenizer_options tokenizer{};
    /// In which conversations were read: a name, "auto" for the model's own template, empty for none.
    std::string chat_format{};
    /// What the card calls the model ("HuggingFaceTB/SmolLM2-135M"); empty: what its files say.
    std::string name{};
};

/// What the model card says of the learning, beside what follows from the origin.
struct student_card {
    /// The student's name; empty: that of its folder.
    std::string name{};
    /// By what it learned, a loss's name ("dpo"), which is a tag, too.
    std::string method{};
    /// What it learned from; hashes are written.
    std::vector<input_file> data{};
    /// Who labelled these, "T:1a2b3c4d"; empty: unsaid.
    std::string teacher{};
    /// Settings and results, an object of numbers and texts each; null: none.
    nlohmann::ordered_json settings{}, results{};
    std::string command_line{};
    /// More Markdown behind these.
    std::string text{};
    /// Further files of the folder, by name ("manifest.json") and content; a GGUF file has none.
    std::vector<std::pair<std::string, std::string>> files{};
};

/// How a student is written.
struct student_form {
    /// Of a folder F32, BF16 or F16; of a GGUF file Q8_0, too.
    element_type type = element_type::f32;
    /// A model with adapters becomes a folder that PEFT loads on top of the origin; otherwise they are merged.
    bool keep_adapter = false;
    /// Weights of a folder beyond so many bytes lie in several files.
    std::size_t shard_bytes = 5'000'000'000;
};

} // namespace preflearn
