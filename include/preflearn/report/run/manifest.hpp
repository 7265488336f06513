/// \file
/// What a run was: program, versions, compiler, command line, seed, sizes, settings, input files and their hashes,
/// time taken. Together with the program it is what one needs to run it again. Nothing is asked of the clock or the
/// system behind the caller's back, so that a manifest is a function of its arguments.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/version.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

/// The compiler of the including program and its version.
inline std::string compiler_name() {
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

/// What the compiler's options left in its predefined names, of what may change speed or the last bits of a result.
inline std::vector<std::string> build_flags() {
    std::vector<std::string> flags;
#ifdef __OPTIMIZE__
    flags.emplace_back("optimised");
#endif
#ifdef NDEBUG
    flags.emplace_back("NDEBUG");
#endif
#ifdef _OPENMP
    flags.emplace_back("OpenMP");
#endif
#ifdef __FAST_MATH__
    flags.emplace_back("fast-math");
#endif
#ifdef __FMA__
    flags.emplace_back("FMA");
#endif
#ifdef __AVX2__
    flags.emplace_back("AVX2");
#endif
#ifdef __AVX512F__
    flags.emplace_back("AVX-512");
#endif
#ifdef __ARM_NEON
    flags.emplace_back("NEON");
#endif
#ifdef __SANITIZE_ADDRESS__
    flags.emplace_back("AddressSanitizer");
#endif
    return flags;
}

/// A run. What the caller leaves out is left out of the JSON; library, compiler and build know themselves.
struct manifest {
    std::string program{};
    std::string library{library_version};
    std::string compiler = compiler_name();
    std::vector<std::string> build = build_flags();
    /// When the run began; written in UTC.
    std::optional<std::chrono::system_clock::time_point> started{};
    /// The program's arguments, its own name first.
    std::vector<std::string> command_line{};
    std::optional<std::uint64_t> seed{};
    /// What was counted, by name: {"labelled", 1000}, {"test", 200}, {"student parameters", 134515008}.
    std::vector<std::pair<std::string, std::uint64_t>> sizes{};
    /// Share of pairs that are labelled, in [0, 1].
    std::optional<double> ratio{};
    /// The β of the implicit reward and of DPO.
    std::optional<double> beta{};
    /// Any other setting, as JSON.
    nlohmann::ordered_json settings = nlohmann::ordered_json::object();
    std::vector<input_file> inputs{};
    /// Versions of other libraries, by name: {"Eigen", "3.4.0"}. fmt and nlohmann-json are added by `to_json`.
    std::vector<std::pair<std::string, std::string>> dependencies{};
    unsigned threads = 0;
    std::optional<double> wall_seconds{};
};

/// The arguments of `main`, for `manifest::command_line`.
inline std::vector<std::string> command_line_of(int count, const char* const* arguments) {
    return {arguments, arguments + count};
}

/// The manifest as a JSON object with keys in the order of the members. Hashes are written as "fnv1a64:" and 16
/// hexadecimal digits; numbers that are not finite are null.
template <int = on_demand> nlohmann::ordered_json to_json(const manifest& run) {
    using namespace std::string_literals;
    nlohmann::ordered_json json;
    const auto put = [&](const char* key, const auto& optional) {
        if (optional) json[key] = *optional;
    };
    if (!run.program.empty()) json["program"] = run.program;
    json["library"] = "preflearn " + run.library;
    json["compiler"] = run.compiler;
    json["build"] = run.build;
    if (run.started) {
        json["started"] =
            fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(*run.started)));
    }
    if (!run.command_line.empty()) json["command_line"] = run.command_line;
    put("seed", run.seed);
    for (const auto& [name, count] : run.sizes) json["sizes"][name] = count;
    put("ratio", run.ratio);
    put("beta", run.beta);
    if (!run.settings.empty()) json["settings"] = run.settings;
    for (const input_file& file : run.inputs) {
        json["inputs"].push_back({{"path"s, file.path}, {"bytes"s, file.bytes}, {"hash"s, hash_text(file.hash)}});
    }
    for (const auto& [name, library] : run.dependencies) json["dependencies"][name] = library;
    json["dependencies"]["fmt"] =
        fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
    json["dependencies"]["nlohmann-json"] =
        fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH);
    if (run.threads > 0) json["threads"] = run.threads;
    put("wall_seconds", run.wall_seconds);
    return json;
}

} // namespace preflearn
