/// \file
/// What the benchmarks of this room run on: a 135M-parameter model and twelve real pairs, from the files named by
/// $PREFLEARN_BENCH_MODEL (GGUF or a Hugging Face folder) and $PREFLEARN_BENCH_PAIRS (JSON lines with prompt_ids,
/// chosen_ids, rejected_ids); without them a model of the same shape with random weights, and random tokens of about
/// the same lengths.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/files/load.hpp>

/// The shape of SmolLM2-135M.
inline preflearn::transformer_config shape_135m() {
    return {.vocabulary_size = 49152,
            .hidden_size = 576,
            .intermediate_size = 1536,
            .layers = 30,
            .heads = 9,
            .key_value_heads = 3,
            .rope_theta = 100000,
            .maximum_length = 8192};
}

struct real_pairs {
    preflearn::transformer<float> model;
    std::vector<std::vector<preflearn::token_id>> prompts, responses; ///< two responses a prompt, prompts repeated
    std::string label;

    [[nodiscard]] std::vector<preflearn::token_completion> completions() const {
        std::vector<preflearn::token_completion> all;
        for (std::size_t i = 0; i < prompts.size(); ++i) all.push_back({prompts[i], responses[i]});
        return all;
    }
    /// Every completion's prompt and response, as a program that shares nothing computes them.
    [[nodiscard]] std::size_t tokens() const {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < prompts.size(); ++i) sum += prompts[i].size() + responses[i].size();
        return sum;
    }
};

inline std::vector<preflearn::token_id> random_ids(std::size_t count, std::uint64_t stream) {
    preflearn::generator random(1, "tokens", stream);
    std::vector<preflearn::token_id> ids(count);
    for (auto& id : ids) id = static_cast<preflearn::token_id>(random.below(49000));
    return ids;
}

inline real_pairs load_pairs() {
    using ids = std::vector<preflearn::token_id>;
    const char *const model = std::getenv("PREFLEARN_BENCH_MODEL"), *const pairs = std::getenv("PREFLEARN_BENCH_PAIRS");
    real_pairs all{model ? preflearn::load_transformer<float>(model)
                         : preflearn::transformer<float>(shape_135m(), preflearn::generator(1, "weights")),
                   {},
                   {},
                   std::string(model ? "real model, " : "random weights, ") + (pairs ? "real pairs" : "random pairs")};
    std::ifstream lines(pairs ? pairs : "");
    for (std::string line; std::getline(lines, line);) {
        const auto pair = nlohmann::json::parse(line);
        for (const char* const part : {"chosen_ids", "rejected_ids"}) {
            all.prompts.push_back(pair.at("prompt_ids").get<ids>());
            all.responses.push_back(pair.at(part).get<ids>());
        }
    }
    for (std::uint64_t i = 0; !pairs && i < 12; ++i) {
        for (std::uint64_t j = 0; j < 2; ++j) {
            all.prompts.push_back(random_ids(60 + 25 * i, i));
            all.responses.push_back(random_ids(25 + 15 * ((i + j) % 5), 100 + 2 * i + j));
        }
    }
    return all;
}

/// Loaded once; benchmarks that train copy the model.
inline const real_pairs& the_pairs() {
    static const real_pairs all = load_pairs();
    return all;
}

/// The most memory that this process has held so far, in MB; 0 where Linux does not tell. (getrusage would count the
/// program that started this one.)
inline double peak_memory_mb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    return 0;
}

/// The model of the_pairs on another backend, its weights frozen.
template <class Backend> preflearn::transformer<float, Backend> frozen_model() {
    using namespace preflearn;
    if (const char* const file = std::getenv("PREFLEARN_BENCH_MODEL"))
        return load_transformer<float, Backend>(file, trained_tensors::none());
    const transformer<float>& model = the_pairs().model;
    return transformer<float, Backend>(model.config(), frozen_tensors_of(model));
}

/// Multiplications and additions of a forward pass: products with the weights, of all rows and (the head's) of those
/// that predict, and with keys and values. Counts what has to be computed once prompts are shared.
template <class Model>
double forward_operations(const Model& model, std::span<const preflearn::token_completion> completions) {
    const preflearn::transformer_config& c = model.config();
    const preflearn::packed_batch batch(completions, c, preflearn::row_purpose::log_probs);
    const std::size_t in_layer =
        c.hidden_size * (2 * c.query_size() + 2 * c.key_value_size() + 3 * c.intermediate_size);
    double pairs_of_rows = 0;
    for (const preflearn::row_segment& s : batch.segments)
        pairs_of_rows += static_cast<double>(s.length) *
                         (static_cast<double>(s.prefix_length) + static_cast<double>(s.length + 1) / 2);
    return 2 * static_cast<double>(batch.rows() * c.layers * in_layer +
                                   batch.wanted.size() * c.vocabulary_size * c.hidden_size) +
           4 * pairs_of_rows * static_cast<double>(c.layers * c.query_size());
}
