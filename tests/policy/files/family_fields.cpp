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
