/// \file
/// Checks of a family against what transformers and PyTorch computed of a tiny model: see golden/make_families.py.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../files.hpp"
#include "models.hpp"

namespace test {

inline std::filesystem::path golden_folder(const std::string& name) {
    return std::filesystem::path(PREFLEARN_TESTS) / "policy" / "golden" / name;
}

/// How far a model may be from the values in double precision.
struct golden_bounds {
    double log_prob = 1e-10;
    double gradient = 1e-9; ///< of a tensor's norm
};

/// Every token's log-probability and every tensor's gradient.
template <class Model>
void check_golden(Model& model, const nlohmann::json& golden, const std::filesystem::path& folder,
                  const golden_bounds& bounds) {
    completions c;
    for (const auto& each : golden["completions"])
        c.add(each["prompt"].get<std::vector<token_id>>(), each["response"].get<std::vector<token_id>>());
    auto pass = model.forward(c.views());
    for (std::size_t i = 0; i < c.prompts.size(); ++i) {
        const auto expected = golden["token_log_probs"][i].get<std::vector<double>>();
        REQUIRE(pass.token_scores(i).size() == expected.size());
        for (std::size_t j = 0; j < expected.size(); ++j)
            CHECK(std::abs(pass.token_scores(i)[j] - expected[j]) < bounds.log_prob);
    }
    model.backward(std::move(pass), golden["weights"].get<std::vector<double>>());
    const preflearn::checkpoint_file file = preflearn::read_safetensors(folder / "gradients.safetensors");
    std::vector<double> differences, norms;
    for (const preflearn::tensor_place& place : model.layout().tensors()) {
        const std::string name = preflearn::layer_name(place.entry.hugging_face.name, place.layer);
        preflearn::stored_form form = place.entry.hugging_face.form;
        if (form == preflearn::stored_form::less_one) form = preflearn::stored_form::plain; // has the same derivative
        std::vector<double> expected(place.size());
        preflearn::read_stored(file.at(name), form, place, model.config(), std::span(expected));
        double difference = 0, norm = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            difference += std::pow(static_cast<double>(model.gradients()[place.offset + i]) - expected[i], 2);
            norm += std::pow(expected[i], 2);
        }
        differences.push_back(std::sqrt(difference));
        norms.push_back(std::sqrt(norm));
    }
    CHECK(file.tensors().size() == norms.size());
    // keys' biases without rotary positions have a derivative of 0, of which either side has rounding errors
    const double least = 1e-3 * bounds.gradient * *std::ranges::max_element(norms);
    for (std::size_t t = 0; t < norms.size(); ++t) {
        CAPTURE(model.layout().tensors()[t].entry.hugging_face.name);
        CHECK(differences[t] <= bounds.gradient * norms[t] + least);
    }
}

/// All logits after each prompt, up to a constant, and the tokens that follow it greedily.
template <class Model>
void check_continuations(const Model& model, const nlohmann::json& golden, const golden_bounds& bounds) {
    for (std::size_t p = 0; p < golden["prompts"].size(); ++p) {
        const auto prompt = golden["prompts"][p].template get<std::vector<token_id>>();
        const auto logits = golden["logits"][p].template get<std::vector<double>>();
        double sum = 0;
        for (const double logit : logits) sum += std::exp(logit);
        completions next;
        for (std::size_t v = 0; v < logits.size(); ++v) next.add(prompt, {static_cast<token_id>(v)});
        const std::vector<double> found = model.log_probs(next.views());
        for (std::size_t v = 0; v < logits.size(); ++v)
            CHECK(std::abs(found[v] - (logits[v] - std::log(sum))) < bounds.log_prob);
        preflearn::generator unused(1, "greedy");
        CHECK(model.sample(prompt, {.temperature = 0, .max_tokens = 12}, unused) ==
              golden["greedy"][p].template get<std::vector<token_id>>());
    }
}

/// A model saved has transformers' names and bytes (but for what is stored less one and was rounded when one was added)
/// and is the same when loaded.
template <class Model> void check_saved(const Model& model, const std::filesystem::path& theirs) {
    const folder saved;
    preflearn::save_transformer(model, saved.path());
    const preflearn::checkpoint_file expected = preflearn::read_safetensors(theirs / "model.safetensors"),
                                     found = preflearn::read_safetensors(saved / "model.safetensors");
    CHECK(found.tensors().size() == expected.tensors().size());
    for (const preflearn::tensor_view& tensor : expected.tensors()) {
        CAPTURE(tensor.name);
        CHECK(found.at(tensor.name).shape == tensor.shape);
        const bool less_one = std::ranges::any_of(model.layout().tensors(), [&](const preflearn::tensor_place& place) {
            return place.entry.hugging_face.form == preflearn::stored_form::less_one &&
                   preflearn::layer_name(place.entry.hugging_face.name, place.layer) == tensor.name;
        });
        if (!less_one) {
            CHECK(std::ranges::equal(found.at(tensor.name).bytes, tensor.bytes));
            continue;
        }
        const auto theirs_read = preflearn::all_values<float>(tensor),
                   ours = preflearn::all_values<float>(found.at(tensor.name));
        for (std::size_t i = 0; i < ours.size(); ++i) CHECK(std::abs(ours[i] - theirs_read[i]) <= 0x1p-23F);
    }
    CHECK(preflearn::load_transformer<float>(saved.path()).config() == model.config());
}

/// All of it, of the folder and, where there is one, the GGUF file of that name in golden/, which must be of `family`;
/// in double precision, in float, and with weights that stay as they are stored.
inline void check_family(const std::string& name, const preflearn::decoder_family& family,
                         const golden_bounds& bounds = {}) {
    const std::filesystem::path folder = golden_folder(name), gguf = folder / "model.gguf";
    const nlohmann::json golden = preflearn::read_json_file(folder / "golden.json");
    for (const std::filesystem::path& path : {folder, gguf}) {
        if (!std::filesystem::exists(path)) continue;
        CAPTURE(path.string());
        auto exact = preflearn::load_transformer<double>(path);
        CHECK(exact.config().family.model_type == family.model_type);
        CHECK(exact.notes().empty());
        // GGUF keeps the norm's epsilon and the rotary settings as float
        const golden_bounds of_file = path == gguf ? golden_bounds{.log_prob = 1e-6, .gradient = 1e-5} : bounds;
        check_golden(exact, golden, folder, of_file);
        check_continuations(exact, golden, of_file);
        auto single = preflearn::load_transformer<float>(path);
        const golden_bounds of_float{.log_prob = 1e-4, .gradient = 1e-4};
        check_golden(single, golden, folder, of_float);
        const auto stored = preflearn::load_transformer<float>(path, preflearn::trained_tensors::none());
        check_continuations(stored, golden, of_float);
        if (path == folder) check_saved(single, folder);
    }
}

} // namespace test
