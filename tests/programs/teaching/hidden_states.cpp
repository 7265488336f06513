#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <preflearn/programs/teaching/hidden_states.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

TEST_CASE("hidden states are kept by what they are of, and what was damaged is computed again") {
    const test::folder f;
    test::write_tiny_model(f / "model");
    const any_transformer<float> model = load_feature_model(test::on_processor(), f / "model");
    const std::vector<token_id> ids{0, 1, 2, 3, 0, 2};
    std::vector<token_completion> texts;
    for (std::size_t i = 0; i < 70; ++i)
        texts.push_back({token_span(ids).first(1 + i % 3), token_span(ids).subspan(3, 1 + i % 2)});
    std::size_t done = 0;
    hidden_store store{.folder = f / "states", .model = "m", .seen = [&](std::size_t now) { done = now; }};
    const auto files = [&] {
        std::vector<std::filesystem::path> all;
        for (const auto& each : std::filesystem::directory_iterator(store.folder)) all.push_back(each.path());
        return all;
    };
    const std::vector<float> states = hidden_states(model, texts, store);
    CHECK(states == model.last_hidden(texts));
    CHECK(done == 70);
    CHECK(files().size() == 2);
    for (const std::filesystem::path& file : files()) {
        std::string content = test::read(file);
        content.back() = static_cast<char>(content.back() ^ 1);
        std::ofstream(file) << content;
    }
    CHECK(hidden_states(model, texts, store) == states);
    store.pooling = hidden_pooling::mean;
    CHECK(hidden_states(model, texts, store) == model.mean_hidden(texts));
    store.model = "another";
    hidden_states(model, std::span(texts).first(3), store);
    CHECK(files().size() == 5);
    CHECK(hidden_states(model, {}, store).empty());
}
