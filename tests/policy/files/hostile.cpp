#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../checkpoint/largest_allocation.hpp"
#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

namespace {

/// Reads a damaged config.json; the only ways out are success and preflearn::error.
bool config_is_refused(const test::folder& folder, const std::string& content) {
    const auto path = folder.write("config.json", content);
    try {
        const decoder_layout layout(read_config_json(path));
        return false;
    } catch (const error&) {
        return true;
    }
}

bool model_is_refused(const std::filesystem::path& path) {
    try {
        (void)load_transformer<float>(path);
        return false;
    } catch (const error&) {
        return true;
    }
}

std::string config_of(const std::string& family) { return test::read(test::golden_folder(family) / "config.json"); }

} // namespace

TEST_CASE("a config.json cut short anywhere is refused, with flipped bits or changed characters read or refused") {
    const test::folder folder;
    generator random(11, "flips");
    for (const char* const family : {"llama_llama3", "gpt2", "gpt_neox", "opt"}) {
        const std::string content = config_of(family);
        CHECK(!config_is_refused(folder, content));
        for (std::size_t length = 0; length + 2 < content.size(); length += 3)
            REQUIRE(config_is_refused(folder, content.substr(0, length)));
        test::largest_allocation = 0;
        for (int trial = 0; trial < 200; ++trial) {
            std::string damaged = content;
            damaged[random.below(content.size())] = "0189e-{}[],:\"\xFF"[random.below(14)];
            (void)config_is_refused(folder, damaged);
            (void)config_is_refused(folder, test::with_flips(content, random));
        }
        CHECK(test::largest_allocation < 4U << 20); // a layout of up to 4096 layers
    }
}

TEST_CASE("absurd sizes are refused before any memory is taken for them") {
    const test::folder folder;
    for (const char* const family : {"llama", "gpt2", "gpt_neox", "opt"}) {
        std::filesystem::copy_file(test::golden_folder(family) / "model.safetensors", folder / "model.safetensors",
                                   std::filesystem::copy_options::overwrite_existing);
        const nlohmann::json good = nlohmann::json::parse(config_of(family));
        for (const auto& [name, value] : good.items()) {
            if (!value.is_number_integer() || name.ends_with("_id") || name == "pretraining_tp") continue; // not read
            for (const nlohmann::json& absurd :
                 {nlohmann::json(0), nlohmann::json(-1), nlohmann::json(1U << 24), nlohmann::json(~std::uint64_t{0}),
                  nlohmann::json(1e300), nlohmann::json("many"), nlohmann::json(std::vector<int>{})}) {
                nlohmann::json config = good;
                config[name] = absurd;
                folder.write("config.json", config.dump());
                test::largest_allocation = 0;
                CAPTURE(name);
                CAPTURE(absurd.dump());
                // a rotary model may be given longer texts than it was trained on; 0 stands for what is usual
                const bool harmless = name.starts_with("max_position") ||
                                      (absurd == 0 && (name == "head_dim" || name == "num_key_value_heads"));
                CHECK((model_is_refused(folder.path()) || harmless));
                CHECK(test::largest_allocation < 4U << 20);
            }
        }
    }
}

TEST_CASE("a damaged GGUF model is read or refused as a whole") {
    const test::folder folder;
    generator random(12, "flips");
    const std::string content = test::read(test::golden_folder("gpt_neox_serial") / "model.gguf");
    const std::size_t header = 1900; // what follows are numbers
    int refused = 0;
    for (int trial = 0; trial < 300; ++trial) {
        std::string damaged = content;
        const std::size_t at = random.below(header);
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << random.below(8)));
        refused += model_is_refused(folder.write("a.gguf", damaged));
        refused += model_is_refused(folder.write("a.gguf", content.substr(0, random.below(content.size()))));
    }
    CHECK(refused > 400);
}

TEST_CASE("an index that names shards elsewhere, tensors that are not there, or one twice, is refused") {
    const test::folder folder;
    std::filesystem::copy_file(test::golden_folder("opt") / "model.safetensors", folder / "a.safetensors");
    folder.write("config.json", config_of("opt"));
    nlohmann::json index = {{"weight_map", nlohmann::json::object()}};
    const checkpoint_file shard_a = read_safetensors(folder / "a.safetensors");
    for (const tensor_view& tensor : shard_a.tensors()) index["weight_map"][tensor.name] = "a.safetensors";
    const auto path = folder / "model.safetensors.index.json";
    const std::string good = index.dump();
    folder.write("model.safetensors.index.json", good);
    CHECK(!model_is_refused(folder.path()));
    for (const char* const shard : {"../a.safetensors", "/a.safetensors", "", "..", "b.safetensors", "config.json"}) {
        index["weight_map"]["model.decoder.final_layer_norm.bias"] = shard;
        folder.write("model.safetensors.index.json", index.dump());
        CHECK(model_is_refused(folder.path()));
    }
    for (std::size_t length = 0; length < good.size(); length += 97) {
        folder.write("model.safetensors.index.json", good.substr(0, length));
        REQUIRE(model_is_refused(folder.path()));
    }
}
