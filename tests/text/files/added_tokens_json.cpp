#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"

using namespace preflearn;
using nlohmann::json;

namespace {
json three_tokens() {
    return json::parse(R"({"added_tokens": [{"id": 2, "content": "<s>", "special": true}],
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "<s>": 2}, "merges": []}})");
}
tokenizer made_with(const json& config) { return tokenizer_from_json(three_tokens(), config, "t.json"); }
std::string error_with(const json& config) {
    return test::error_of([&] { (void)made_with(config); });
}
} // namespace

TEST_CASE("added tokens named beside tokenizer.json give AutoTokenizer's ids") {
    const json golden = read_json_file(PREFLEARN_TESTS "/text/golden/added.json");
    const std::string base = PREFLEARN_TESTS "/text/golden/" + golden.at("base").get<std::string>() + ".json";
    const std::string tokenizer_file(mapped_file(base).text());
    for (const auto& part : golden.at("cases")) {
        const test::folder folder;
        (void)folder.write("tokenizer.json", tokenizer_file);
        for (const auto& [name, content] : part.at("files").items()) (void)folder.write(name, content.dump());
        const tokenizer tokens = load_tokenizer(folder.path());
        for (std::size_t i = 0; i < golden.at("texts").size(); ++i) {
            CAPTURE(part.at("name").get<std::string>());
            CAPTURE(golden.at("texts")[i].get<std::string>());
            CHECK(tokens.encode(golden.at("texts")[i].get<std::string>()) ==
                  part.at("ids")[i].get<std::vector<token_id>>());
        }
        CHECK(tokens.notes().size() == (part.at("name") == "other flags" ? 1 : 0));
    }
}

TEST_CASE("a configuration that contradicts tokenizer.json is refused with the token and both ids") {
    const auto decoder = [](const char* id, const char* text) {
        return json{{"added_tokens_decoder", {{id, {{"content", text}, {"special", true}}}}}};
    };
    CHECK(error_with(decoder("3", "<x>")) == "");
    CHECK(made_with(decoder("3", "<x>")).encode("a<x>") == std::vector<token_id>{0, 3});
    CHECK(test::contains(error_with(decoder("4", "<x>")),
                         "t.json (tokenizer_config.json): added_tokens_decoder gives '<x>' the id 4, where "
                         "tokenizer.json has or leaves 3"));
    CHECK(test::contains(error_with(decoder("1", "<s>")), "has or leaves 2"));
    CHECK(test::contains(error_with(decoder("x", "<s>")), "the key 'x' is not the id of a token"));
    CHECK(
        test::contains(error_with({{"added_tokens_decoder", {{"3", {{"special", true}}}}}}), "added_tokens_decoder.3"));
    CHECK(test::contains(error_with({{"added_tokens_decoder", json::array()}}), "an object was expected"));
    CHECK(test::contains(error_with({{"additional_special_tokens", {1}}}), "a token was expected"));
    CHECK(test::contains(error_with({{"x_token", "<x>"}, {"y_token", "<y>"}}), "their ids are not known"));
    CHECK(error_with({{"x_token", "<s>"}, {"y_token", "<y>"}}) == "");
}
