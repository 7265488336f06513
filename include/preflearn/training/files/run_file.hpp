/// \file
/// A run kept in a safetensors file: its numbers and its history as tensors, and as metadata a description of what the
/// run is (options, data, model). Everything else of a run, such as the order of the examples, follows from the
/// description and the step, so a resumed run has the bits of one that never stopped.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/keeper.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

namespace detail {

inline constexpr std::string_view run_format = "preflearn training checkpoint, version 2";
/// Files of the first library version end their history here; what came later is not a number there.
inline constexpr std::size_t least_metrics = 14;

/// The bytes and the type of named numbers.
inline std::pair<std::span<std::byte>, element_type> bytes_of_state(const state_values& values) {
    constexpr std::array types{element_type::f32, element_type::f64, element_type::u64, element_type::u8};
    return {std::visit([](const auto& numbers) { return std::as_writable_bytes(numbers); }, values),
            types[values.index()]};
}

/// The bytes of a tensor of exactly this type and shape. \throws input_error naming file and tensor.
inline std::span<const std::byte> exact_bytes(const checkpoint_file& file, std::string_view name, element_type type,
                                              const std::vector<std::size_t>& shape) {
    const tensor_view& tensor = file.at(name);
    require<input_error>(tensor.type == type && tensor.shape == shape, file.path().string(), ": tensor '", name,
                         "' is ", name_of(tensor.type), " ", text_of_shape(tensor.shape), ", ", name_of(type), " ",
                         text_of_shape(shape), " was expected");
    return tensor.bytes;
}

} // namespace detail

/// A Keeper in a file.
struct run_file {
    /// Where; when it exists, the run goes on from it.
    std::filesystem::path path{};
    /// Saves after every so many steps; 0: only at the end.
    std::size_t every = 0;

    [[nodiscard]] std::string place() const { return path.string(); }

    /// Tries whether a file can be made there. \throws input_error when it cannot.
    void prepare() const { check_can_be_written(path); }

    /// Writes the file whole or not at all. \throws input_error when it cannot be written.
    void save(const kept_run& run) const {
        std::vector<double> numbers;
        numbers.reserve(run.steps.size() * step_metrics.size());
        for (const training_step& step : run.steps)
            for (const auto& [name, member] : step_metrics) numbers.push_back(step.*member);
        std::vector<tensor_view> tensors;
        for (const named_state& part : run.state) {
            const auto [bytes, type] = detail::bytes_of_state(part.values);
            tensors.push_back({part.name, type, {bytes.size() / block_bytes(type)}, bytes});
        }
        tensors.push_back({"history",
                           element_type::f64,
                           {run.steps.size(), step_metrics.size()},
                           std::as_bytes(std::span<const double>(numbers))});
        std::map<std::string, std::string> metadata{{"format", std::string(detail::run_format)},
                                                    {"steps taken", std::to_string(run.steps.size())},
                                                    {"steps in the run", std::to_string(run.total)}};
        for (const auto& [name, value] : run.description.fields()) metadata[name] = value;
        write_safetensors(path, tensors, metadata);
    }

    /// Reads what `save` wrote, when it is a checkpoint of the same run; false when there is no file.
    /// \throws input_error when the file is malformed, or belongs to another run: the message names everything that
    /// differs; nothing has been changed then.
    bool load(kept_run& run) const {
        require(!path.empty(), "a run_file has a path");
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored)) return false;
        const checkpoint_file file = read_safetensors(path);
        const auto field = [&](const std::string& name) {
            const auto found = file.metadata().find(name);
            return found == file.metadata().end() ? std::string("(missing)") : found->template get<std::string>();
        };
        require<input_error>(field("format") == detail::run_format, path.string(), ": is not a ", detail::run_format,
                             " (format: ", field("format"), ")");
        const std::string different = differences(run.description, field);
        require<input_error>(different.empty(), path.string(), ": belongs to another run (", different,
                             "); remove it or give another path");
        const std::vector<std::size_t>& shape = file.at("history").shape;
        require<input_error>(shape.size() == 2 && std::to_string(shape[0]) == field("steps taken"), path.string(),
                             ": tensor 'history' of shape ", text_of_shape(shape), " does not fit a run with ",
                             field("steps taken"), " steps taken");
        const std::size_t taken = shape[0], metrics = std::min(shape[1], step_metrics.size());
        const auto total = natural(field("steps in the run"));
        const std::span<const std::byte> history =
            detail::exact_bytes(file, "history", element_type::f64, {taken, std::max(metrics, detail::least_metrics)});
        std::vector<std::pair<std::span<std::byte>, std::span<const std::byte>>> copies;
        for (const named_state& part : run.state) {
            const auto [bytes, type] = detail::bytes_of_state(part.values);
            copies.emplace_back(bytes, detail::exact_bytes(file, part.name, type, {bytes.size() / block_bytes(type)}));
        }
        std::vector<training_step> steps(taken);
        for (std::size_t i = 0; i < taken; ++i)
            for (std::size_t j = 0; j < metrics; ++j)
                std::memcpy(&(steps[i].*step_metrics[j].second), history.data() + (i * metrics + j) * sizeof(double),
                            sizeof(double));
        if (run.accept) run.accept(steps, total);
        // Nothing can fail from here on.
        for (const auto& [to, from] : copies)
            if (!to.empty()) std::memcpy(to.data(), from.data(), to.size());
        run.total = total;
        run.steps = std::move(steps);
        return true;
    }

  private:
    /// A number of the metadata. \throws input_error when it is none.
    [[nodiscard]] std::uint64_t natural(const std::string& text) const {
        std::uint64_t number = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
        require<input_error>(failure == std::errc() && end == text.data() + text.size(), path.string(),
                             ": 'steps in the run' is ", excerpt{text}, ", a number was expected");
        return number;
    }
};

} // namespace preflearn
