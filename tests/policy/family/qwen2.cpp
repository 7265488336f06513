#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/decoder/named_tensors.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small Qwen2 has transformers' logits, gradients and greedy tokens") {
    test::check_family("qwen2", families::qwen2);
}

TEST_CASE("a fresh Qwen2's biases are zero") {
    const transformer<double> fresh(read_config_json(test::golden_folder("qwen2") / "config.json"),
                                    generator(1, "weights"));
    std::size_t biases = 0;
    for (const auto& tensor : tensors(fresh)) {
        if (!tensor.name.ends_with(".bias")) continue;
        ++biases;
        CHECK(std::ranges::all_of(tensor.values, [](double value) { return value == 0; }));
    }
    CHECK(biases == 6);
}

TEST_CASE("a Qwen2 with a window in its upper layers is refused") {
    const test::folder folder;
    nlohmann::json config = read_json_file(test::golden_folder("qwen2") / "config.json");
    const auto error = [&] {
        return test::error_of([&] { (void)read_config_json(folder.write("config.json", config.dump())); });
    };
    config["layer_types"][1] = "sliding_attention";
    CHECK(test::contains(error(), "layer_types: \"full_attention\" was expected of layer 1"));
    config["use_sliding_window"] = true;
    CHECK(test::contains(error(), "use_sliding_window: only false is supported, found true"));
}
