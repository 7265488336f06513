/// \file
/// A noise estimate as JSON and in words, and where programs leave it: `evaluation.noise` of a teacher's teacher.json,
/// `settings.noise` of the manifest beside a file of labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

namespace detail {

inline nlohmann::ordered_json bounded_json(const estimate& e) {
    using namespace std::string_literals;
    return {{"value"s, json_number(e.value)},
            {"low"s, json_number(e.bounds.low)},
            {"high"s, json_number(e.bounds.high)},
            {"status"s, name_of(e.status)}};
}

inline double noise_number(const nlohmann::json& object, std::string_view name, const std::string& place) {
    const nlohmann::json& number = member_or_null(object, name);
    require<input_error>(number.is_null() || (number.is_number() && std::isfinite(number.get<double>())), place, ": '",
                         name, "' of the noise is ", number.dump(), ", a number was expected");
    return number.is_null() ? undefined : number.get<double>();
}

} // namespace detail

/// {"rate": {"value", "low", "high", "prompts", "standard_error", "status"}, "pairs", "expected", "worth"}: worth is
/// that of one label, (1 − 2ε)². Where there is no rate and that is known, "why" says why.
inline nlohmann::ordered_json to_json(const noise_estimate& noise) {
    using namespace std::string_literals;
    nlohmann::ordered_json rate = detail::bounded_json(noise.rate);
    rate["standard_error"] = json_number(noise.rate.standard_error);
    rate["prompts"] = noise.rate.count;
    nlohmann::ordered_json json{{"rate"s, std::move(rate)},
                                {"pairs"s, noise.pairs},
                                {"expected"s, json_number(noise.expected)},
                                {"worth"s, detail::bounded_json(effective_sample_size(1, noise.rate))}};
    if (!noise.why.empty()) json["why"] = noise.why;
    return json;
}

/// What `to_json` wrote. \param place what messages call the file
/// \throws input_error naming the member, and for a rate that is none.
inline noise_estimate parse_noise(const nlohmann::json& json, const std::string& place) {
    require<input_error>(json.is_object() && member_or_null(json, "rate").is_object(), place,
                         ": the noise is no object with a 'rate'");
    const nlohmann::json& rate = json.at("rate");
    const auto number = [&](std::string_view name) { return detail::noise_number(rate, name, place); };
    const auto count = [&](const nlohmann::json& object, std::string_view name) {
        const nlohmann::json& found = member_or_null(object, name);
        return found.is_number_unsigned() ? found.get<std::size_t>() : 0;
    };
    noise_estimate noise{.pairs = count(json, "pairs"), .expected = detail::noise_number(json, "expected", place)};
    noise.rate = {.value = number("value"),
                  .standard_error = number("standard_error"),
                  .bounds = {number("low"), number("high")},
                  .count = count(rate, "prompts")};
    const bool known = !std::isnan(noise.rate.value);
    require<input_error>(!known || (noise.rate.value >= 0 && noise.rate.value <= 1), place, ": the noise rate is ",
                         noise.rate.value, ", a share was expected");
    if (const nlohmann::json& why = member_or_null(json, "why"); why.is_string()) noise.why = why.get<std::string>();
    noise.rate.status = known ? estimate_status::ok : estimate_status::empty;
    return noise;
}

/// Of a teacher's folder; nothing where it was held against no labels.
/// \throws input_error for a file that cannot be read or is none of a teacher.
inline std::optional<noise_estimate> teacher_noise(const std::filesystem::path& folder) {
    const std::filesystem::path place = folder / "teacher.json";
    const nlohmann::json told = read_json_file(place);
    const nlohmann::json& noise = member_or_null(member_or_null(told, "evaluation"), "noise");
    if (noise.is_null()) return std::nullopt;
    return parse_noise(noise, place.string());
}

/// Of a file of labels, by the manifest beside it ("labels.jsonl" has its "labels.manifest.json"); nothing where there
/// is none, or none that says it. \throws input_error for one that cannot be read.
inline std::optional<noise_estimate> labels_noise(const std::filesystem::path& labels) {
    const std::filesystem::path place = beside(labels, ".manifest.json");
    std::error_code ignored;
    if (!std::filesystem::exists(place, ignored)) return std::nullopt;
    const nlohmann::json told = read_json_file(place);
    const nlohmann::json& noise = member_or_null(member_or_null(told, "settings"), "noise");
    if (noise.is_null()) return std::nullopt;
    return parse_noise(noise, place.string());
}

/// "26.3% [22.1%, 30.9%]", or why there is none.
inline std::string shown_noise(const estimate& rate) {
    if (!rate.defined()) return "not known (" + std::string(name_of(rate.status)) + ")";
    const auto percent = [](double share) { return shown(share, 1, notation::percent); };
    return percent(rate.value) + " [" + percent(rate.bounds.low) + ", " + percent(rate.bounds.high) + "]";
}

/// "1234 [987, 1502]" labels, or why there is none.
inline std::string shown_labels(const estimate& labels) {
    if (!labels.defined()) return "not known (" + std::string(name_of(labels.status)) + ")";
    const int digits = labels.value < 10 ? 2 : 0;
    const auto number = [&](double value) { return shown(value, digits); };
    return number(labels.value) + " [" + number(labels.bounds.low) + ", " + number(labels.bounds.high) + "]";
}

} // namespace preflearn
