/// \file
/// PyTorch's own files (pytorch_model.bin, *.pt, *.pth) hold Python's pickle, a program that runs when it is read; they
/// are not read here. What finds one says so, with the line that converts it to safetensors.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Whether a file's name is one of those that PyTorch's files go by.
inline bool is_named_as_pickled(const std::filesystem::path& path) {
    const std::string ending = path.extension().string();
    return ending == ".pt" || ending == ".pth" || ending == ".ckpt" ||
           (ending == ".bin" && path.stem() != "training_args");
}

/// The command that makes model.safetensors beside the pickled weights of a folder, with their types kept.
inline std::string conversion_of_pickled(const std::filesystem::path& folder) {
    std::string quoted;
    for (const char c : folder.string()) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return "python -c \"import sys, transformers; transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], "
           "torch_dtype='auto').save_pretrained(sys.argv[1])\" '" +
           quoted + "'";
}

/// Throws where `path` is named as a pickled file, or is a folder that holds one (call it where safetensors are
/// missing). \throws input_error naming the file, with the command that converts it.
inline void refuse_pickled(const std::filesystem::path& path) {
    std::error_code ignored;
    std::vector<std::filesystem::path> found;
    const bool is_folder = std::filesystem::is_directory(path, ignored);
    if (!is_folder && is_named_as_pickled(path)) found.push_back(path);
    if (is_folder)
        for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
            if (is_named_as_pickled(entry.path())) found.push_back(entry.path());
    if (found.empty()) return;
    const std::filesystem::path& first = *std::min_element(found.begin(), found.end()); // a folder has no order
    std::filesystem::path folder = is_folder ? path : path.parent_path();
    if (folder.empty()) folder = ".";
    throw input_error(message(first.string(), ": holds pickled weights, which are a Python program and are not run ",
                              "here; this writes them as safetensors: ", conversion_of_pickled(folder)));
}

} // namespace preflearn
