/// \file
/// The share of wrong labels that a student is told of: a number, or what is known of the teacher that labelled; the
/// parameter of a loss that corrects for it; and how many right labels the file's labels are worth.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/noise/noise_files.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

struct told_noise {
    noise_estimate found{};
    /// Who says so: a file's name, or "--noise-rate".
    std::string from{};
};

/// Whether every label is to have a noise rate of its own (see noise_by_pair.hpp).
inline bool noise_of_each_pair(const align_options& options) { return options.noise_rate == "pairs"; }

/// The loss by which a student learns: where a noise rate is told, the one of that family that knows what to do with
/// it.
inline std::string loss_asked_for(const align_options& options) {
    if (options.noise_rate.empty()) return options.loss_name;
    const std::string_view listed = loss_listed_as(options.loss_name).about.name;
    return std::string(noise_of_each_pair(options) ? loss_with_noise_by_pair(listed) : loss_with_noise_rate(listed));
}

namespace detail {

/// Whether the manifest beside labels says that a rule kept some of them, or that some were turned: then the rate of
/// all that the teacher says is not theirs.
inline bool are_not_as_taught(const std::filesystem::path& labels) {
    const std::filesystem::path place = beside(labels, ".manifest.json");
    std::error_code ignored;
    if (!std::filesystem::exists(place, ignored)) return false;
    const nlohmann::json told = read_json_file(place);
    const nlohmann::json& settings = member_or_null(told, "settings");
    const nlohmann::json& rule = member_or_null(settings, "rule");
    return rule == "abstain" || rule == "top" || !member_or_null(settings, "flips").is_null();
}

} // namespace detail

/// What is known of the labels' noise: by the folder that is named, unless the manifest beside them says that a rule
/// kept some of them or that some were turned, then by that; nothing where nobody asks and no file says it.
/// \throws input_error where that of the teacher is asked for and is not known; argument_error for a number that is no
/// share below 1/2
inline std::optional<told_noise> noise_told(const align_options& options) {
    const bool asked = !options.noise_rate.empty() && !noise_of_each_pair(options);
    if (asked && options.noise_rate != "teacher") {
        const std::optional<double> rate = finite_number(options.noise_rate);
        require(rate && *rate >= 0 && *rate < 0.5, "the noise rate is ", excerpt{options.noise_rate},
                ", the words teacher or pairs, or a share of wrong labels from 0 to below 0.5, were expected");
        told_noise given{.from = "--noise-rate"};
        given.found.rate = {.value = *rate, .status = estimate_status::ok};
        return given;
    }
    const bool by_folder = !options.teacher.empty() && !detail::are_not_as_taught(options.data);
    const auto found = by_folder ? teacher_noise(options.teacher) : labels_noise(options.data);
    const std::string from = by_folder ? (options.teacher / "teacher.json").string()
                                       : "the manifest beside " + options.data.filename().string();
    require<input_error>(!asked || found, from,
                         ": says nothing of the teacher's noise, which is measured where it is held against labelled "
                         "pairs; give its folder (--teacher) or a number");
    if (!found) return std::nullopt;
    require<input_error>(!asked || found->rate.defined(), from, ": has no noise rate of these labels",
                         found->why.empty() ? "" : ": ", found->why,
                         "; give a number, or labels whose noise is measured");
    require<input_error>(!asked || found->usable(), from, ": the teacher's noise rate is ", shown_noise(found->rate),
                         ", and a loss can be corrected for one below 50%");
    if (!found->rate.defined()) return std::nullopt;
    return told_noise{*found, from};
}

/// The names of the losses that have a parameter for it, of one kind or of all.
inline std::string losses_with_noise_parameter() {
    std::string names;
    for (const listed_loss& loss : listed_losses)
        if (!noise_parameter(loss).empty()) names.append(names.empty() ? "" : ", ").append(loss.about.name);
    return names;
}

/// The loss's parameters with the noise rate, where one is asked for, and with beta.
/// \throws argument_error for a loss that does not correct for wrong labels, naming those that do
inline std::vector<named_value> parameters_with_noise(const align_options& options,
                                                      const std::optional<told_noise>& noise) {
    const listed_loss& loss = loss_listed_as(loss_asked_for(options));
    std::vector<named_value> values;
    for (const std::string& parameter : options.loss_parameters) values.push_back(parse_named_value(parameter));
    const auto given = [&](std::string_view name) {
        return std::ranges::find(values, name, &named_value::name) != values.end();
    };
    const bool has_beta = std::ranges::find(loss.parameters, "beta") != loss.parameters.end();
    if (options.beta && has_beta && !given("beta")) values.push_back({"beta", shortest_digits(*options.beta)});
    if (options.noise_rate.empty() || noise_of_each_pair(options) || !noise) return values;
    const std::string_view name = noise_parameter(loss);
    require(!name.empty(), "the loss ", loss.about.name, " has no parameter for the share of wrong labels",
            "; these have: ", losses_with_noise_parameter(),
            "; and losses that read probabilities take a noise rate of each pair (pairs)");
    require(!given(name), "the parameter ", name, " and a noise rate are the same; give one of them");
    values.push_back({std::string(name), shortest_digits(noise->found.rate.value)});
    return values;
}

/// "560 labels with a noise rate of 26.3% [22.1%, 30.9%] (…) are worth 126 [82, 174] right ones".
inline std::string shown_worth(const told_noise& noise, std::size_t labels) {
    const estimate& rate = noise.found.rate;
    const estimate worth = effective_sample_size(static_cast<double>(labels), rate);
    const bool bounded = std::isfinite(rate.bounds.low);
    return message(labels, " labels with a noise rate of ",
                   bounded ? shown_noise(rate) : shown(rate.value, 1, notation::percent), " (", noise.from,
                   ") are worth ", bounded ? shown_labels(worth) : shown(worth.value, worth.value < 10 ? 2 : 0),
                   " right ones");
}

inline nlohmann::ordered_json to_json(const told_noise& noise, std::size_t labels) {
    nlohmann::ordered_json json = to_json(noise.found);
    json["from"] = noise.from;
    json["effective_sample_size"] =
        json_number(effective_sample_size(static_cast<double>(labels), noise.found.rate).value);
    return json;
}

} // namespace preflearn
