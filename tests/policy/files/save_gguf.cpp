#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/save_gguf.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

// The golden GGUF files are written by llama.cpp's own Python package, with rows of query and key interleaved for the
// Llama, whose rotary divisors are a tensor without parameters.
TEST_CASE("a model is written to the very bytes from which it was read, trained or left as stored") {
    const test::folder folder;
    for (const char* const name : {"llama_llama3", "qwen2", "gemma3"}) {
        CAPTURE(name);
        const std::filesystem::path source = test::golden_folder(name) / "model.gguf";
        save_gguf(load_transformer<float>(source), source, folder / "a.gguf");
        CHECK(test::read(folder / "a.gguf") == test::read(source));
        save_gguf(load_transformer<double>(source, trained_tensors::none()), source, folder / "b.gguf");
        CHECK(test::read(folder / "b.gguf") == test::read(source));
    }
}

TEST_CASE("trained numbers are written, in half the bytes where asked, over the file from which they came") {
    const test::folder folder;
    const std::filesystem::path path = folder / "model.gguf";
    for (const auto& [type, file_type, precision] :
         {std::tuple{element_type::f16, 1, 0x1p-11}, {element_type::bf16, 32, 0x1p-8}}) {
        std::filesystem::copy_file(test::golden_folder("llama") / "model.gguf", path,
                                   std::filesystem::copy_options::overwrite_existing);
        auto m = load_transformer<float>(path);
        for (float& weight : m.parameters()) weight *= 1.25F;
        save_gguf(m, path, path, type);
        const auto again = load_transformer<float>(path);
        CHECK(again.config() == m.config());
        for (std::size_t i = 0; i < m.parameters().size(); ++i)
            CHECK(std::abs(again.parameters()[i] - m.parameters()[i]) <=
                  precision * std::abs(m.parameters()[i]) + 0x1p-25); // F16 has nothing smaller
        const checkpoint_file file = read_gguf(path);
        CHECK(file.metadata()["general.file_type"] == file_type);
        CHECK(file.at("blk.0.attn_q.weight").type == type);
        CHECK(file.at("blk.0.attn_norm.weight").type == element_type::f32); // vectors are small
    }
}

TEST_CASE("Q8_0: rows of whole blocks, others as F16; stored again, the same bytes") {
    const test::folder folder;
    test::gguf_writer made;
    made.text("general.architecture", "qwen2");
    for (const auto& [key, value] :
         {std::pair{"block_count", 0U}, std::pair{"context_length", 8U}, std::pair{"embedding_length", 64U},
          std::pair{"feed_forward_length", 1U}, std::pair{"attention.head_count", 1U}})
        made.number(std::string("qwen2.") + key, value);
    made.key("qwen2.attention.layer_norm_rms_epsilon", 6, test::bytes(1e-6F));
    generator random(3, "weights");
    for (const std::string name : {"output_norm.weight", "token_embd.weight"}) {
        const std::size_t rows = name.starts_with("token") ? 5 : 1;
        test::gguf_writer::tensor tensor{.name = name, .dimensions = {64}, .type = 0, .data = {}};
        if (rows > 1) tensor.dimensions.push_back(rows);
        for (std::size_t i = 0; i < rows * 64; ++i) tensor.data += test::bytes(static_cast<float>(random.normal()));
        made.tensors.push_back(tensor);
    }
    const auto source = folder.write("a.gguf", made.file());
    const auto m = load_transformer<float>(source);
    save_gguf(m, source, folder / "b.gguf", element_type::q8_0);
    const checkpoint_file file = read_gguf(folder / "b.gguf");
    CHECK(file.metadata()["general.file_type"] == 7);
    CHECK(file.metadata()["general.quantization_version"] == 2);
    CHECK(file.at("token_embd.weight").type == element_type::q8_0);
    CHECK(file.at("output_norm.weight").type == element_type::f32);
    const auto rounded = load_transformer<float>(folder / "b.gguf", trained_tensors::none());
    save_gguf(rounded, folder / "b.gguf", folder / "c.gguf", element_type::q8_0);
    CHECK(test::read(folder / "c.gguf") == test::read(folder / "b.gguf"));

    const std::filesystem::path narrow = test::golden_folder("qwen2") / "model.gguf"; // rows of 16
    save_gguf(load_transformer<float>(narrow), narrow, folder / "d.gguf", element_type::q8_0);
    CHECK(read_gguf(folder / "d.gguf").at("blk.0.attn_q.weight").type == element_type::f16);
}

TEST_CASE("what cannot be written is refused, and the file there stays") {
    const test::folder folder;
    const std::filesystem::path source = test::golden_folder("qwen2") / "model.gguf";
    const auto there = folder.write("a.gguf", "before");
    auto m = load_transformer<float>(source);
    const auto error = [&](element_type type, const std::filesystem::path& from) {
        return test::error_of([&] { save_gguf(m, from, there, type); });
    };
    CHECK(test::contains(error(element_type::q4_k, source), "as F32, F16, BF16 or Q8_0, not as Q4_K"));
    CHECK(test::contains(error(element_type::f32, test::golden_folder("gemma3") / "model.gguf"),
                         "general.architecture: \"qwen2\" was expected, found \"gemma3\""));
    CHECK(test::contains(error(element_type::f32, test::golden_folder("qwen2") / "config.json"), "not a GGUF file"));
    m.parameters()[0] = 1e5F;
    CHECK(test::contains(error(element_type::f16, source), "token_embd.weight': 100000 cannot be stored as F16"));
    m.parameters()[0] = std::numeric_limits<float>::quiet_NaN();
    CHECK(test::contains(error(element_type::f32, source), "cannot be stored as F32"));
    CHECK(test::read(there) == "before");

    transformer_config other = m.config();
    other.norm_epsilon = 1e-3;
    const transformer<float> elsewhere(other);
    CHECK(test::contains(test::error_of([&] { save_gguf(elsewhere, source, there); }), "describes another model"));
}

TEST_CASE("a Mistral is written over a file of Llama's kind, which says no window, unless it has one") {
    const test::folder folder;
    const std::filesystem::path source = test::golden_folder("llama") / "model.gguf";
    save_transformer(load_transformer<float>(source), folder.path());
    nlohmann::json config = read_json_file(folder / "config.json");
    for (const char* const name : {"attention_bias", "mlp_bias"}) config.erase(name);
    config["model_type"] = "mistral";
    for (const nlohmann::json& window : {nlohmann::json(), nlohmann::json(4)}) {
        config["sliding_window"] = window;
        folder.write("config.json", config.dump());
        const auto m = load_transformer<float>(folder.path());
        CHECK(m.config().family.model_type == "mistral");
        const std::string error = test::error_of([&] { save_gguf(m, source, folder / "a.gguf"); });
        if (window.is_null())
            CHECK(test::read(folder / "a.gguf") == test::read(source));
        else
            CHECK(test::contains(error, "its metadata say a window of 0 keys (0: none), and the model to be saved has "
                                        "one of 4"));
    }
}
