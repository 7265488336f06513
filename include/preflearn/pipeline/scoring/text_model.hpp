/// \file
/// A language model over texts as the programs train one: loaded with what of it learns, and what it learns from.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/policy/text/known_tokens.hpp>
#include <preflearn/policy/text/text_policy.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

using text_model = text_policy<any_transformer<float>>;

struct text_model_options {
    tokenizer_options tokenizer{};
    token_boundary boundary = token_boundary::separate;
    /// Which weights learn; with an adapter, it alone.
    trained_tensors trained{};
    std::optional<adapter_options> adapter{};
    bool recompute_activations = false;
    std::uint64_t seed = 0; ///< of the adapter's numbers
    std::shared_ptr<known_tokens> known{};
};

namespace detail {

/// Responses are followed by the model's end token where it has one, so that students learn to stop.
template <std::floating_point Scalar>
text_policy<any_transformer<Scalar>> load_text_model(const any_backend<Scalar>& on, const std::filesystem::path& path,
                                                     const text_model_options& options) {
    tokenizer words = load_tokenizer(path, options.tokenizer);
    const response_end after = words.end_token() ? response_end::end_token : response_end::nothing;
    any_transformer<Scalar> model =
        load_any_transformer(on, path, options.adapter ? trained_tensors::none() : options.trained);
    if (options.adapter) model = with_adapter(model, *options.adapter, options.seed);
    model.recompute_activations(options.recompute_activations);
    return {std::move(words),
            std::move(model),
            {.after_response = after, .boundary = options.boundary, .known = options.known}};
}

/// The chosen responses of labelled pairs; of a tie, the first.
inline std::vector<completion_of<text_comparison>> preferred_responses(std::span<const text_comparison> pairs,
                                                                       const label_set& labels) {
    std::vector<completion_of<text_comparison>> preferred;
    for (const text_comparison& c : pairs) {
        const preference verdict = labels.at(c.id);
        if (!verdict.abstained())
            preferred.push_back({c.prompt, verdict.decision() == choice::second ? c.second : c.first});
    }
    return preferred;
}

/// `run()`, whose errors call pairs what their file calls them.
template <class Run> auto with_names(const pair_names& names, Run&& run) {
    try {
        return run();
    } catch (const input_error& failure) {
        throw input_error(names.renamed(failure.what()));
    } catch (const argument_error& failure) {
        throw argument_error(names.renamed(failure.what()));
    } catch (const numeric_error& failure) {
        throw numeric_error(names.renamed(failure.what()));
    }
}

} // namespace detail

} // namespace preflearn
