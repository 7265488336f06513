/// \file
/// How long a response is for a model: in the tokens of a model over texts, otherwise in the entries of the response
/// itself. Supervised training weighs by it, length-normalised losses divide by it.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <ranges>
#include <string_view>

namespace preflearn {

/// Whether a response's length in tokens is known: that of a text only to a model over text, which has a const member
/// `response_tokens(response)`.
template <class Model, class Response>
inline constexpr bool knows_response_length =
    !std::convertible_to<const Response&, std::string_view> || requires(const Model& m, const Response& r) {
    m.response_tokens(r).size();
};

/// The length of a response in the model's tokens, or of the response itself where it is a range of tokens or features;
/// else 1.
template <class Model, class Response> std::size_t response_length(const Model& model, const Response& response) {
    static_assert(knows_response_length<Model, Response>,
                  "the length of a text in tokens is the model's: a Trainable over texts "
                  "has a const member response_tokens(response)");
    if constexpr (requires { model.response_tokens(response).size(); }) {
        return model.response_tokens(response).size();
    } else if constexpr (std::ranges::sized_range<const Response>) {
        return static_cast<std::size_t>(std::ranges::size(response));
    } else {
        return 1;
    }
}

/// The same of a response to a prompt, by a model over text that cuts the two as one (`tokens(prompt, response)`).
template <class Model, class Prompt, class Response>
std::size_t response_length(const Model& model, const Prompt& prompt, const Response& response) {
    if constexpr (requires { model.tokens(prompt, response).response.size(); })
        return model.tokens(prompt, response).response.size();
    else
        return response_length(model, response);
}

} // namespace preflearn
