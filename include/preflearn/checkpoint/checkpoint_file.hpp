/// \file
/// What every checkpoint format is read into: tensors found by name, and metadata. The tensors point into the
/// mapped files, which live as long as any copy of the object.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Immutable once read; cheap to move and to copy (copies share everything); safe to read from several threads.
class checkpoint_file {
  public:
    /// `files` are kept alive; every tensor's bytes lie in one of them.
    /// \throws input_error when two tensors have one name.
    checkpoint_file(std::filesystem::path path, nlohmann::json metadata, std::vector<tensor_view> tensors,
                    std::vector<mapped_file> files) {
        auto made = std::make_shared<content>();
        made->path = std::move(path);
        made->metadata = std::move(metadata);
        made->tensors = std::move(tensors);
        made->files = std::move(files);
        for (std::size_t i = 0; i < made->tensors.size(); ++i) {
            require<input_error>(made->by_name.emplace(made->tensors[i].name, i).second, made->path.string(),
                                 ": two tensors are named '", made->tensors[i].name, "'");
        }
        content_ = std::move(made);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return content_->path; }
    /// A JSON object: GGUF's key-value pairs, or the `__metadata__` of safetensors.
    [[nodiscard]] const nlohmann::json& metadata() const { return content_->metadata; }
    /// \throws input_error, saying `what` the file is otherwise, unless the metadata have this text by this name.
    void expect(const char* name, std::string_view expected, std::string_view what) const {
        const auto found = metadata().find(name);
        const std::string value = found == metadata().end() ? "(missing)" : found->get<std::string>();
        require<input_error>(value == expected, path().string(), ": ", what, " (", name, ": ", value, " there, ",
                             expected, " here)");
    }
    /// What was mapped, byte by byte.
    [[nodiscard]] std::span<const mapped_file> files() const { return content_->files; }
    /// In the order of the file.
    [[nodiscard]] std::span<const tensor_view> tensors() const { return content_->tensors; }

    /// The tensor of that name, or a null pointer.
    [[nodiscard]] const tensor_view* find(std::string_view name) const {
        const auto found = content_->by_name.find(name);
        return found == content_->by_name.end() ? nullptr : &content_->tensors[found->second];
    }
    /// \throws input_error naming file and tensor when there is none of that name.
    [[nodiscard]] const tensor_view& at(std::string_view name) const {
        const tensor_view* const found = find(name);
        require<input_error>(found != nullptr, path().string(), ": has no tensor '", name, "' among its ",
                             tensors().size());
        return *found;
    }

  private:
    struct content {
        std::filesystem::path path;
        nlohmann::json metadata;
        std::vector<tensor_view> tensors;
        std::vector<mapped_file> files;
        std::unordered_map<std::string_view, std::size_t> by_name; // views of the names above
    };
    std::shared_ptr<const content> content_;
};

} // namespace preflearn
