#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;

TEST_CASE("a large model is written in shards of at most so many bytes, which are loaded as one") {
    const test::folder folder;
    const transformer<float> model(test::grouped(), generator(3, "weights"));
    save_transformer(model, folder / "one");
    for (const std::size_t most : {std::size_t{1000}, std::size_t{1}}) {
        const auto to = folder / std::to_string(most);
        save_transformer(model, to, element_type::f32, most);
        const auto index = nlohmann::json::parse(test::read(to / "model.safetensors.index.json"));
        std::set<std::string> shards;
        for (const auto& [tensor, shard] : index["weight_map"].items()) shards.insert(shard);
        CHECK(index["weight_map"].size() == model.layout().tensors().size());
        CHECK(shards.size() > 2);
        CHECK(shards.contains("model-00001-of-" + std::string(shards.size() < 10 ? "0000" : "000") +
                              std::to_string(shards.size()) + ".safetensors"));
        std::size_t bytes = 0;
        for (const tensor_place& place : model.layout().tensors()) bytes += 4 * place.size();
        CHECK(index["metadata"]["total_size"] == bytes);
        const auto again = load_transformer<float>(to);
        CHECK(std::ranges::equal(again.parameters(), model.parameters()));
        CHECK_FALSE(std::filesystem::exists(to / "model.safetensors"));
        if (most == 1) CHECK(shards.size() == model.layout().tensors().size());
    }
}

TEST_CASE("shards take the place of a model that was there") {
    const test::folder folder;
    const transformer<float> before(test::grouped(), generator(1, "weights")),
        after(test::grouped(), generator(2, "weights"));
    save_transformer(before, folder / "m");
    save_transformer(after, folder / "m", element_type::f32, 1000);
    CHECK(std::ranges::equal(load_transformer<float>(folder / "m").parameters(), after.parameters()));
}
