#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

std::string refused(const std::filesystem::path& path) {
    return test::error_of([&] { (void)load_transformer<double>(path); });
}

/// A change to a saved model's config.json.
template <class Change> void edit_config(const std::filesystem::path& folder, Change&& change) {
    auto config = read_json_file(folder / "config.json");
    change(config);
    std::ofstream(folder / "config.json") << config;
}

/// A model as llama.cpp's converter writes it: rows of query and key interleaved, F32.
test::gguf_writer as_gguf(const decoder_model& m) {
    const transformer_config& c = m.config();
    test::gguf_writer file;
    file.text("general.architecture", "llama");
    file.number("llama.block_count", static_cast<std::uint32_t>(c.layers));
    file.number("llama.context_length", static_cast<std::uint32_t>(c.maximum_length));
    file.number("llama.embedding_length", static_cast<std::uint32_t>(c.hidden_size));
    file.number("llama.feed_forward_length", static_cast<std::uint32_t>(c.intermediate_size));
    file.number("llama.attention.head_count", static_cast<std::uint32_t>(c.heads));
    file.number("llama.attention.head_count_kv", static_cast<std::uint32_t>(c.key_value_heads));
    file.number("llama.attention.key_length", static_cast<std::uint32_t>(c.head_dim));
    file.number("llama.attention.value_length", static_cast<std::uint32_t>(c.head_dim));
    file.number("llama.rope.dimension_count", static_cast<std::uint32_t>(c.head_dim));
    file.number("tokenizer.ggml.eos_token_id", 3);
    file.key("llama.rope.freq_base", 6, test::bytes(static_cast<float>(c.rope_theta)));
    file.key("llama.attention.layer_norm_rms_epsilon", 6, test::bytes(static_cast<float>(c.norm_epsilon)));
    for (const tensor_place& place : m.layout().tensors()) {
        test::gguf_writer::tensor out{.name = layer_name(place.entry.gguf.name, place.layer),
                                      .dimensions = {place.columns},
                                      .type = 0,
                                      .data = {}};
        if (!place.is_vector()) out.dimensions.push_back(place.rows);
        const std::size_t half = c.head_dim / 2;
        for (std::size_t r = 0; r < place.rows; ++r) {
            std::size_t from = r;
            if (place.entry.role == tensor_role::query ||
                place.entry.role == tensor_role::key) // reshape(heads, 2, half).swapaxes(1, 2)
                from = r / c.head_dim * c.head_dim + (r % 2) * half + r % c.head_dim / 2;
            for (std::size_t k = 0; k < place.columns; ++k)
                out.data += test::bytes(static_cast<float>(m.parameters()[place.offset + from * place.columns + k]));
        }
        file.tensors.push_back(out);
    }
    return file;
}

} // namespace

TEST_CASE("a saved model loads again to the same bits, with its configuration") {
    const test::folder folder;
    transformer_config config = test::grouped();
    config.end_tokens = {3, 4};
    config.rope_scaling = {
        .type = rope_scaling::rule::llama3, .factor = 8, .low_frequency_factor = 1.5, .original_maximum_length = 32};
    for (const transformer_config& each : {config, test::multi_query()}) {
        const decoder_model m(each, generator(1, "weights"));
        save_transformer(m, folder / "model");
        const auto again = load_transformer<double>(folder / "model");
        CHECK(again.config() == m.config());
        CHECK(again.parameters().size() == m.parameters().size());
        CHECK(std::memcmp(again.parameters().data(), m.parameters().data(), m.layout().size() * sizeof(double)) == 0);
    }
}

TEST_CASE("a model is saved in bfloat16 on request, and loads with float copies of these numbers or as it is stored") {
    const test::folder folder;
    const transformer<float> m(test::multi_query(), generator(1, "weights"));
    save_transformer(m, folder / "brain", element_type::bf16);
    CHECK(read_json_file(folder / "brain" / "config.json").at("torch_dtype") == "bfloat16");
    CHECK(read_safetensors(folder / "brain").tensors().front().type == element_type::bf16);
    auto master = load_transformer<float>(folder / "brain");
    REQUIRE(master.parameters().size() == m.parameters().size());
    for (std::size_t i = 0; i < m.parameters().size(); ++i)
        CHECK(master.parameters()[i] == float_of_bf16(bf16_of_float(m.parameters()[i])));
    const auto frozen = load_transformer<float>(folder / "brain", trained_tensors::none());
    CHECK(frozen.weights().frozen(0).type == element_type::bf16);
    const test::completions some = test::mixed();
    CHECK(frozen.log_probs(some.views()) == master.log_probs(some.views()));

    save_transformer(frozen, folder / "again", element_type::bf16);
    const mapped_file first(folder / "brain" / "model.safetensors"), second(folder / "again" / "model.safetensors");
    CHECK(std::ranges::equal(first.bytes(), second.bytes()));
    // what is trained is the float copy: a step smaller than bfloat16 can tell is not lost
    float& weight = master.parameters()[5];
    const float before = weight;
    for (int step = 0; step < 300; ++step) weight += before * 0x1p-14F;
    CHECK((weight > before) == (before > 0));
    CHECK(float_of_bf16(bf16_of_float(weight)) != before);
    CHECK(test::contains(test::error_of([&] { save_transformer(m, folder / "no", element_type::q8_0); }), "Q8_0"));
}

TEST_CASE("a sharded folder and a tied head that is stored as well load too") {
    const test::folder folder;
    const decoder_model m(test::multi_query(), generator(1, "weights"));
    save_transformer(m, folder.path());
    std::vector<tensor_view> first, second;
    nlohmann::json index;
    for (const auto& tensor : tensors(m)) {
        const bool early = first.size() < 9;
        (early ? first : second).push_back(as_tensor(tensor.name, tensor.shape, tensor.values));
        index["weight_map"][tensor.name] = early ? "model-1.safetensors" : "model-2.safetensors";
    }
    second.push_back(as_tensor("lm_head.weight", {13, 8}, m.parameters().first(13 * 8)));
    index["weight_map"]["lm_head.weight"] = "model-2.safetensors";
    write_safetensors(folder / "model-1.safetensors", first);
    write_safetensors(folder / "model-2.safetensors", second);
    folder.write("model.safetensors.index.json", index.dump());
    std::filesystem::remove(folder / "model.safetensors");
    const auto again = load_transformer<double>(folder.path());
    CHECK(std::memcmp(again.parameters().data(), m.parameters().data(), m.parameters().size_bytes()) == 0);
}

TEST_CASE("a GGUF file's rotary layout is undone, for tied and untied models") {
    const test::folder folder;
    for (transformer_config config : {test::grouped(), test::multi_query()}) {
        config.rope_scaling = {};
        const decoder_model m(config, generator(1, "weights"));
        const auto path = folder.write("model.gguf", as_gguf(m).file());
        const auto again = load_transformer<double>(path);
        CHECK(again.config().tied_embeddings == config.tied_embeddings);
        CHECK(again.config().end_tokens == std::vector<token_id>{3});
        for (std::size_t i = 0; i < m.parameters().size(); ++i)
            CHECK(again.parameters()[i] == static_cast<double>(static_cast<float>(m.parameters()[i])));
    }
}

TEST_CASE("a model loaded with all or some weights frozen computes what it computes with all trained") {
    const test::folder folder;
    const decoder_model m(test::multi_query(), generator(1, "weights"));
    const test::completions some = test::mixed();
    for (const bool gguf : {false, true}) {
        save_transformer(m, folder / "model");
        const auto path = gguf ? folder.write("model.gguf", as_gguf(m).file()) : folder / "model";
        const auto whole = load_transformer<double>(path);
        for (const trained_tensors& trained : {trained_tensors::none(), trained_tensors{.attention = false},
                                               trained_tensors{.embedding = false, .first_layer = 2}}) {
            const auto partly = load_transformer<double>(path, trained);
            CHECK(partly.parameters().size() < whole.parameters().size());
            CHECK(partly.log_probs(some.views()) == whole.log_probs(some.views()));
            save_transformer(partly, folder / "again");
            const auto again = load_transformer<double>(folder / "again");
            CHECK(std::ranges::equal(again.parameters(), whole.parameters()));
        }
    }
    const auto kept = load_transformer<double>(folder / "model.gguf", trained_tensors::none());
    const std::vector<double> before = kept.log_probs(some.views());
    std::filesystem::remove(folder / "model.gguf"); // the mapping outlives the name
    CHECK(kept.log_probs(some.views()) == before);
}

TEST_CASE("a head that is the embedding becomes one of its own where it is trained alone") {
    const test::folder folder;
    const decoder_model m(test::multi_query(), generator(1, "weights"));
    const test::completions some = test::mixed();
    for (const bool gguf : {false, true}) {
        save_transformer(m, folder / "model");
        const auto path = gguf ? folder.write("model.gguf", as_gguf(m).file()) : folder / "model";
        const auto whole = load_transformer<double>(path);
        auto head = load_transformer<double>(path, trained_tensors_named("head"));
        CHECK(test::contains(std::string(head.notes().back()), "becomes a matrix of its own"));
        CHECK(head.parameters().size() == 13 * 8);
        CHECK(head.log_probs(some.views()) == whole.log_probs(some.views()));
        head.backward(head.forward(some.views()), std::vector<double>(some.prompts.size(), 1.0));
        for (std::size_t i = 0; i < head.parameters().size(); ++i) head.parameters()[i] += 0.1 * head.gradients()[i];
        CHECK(head.log_probs(some.views()) != whole.log_probs(some.views()));
        save_transformer(head, folder / "again");
        const auto again = load_transformer<double>(folder / "again");
        CHECK(!again.config().tied_embeddings);
        CHECK(again.log_probs(some.views()) == head.log_probs(some.views()));
        const auto last = load_transformer<double>(path, trained_tensors_named("last:1"));
        CHECK(last.weights().first_trained_layer() == 2);
        CHECK(test::contains(test::error_of([&] { (void)load_transformer<double>(path, trained_tensors::last(9)); }),
                             "the model has 3 layers, found 9"));
    }
}

TEST_CASE("rotary frequency divisors of a GGUF file are used") {
    const test::folder folder;
    const decoder_model m(test::grouped(), generator(1, "weights"));
    auto file = as_gguf(m);
    file.tensors.push_back({.name = "rope_freqs.weight",
                            .dimensions = {3},
                            .type = 0,
                            .data = test::bytes(1.0F) + test::bytes(2.0F) + test::bytes(8.0F)});
    const auto again = load_transformer<double>(folder.write("model.gguf", file.file()));
    CHECK(again.config().rope_scaling.frequency_divisors == std::vector<double>{1, 2, 8});
    CHECK(test::contains(test::error_of([&] { save_transformer(again, folder / "saved"); }), "rope_freqs.weight"));
}

TEST_CASE("what a folder lacks, or asks for and is not computed here, is an error naming file, field and tensor") {
    const test::folder folder;
    const decoder_model m(test::grouped(), generator(1, "weights"));
    const auto path = folder / "model";
    const auto after = [&](auto change) {
        save_transformer(m, path);
        edit_config(path, change);
        return refused(path);
    };
    const auto refuses = [&](auto change, const char* text) {
        const std::string found = after(change);
        CAPTURE(found);
        CHECK(test::contains(found, text));
        CHECK(test::contains(found, path.string()));
    };
    CHECK(after([](auto&) {}).empty());
    refuses([](auto& c) { c["model_type"] = "bloom"; }, "was expected, found \"bloom\"");
    refuses([](auto& c) { c["attention_bias"] = true; }, "has no tensor 'model.layers.0.self_attn.q_proj.bias'");
    refuses([](auto& c) { c["hidden_act"] = "gelu"; }, "hidden_act: only \"silu\" is supported, found \"gelu\"");
    refuses([](auto& c) { c["rope_scaling"] = {{"rope_type", "longrope"}}; }, "found \"longrope\"");
    refuses([](auto& c) { c.erase("vocab_size"); },
            "vocab_size: a whole number of at least 0 was expected, found nothing");
    refuses([](auto& c) { c["vocab_size"] = -3; }, "found -3");
    refuses([](auto& c) { c["rope_theta"] = "big"; }, "rope_theta: a number was expected, found \"big\"");
    refuses([](auto& c) { c["hidden_size"] = 16777216; },
            "tensor 'model.embed_tokens.weight': shape [19, 16777216] was expected, found [19, 12]");
    refuses([](auto& c) { c["num_attention_heads"] = 0; }, "heads");
    refuses([](auto& c) { c["num_hidden_layers"] = 3; }, "has no tensor 'model.layers.2.input_layernorm.weight'");
    refuses([](auto& c) { c["num_hidden_layers"] = 1; }, "tensor 'model.layers.1.input_layernorm.weight' has no place");
    refuses([](auto& c) { c["eos_token_id"] = 19; }, "end_tokens");
    const nlohmann::json linear = {{"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 7.0}};
    refuses([&](auto& c) { c["rope_parameters"] = linear; },
            "rope_theta: the same as in rope_parameters, 7, was expected, found 50");
    refuses(
        [&](auto& c) {
            c["rope_parameters"] = linear;
            c["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 3.0}};
        },
        "rope_scaling: the same as rope_parameters was expected, found another");
    CHECK(after([&](auto& c) {
              c.erase("rope_theta");
              c["rope_parameters"] = linear;
          }).empty());
    CHECK(load_transformer<double>(path).config().rope_theta == 7);
}

TEST_CASE("a GGUF file of another family, or damaged in its head counts, is an error") {
    const test::folder folder;
    const decoder_model m(test::grouped(), generator(1, "weights"));
    auto file = as_gguf(m);
    file.keys[0] = test::gguf_text("general.architecture") + test::bytes(std::uint32_t{8}) + test::gguf_text("mamba");
    CHECK(test::contains(refused(folder.write("a.gguf", file.file())), "was expected, found \"mamba\""));
    file = as_gguf(m);
    file.tensors.pop_back();
    file.tensors[3].dimensions = {12, 12, 1};
    CHECK(test::contains(refused(folder.write("b.gguf", file.file())), "blk.0.attn_k.weight"));
    CHECK(test::contains(refused(folder / "missing.gguf"), "missing.gguf"));
    // every number of the metadata, replaced by extreme ones: an error or a model, never a crash or a huge allocation
    for (std::size_t k = 1; k < as_gguf(m).keys.size(); ++k) {
        for (const std::uint32_t value : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
            file = as_gguf(m);
            file.keys[k].replace(file.keys[k].size() - 4, 4, test::bytes(value));
            (void)refused(folder.write("c.gguf", file.file()));
        }
    }
}

TEST_CASE("a head of its own is kept although config.json ties it, and this is noted; a copy of the embedding is not") {
    const test::folder folder;
    transformer_config config = test::grouped();
    const decoder_model own(config, generator(1, "weights"));
    save_transformer(own, folder / "own");
    edit_config(folder / "own", [](auto& json) { json["tie_word_embeddings"] = true; });
    const decoder_model again = load_transformer<double>(folder / "own");
    CHECK_FALSE(again.config().tied_embeddings);
    CHECK(std::ranges::equal(again.parameters(), own.parameters()));
    REQUIRE(again.notes().size() == 1);
    CHECK(test::contains(again.notes()[0], "lm_head.weight differs from model.embed_tokens.weight"));

    config.tied_embeddings = true;
    const decoder_model tied(config, generator(1, "weights"));
    save_transformer(tied, folder / "tied");
    CHECK(load_transformer<double>(folder / "tied").notes().empty());
    decoder_model copied(test::grouped());
    std::ranges::copy(tied.parameters(), copied.parameters().begin());
    const std::size_t size = config.vocabulary_size * config.hidden_size;
    std::ranges::copy(tied.parameters().first(size), copied.parameters().last(size).begin());
    save_transformer(copied, folder / "copied");
    edit_config(folder / "copied", [](auto& json) { json["tie_word_embeddings"] = true; });
    const decoder_model one = load_transformer<double>(folder / "copied");
    CHECK(one.config().tied_embeddings);
    CHECK(one.notes().empty());
    CHECK(std::ranges::equal(one.parameters(), tied.parameters()));
}

TEST_CASE("a GGUF file without a rotary base has llama.cpp's, which is noted") {
    const test::folder folder;
    test::gguf_writer file = as_gguf(decoder_model(test::grouped(), generator(1, "weights")));
    CHECK(load_transformer<double>(folder.write("a.gguf", file.file())).notes().empty());
    std::erase_if(file.keys, [](const std::string& key) { return test::contains(key, "rope.freq_base"); });
    const decoder_model without = load_transformer<double>(folder.write("b.gguf", file.file()));
    CHECK(without.config().rope_theta == 10000);
    REQUIRE(without.notes().size() == 1);
    CHECK(test::contains(without.notes()[0], "llama.rope.freq_base is not given; 10000 is taken"));
}
