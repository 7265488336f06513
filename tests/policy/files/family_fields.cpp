#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/gpt_neox.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/files/family_fields.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

nlohmann::json small_llama() {
    return {{"vocab_size", 20},
            {"hidden_size", 8},
            {"intermediate_size", 12},
            {"num_hidden_layers", 2},
            {"num_attention_heads", 4}};
}

transformer_config read_llama(const nlohmann::json& object) {
    transformer_config config;
    read_fields(settings_reader(object, "config.json"), &field_entry::hugging_face, config);
    return config;
}

} // namespace

TEST_CASE("what a file has goes into the members, what it lacks takes the family's default") {
    nlohmann::json object = small_llama();
    object["rope_theta"] = 5e5;
    const transformer_config config = read_llama(object);
    CHECK(config.layers == 2);
    CHECK(config.rope_theta == 5e5);
    CHECK(config.norm_epsilon == 1e-6);
    object.erase("hidden_size");
    CHECK(test::contains(test::error_of([&] { (void)read_llama(object); }), "config.json: hidden_size"));
}

TEST_CASE("members are written as they are read") {
    const transformer_config config = read_llama(small_llama());
    nlohmann::json written;
    for (const field_entry& entry : config.family.fields)
        if (!entry.hugging_face.name.empty())
            written[std::string(entry.hugging_face.name)] = field_value(config, entry);
    CHECK(read_llama(written) == config);
}

TEST_CASE("a share of the head's width becomes a number of columns") {
    transformer_config config{.family = families::gpt_neox, .hidden_size = 8, .heads = 2};
    const file_field share{.name = "rotary_pct", .unit = field_unit::of_head_dim};
    const nlohmann::json half = {{"rotary_pct", 0.5}}, twice = {{"rotary_pct", 2}};
    read_field(settings_reader(half, "config.json"), share, config, config_field::rotary_dim);
    CHECK(config.rotary_dim == 2);
    CHECK(test::error_of([&] {
              read_field(settings_reader(twice, "config.json"), share, config, config_field::rotary_dim);
          }) == "config.json: rotary_pct: a share of 0 to 1 was expected, found 2");
}

TEST_CASE("the share that is written is read as as many columns, of heads of every width") {
    const file_field share{.name = "rotary_pct", .unit = field_unit::of_head_dim};
    for (std::size_t width = 1; width <= 256; ++width) {
        for (std::size_t part = 1; part <= width; ++part) {
            transformer_config config{.family = families::gpt_neox, .heads = 1, .head_dim = width, .rotary_dim = part};
            const nlohmann::json written = {{"rotary_pct", field_value(config, {config_field::rotary_dim, share})}};
            config.rotary_dim = 0;
            read_field(settings_reader(written, "config.json"), share, config, config_field::rotary_dim);
            REQUIRE(config.rotary_dim == part);
        }
    }
}

TEST_CASE("the width by which attention is scaled is written as a whole number, that of heads where none is set") {
    const field_entry entry{config_field::attention_width, {"query_pre_attn_scalar"}};
    transformer_config config{.hidden_size = 32, .heads = 4};
    CHECK(field_value(config, entry).dump() == "8");
    config.attention_width = 256;
    CHECK(field_value(config, entry).dump() == "256");
    config.attention_width = 2.5;
    CHECK(field_value(config, entry).dump() == "2.5");
    config.attention_width = 1e20; // which no whole number of the file holds
    CHECK(field_value(config, entry).get<double>() == 1e20);
}

TEST_CASE("a 0 that is meant for none is refused, since transformers divides by it") {
    const file_field cap{.name = "final_logit_softcapping", .absent = 30, .null = 0};
    const auto read = [](const file_field& field, config_field member, const nlohmann::json& value) {
        transformer_config config{.attention_width = 7, .logit_cap = 7};
        const nlohmann::json file{{std::string(field.name), value}};
        read_field(settings_reader(file, "config.json"), field, config, member);
        return member == config_field::logit_cap ? config.logit_cap : config.attention_width;
    };
    CHECK(read(cap, config_field::logit_cap, nullptr) == 0);
    CHECK(read(cap, config_field::logit_cap, 2.5) == 2.5);
    for (const nlohmann::json& zero : {nlohmann::json(0), nlohmann::json(0.0), nlohmann::json(-0.0)})
        CHECK(test::error_of([&] { read(cap, config_field::logit_cap, zero); }) ==
              "config.json: final_logit_softcapping: null or a number above 0 was expected, found 0");
    CHECK(test::error_of([&] {
              read({"query_pre_attn_scalar", 256}, config_field::attention_width, 0);
          }) == "config.json: query_pre_attn_scalar: a number above 0 was expected, found 0");
    const file_field of_gguf{"final_logit_softcapping", 0};
    CHECK(read(of_gguf, config_field::logit_cap, 0) == 0); // as llama.cpp reads it
}
