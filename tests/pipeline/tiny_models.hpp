/// \file
/// Tiny models with tokenizers as Hugging Face folders, and files of pairs, for tests of programs over texts.
// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../files.hpp"
#include "../json_lines.hpp"

namespace test {

inline const preflearn::any_backend<float>& on_processor() {
    static const preflearn::any_backend<float> backend = preflearn::any_backend_of<float, preflearn::cpu_backend>();
    return backend;
}

/// A model whose tokenizer knows a b c d, and "ab" where it is to join them.
inline void write_tiny_model(const std::filesystem::path& to, bool joins = false, std::uint64_t seed = 5) {
    const int size = joins ? 6 : 5;
    const preflearn::transformer<float> random({.vocabulary_size = static_cast<std::size_t>(size),
                                                .hidden_size = 8,
                                                .intermediate_size = 8,
                                                .layers = 1,
                                                .heads = 2,
                                                .maximum_length = 64,
                                                .end_tokens = {size - 1}},
                                               preflearn::generator(seed, "weights"));
    preflearn::save_transformer(random, to);
    std::ofstream(to / "tokenizer.json") << R"({"added_tokens":[{"id":)" << size - 1
                                         << R"(,"content":"</s>","special":true}],)"
                                         << R"("model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"d":3,)"
                                         << (joins ? R"("ab":4,)" : "") << R"("</s>":)" << size - 1 << R"(},"merges":[)"
                                         << (joins ? R"(["a","b"])" : "") << "]}}";
    std::ofstream(to / "tokenizer_config.json") << R"({"eos_token":"</s>"})";
}

/// A model that reads every printable character and line breaks, and the control token </s>, which ends a turn.
/// \param special whether its tokenizer calls </s> one
inline void write_reading_model(const std::filesystem::path& to, std::uint64_t seed = 5, bool special = true) {
    nlohmann::json vocabulary{{"\n", 0}};
    for (int c = ' '; c <= '~'; ++c) vocabulary[std::string(1, static_cast<char>(c))] = c - ' ' + 1;
    const int end = '~' - ' ' + 2;
    vocabulary["</s>"] = end;
    const preflearn::transformer<float> random({.vocabulary_size = static_cast<std::size_t>(end) + 1,
                                                .hidden_size = 8,
                                                .intermediate_size = 8,
                                                .layers = 1,
                                                .heads = 2,
                                                .maximum_length = 512,
                                                .end_tokens = {end}},
                                               preflearn::generator(seed, "weights"));
    preflearn::save_transformer(random, to);
    const nlohmann::json token{{"id", end}, {"content", "</s>"}, {"special", special}};
    std::ofstream(to / "tokenizer.json") << nlohmann::json{
        {"added_tokens", {token}},
        {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}}}};
    std::ofstream(to / "tokenizer_config.json") << R"({"eos_token":"</s>"})";
}

/// Pairs of random texts of a b c d, of which the chosen one has more of a.
inline std::string tiny_pairs(std::size_t count, std::uint64_t seed = 1, const std::string& first_id = "p") {
    preflearn::generator random(seed, "tiny pairs");
    const auto text = [&](std::uint64_t letters) {
        std::string drawn;
        for (std::uint64_t n = 1 + random.below(4); n > 0; --n) drawn += static_cast<char>('a' + random.below(letters));
        return drawn;
    };
    std::string lines;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string prompt = text(4) + text(4) + text(4);
        std::string chosen = "a" + text(3), rejected = "d" + text(4);
        lines +=
            nlohmann::ordered_json{
                {"id", first_id + std::to_string(i)}, {"prompt", prompt}, {"chosen", chosen}, {"rejected", rejected}}
                .dump() +
            "\n";
    }
    return lines;
}

/// While it lives, no file grows beyond so many bytes: writing more fails, as on a full disk.
class largest_file {
  public:
    explicit largest_file(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    largest_file(const largest_file&) = delete;
    largest_file& operator=(const largest_file&) = delete;
    ~largest_file() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    void (*handler_)(int);
    rlimit before_{};
};

} // namespace test
