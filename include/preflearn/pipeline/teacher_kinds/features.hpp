/// \file
/// The kind `features`: a linear or MLP reward on hidden states of a model that does not learn: the state at the last
/// token of the response, or the mean over its tokens. The head is features.safetensors in the teacher's folder:
/// "score.weight" (linear), or the MLP's numbers with the mean and the scale of its inputs.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_fields.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/files/sequence_classifier.hpp>
#include <preflearn/reward/finite.hpp>
#include <preflearn/reward/mlp.hpp>

namespace preflearn {

/// Which hidden state stands for a response.
enum class hidden_pooling : std::uint8_t { last, mean };

/// \throws argument_error for another name.
inline hidden_pooling pooling_named(std::string_view name) {
    require(name == "last" || name == "mean", "hidden states are pooled as last or mean, not as ", excerpt{name});
    return name == "mean" ? hidden_pooling::mean : hidden_pooling::last;
}

/// completions × hidden_size.
inline std::vector<float> pooled_states(const any_transformer<float>& model,
                                        std::span<const token_completion> completions, hidden_pooling pooling) {
    return pooling == hidden_pooling::mean ? model.mean_hidden(completions) : model.last_hidden(completions);
}

/// A reward of hidden states.
struct feature_head {
    /// Of a linear head, one a feature.
    std::vector<double> weights{};
    /// Of an MLP: its input is (state − mean) · scale.
    std::optional<mlp_reward<double>> mlp{};
    std::vector<double> mean{}, scale{};

    /// \param states one row after the other \throws numeric_error for a reward that is not finite
    [[nodiscard]] std::vector<double> rewards(std::span<const float> states) const {
        const std::size_t size = mlp ? mean.size() : weights.size();
        std::vector<double> all(states.size() / size);
        if (mlp) {
            std::vector<double> inputs(states.size());
            for (std::size_t i = 0; i < inputs.size(); ++i)
                inputs[i] = (static_cast<double>(states[i]) - mean[i % size]) * scale[i % size];
            std::vector<completion<no_prompt, std::span<const double>>> rows;
            for (std::size_t c = 0; c < all.size(); ++c)
                rows.push_back({{}, std::span(inputs).subspan(c * size, size)});
            return mlp->rewards(std::span<const completion<no_prompt, std::span<const double>>>(rows));
        }
        for (std::size_t i = 0; i < states.size(); ++i)
            all[i / size] += static_cast<double>(states[i]) * weights[i % size];
        check_finite_rewards(all);
        return all;
    }
};

inline constexpr std::string_view feature_file_name = "features.safetensors";

/// Writes it into a folder. \returns what the description's `files` say of it
inline folder_part write_feature_head(const feature_head& head, const std::filesystem::path& folder) {
    const auto row = [](std::string name, std::span<const double> numbers) {
        return as_tensor<double>(std::move(name), {1, numbers.size()}, numbers);
    };
    std::vector<tensor_view> views;
    if (head.mlp) {
        views = {row("mlp", head.mlp->parameters()), row("mean", head.mean), row("scale", head.scale)};
    } else {
        views = {row("score.weight", head.weights)};
    }
    write_safetensors(folder / feature_file_name, views, {{"format", "pt"}});
    return {std::string(feature_file_name), part_hash(folder, feature_file_name)};
}

/// \param hidden widths of an MLP's layers; empty: a linear head \throws input_error for a file that does not fit
inline feature_head read_feature_head(const std::filesystem::path& path, std::size_t features,
                                      const std::vector<std::size_t>& hidden) {
    const checkpoint_file file = read_safetensors(path);
    const auto row = [&](std::string_view name, std::size_t size) {
        const tensor_view& tensor = file.at(name);
        require<input_error>(tensor.shape == std::vector<std::size_t>{1, size}, path.string(), ": tensor '", name,
                             "': shape [1, ", size, "] was expected, found ", text_of_shape(tensor.shape));
        return all_values<double>(tensor);
    };
    if (hidden.empty()) return {.weights = row("score.weight", features)};
    feature_head head{.mlp = mlp_reward<double>({.features = features, .hidden = hidden}, 0)};
    std::ranges::copy(row("mlp", head.mlp->parameters().size()), head.mlp->parameters().begin());
    head.mean = row("mean", features);
    head.scale = row("scale", features);
    return head;
}

/// The model of a teacher on features: one that scores texts is read without its head.
inline any_transformer<float> load_feature_model(const any_backend<float>& on, const std::filesystem::path& model) {
    return load_scalar_head(on, model).model();
}

namespace detail {

struct feature_teacher {
    any_transformer<float> model;
    text_reading reading;
    hidden_pooling pooling;
    feature_head head;

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        const tokens_of_block tokens(reading, block, judged.all);
        const std::vector<double> rewards = head.rewards(pooled_states(model, tokens.all(), pooling));
        for (std::size_t i = 0; i < block.size(); ++i)
            judged.all[i].scores.assign(rewards.begin() + static_cast<std::ptrdiff_t>(tokens.begin_of(i)),
                                        rewards.begin() + static_cast<std::ptrdiff_t>(tokens.end_of(i)));
        judged.tokens = tokens.tokens();
        return judged;
    }
};

/// The widths in a teacher's settings.
inline std::vector<std::size_t> hidden_widths(const teacher_fields& in) {
    std::vector<std::size_t> widths;
    if (in.text("head", "linear") == "linear") return widths;
    const nlohmann::json& listed = in.at("hidden");
    require<input_error>(listed.is_array() && !listed.empty(), in.place(), ": 'hidden' is no list of widths");
    for (const nlohmann::json& width : listed) {
        require<input_error>(width.is_number_unsigned() && width.get<std::size_t>() > 0, in.place(), ": 'hidden' has ",
                             width.dump(), ", a positive whole number was expected");
        widths.push_back(width.get<std::size_t>());
    }
    return widths;
}

} // namespace detail

/// \throws input_error for files that cannot be read or do not fit.
inline text_teacher load_features_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    const std::string place = (opened.folder / "teacher.json").string();
    require<input_error>(opened.description.base.has_value(), place,
                         ": a teacher of the kind features has a base_model");
    const nlohmann::json settings = opened.description.settings;
    const teacher_fields in(settings, place + ": 'settings'");
    any_transformer<float> model = load_feature_model(on, opened.base);
    text_reading reading = reading_of(opened, model, opened.base);
    text_teacher teacher{.operations_per_token = model.operations_per_token(), .parameters = model.layout().size()};
    add_notes(teacher.notes, reading, model);
    feature_head head = read_feature_head(part_of_folder(opened.folder, feature_file_name), model.config().hidden_size,
                                          detail::hidden_widths(in));
    const auto held = std::make_shared<const detail::feature_teacher>(
        detail::feature_teacher{.model = std::move(model),
                                .reading = std::move(reading),
                                .pooling = pooling_named(in.text("pooling", "last")),
                                .head = std::move(head)});
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    return teacher;
}

} // namespace preflearn
