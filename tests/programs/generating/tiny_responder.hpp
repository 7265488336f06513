/// \file
/// A tiny model that draws responses: lively enough that few are equal.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <preflearn/policy/files/load.hpp>
#include <preflearn/programs/generating/drawn_responses.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

namespace test {

struct tiny_responder {
    folder files;
    preflearn::any_transformer<float> model{loaded()};
    preflearn::encoded_texts texts{preflearn::load_tokenizer(files / "model")};
    preflearn::responder with{.model = model,
                              .texts = texts,
                              .sampling = {.max_tokens = 12},
                              .ends = {.tokens = {5}},
                              .transcript_ends = {.tokens = {5}},
                              .seed = 3};

    preflearn::any_transformer<float> loaded() {
        write_tiny_model(files / "model", true);
        return preflearn::load_any_transformer(on_processor(), files / "model", preflearn::trained_tensors::none());
    }
    std::deque<std::string> prompts{}; // which are viewed
    std::vector<preflearn::asked_prompt> asked(const std::vector<std::string>& given) {
        std::vector<preflearn::asked_prompt> all;
        for (const std::string& prompt : given)
            all.push_back({prompts.emplace_back(prompt), preflearn::hash_of(prompt)});
        return all;
    }
};

inline std::vector<std::string> texts_of(const std::vector<preflearn::drawn_response>& responses) {
    std::vector<std::string> texts;
    for (const preflearn::drawn_response& response : responses) texts.push_back(response.text);
    return texts;
}

} // namespace test
