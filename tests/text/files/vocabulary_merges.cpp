#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const std::string golden_of_merges = PREFLEARN_TESTS "/text/golden/";

/// vocab.json and merges.txt of the golden GPT-2.
void write_vocabulary_and_merges(const test::folder& folder, const std::string& line_end = "\n") {
    const nlohmann::json model = read_json_file(golden_of_merges + "gpt2.json")["model"];
    folder.write("vocab.json", model["vocab"].dump());
    std::string merges = "#version: 0.2" + line_end;
    for (const auto& pair : model["merges"])
        merges += pair[0].get<std::string>() + " " + pair[1].get<std::string>() + line_end;
    folder.write("merges.txt", merges);
}

std::string error_of_folder(const test::folder& folder) {
    return test::error_of([&] { (void)load_tokenizer(folder.path()); });
}

} // namespace

// make_merges.py has the configurations of published models.
TEST_CASE("vocab.json and merges.txt give transformers' ids, the begin token of OPT among them") {
    const nlohmann::json golden = read_json_file(golden_of_merges + "merges.json");
    const auto texts = read_json_file(golden_of_merges + "ids.json").at("texts").get<std::vector<std::string>>();
    for (const auto& [name, expected] : golden.items()) {
        if (!expected.contains("config")) continue;
        const test::folder folder;
        write_vocabulary_and_merges(folder, name == "opt" ? "\r\n" : "\n");
        folder.write("tokenizer_config.json", expected.at("config").dump());
        const tokenizer tokens = load_tokenizer(folder.path());
        CHECK(tokens.begin_token().has_value() == (name == "opt"));
        for (std::size_t i = 0; i < texts.size(); ++i) {
            CAPTURE(name);
            CAPTURE(texts[i]);
            std::vector<token_id> ids;
            if (tokens.begin_token()) ids.push_back(*tokens.begin_token());
            for (const token_id id : tokens.encode(texts[i])) ids.push_back(id);
            CHECK(ids == expected.at("ids")[i].get<std::vector<token_id>>());
        }
    }
}

TEST_CASE("Pythia's tokenizer.json, with runs of spaces as tokens, gives the tokenizers package's ids") {
    const nlohmann::json golden = read_json_file(golden_of_merges + "merges.json").at("pythia");
    auto texts = read_json_file(golden_of_merges + "ids.json").at("texts").get<std::vector<std::string>>();
    for (const auto& text : golden.at("texts")) texts.push_back(text);
    nlohmann::json file = read_json_file(golden_of_merges + "gpt2.json");
    file.update(golden.at("patch"));
    const tokenizer tokens = tokenizer_from_json(file, {}, "tokenizer.json");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        CAPTURE(texts[i]);
        CHECK(tokens.encode(texts[i]) == golden.at("ids")[i].get<std::vector<token_id>>());
    }
    CHECK_FALSE(tokens.begin_token());
}

TEST_CASE("which class the files are of comes from the configuration, or from the model beside them") {
    const test::folder folder;
    write_vocabulary_and_merges(folder);
    CHECK(test::contains(error_of_folder(folder),
                         "of the tokenizer class \"\" (tokenizer_config.json) and the model \"\""));
    folder.write("config.json", R"({"model_type": "opt"})");
    CHECK(load_tokenizer(folder.path()).encode("e\u0301") != std::vector<token_id>{});
    const auto composed = load_tokenizer(folder.path()).encode("é");
    CHECK(load_tokenizer(folder.path()).encode("e\u0301") != composed);
    folder.write("config.json", R"({"model_type": "gpt_neox"})");
    CHECK(load_tokenizer(folder.path()).encode("e\u0301") == composed);
    folder.write("tokenizer_config.json", R"({"tokenizer_class": "CLIPTokenizer"})");
    CHECK(test::contains(error_of_folder(folder), "\"CLIPTokenizer\""));
}

TEST_CASE("the end of text is the end token where no configuration names one") {
    const test::folder folder;
    folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3})");
    folder.write("merges.txt", "a b\n");
    folder.write("config.json", R"({"model_type": "gpt2"})");
    const tokenizer tokens = load_tokenizer(folder.path());
    CHECK(tokens.end_token() == 3);
    CHECK_FALSE(tokens.begin_token());
    CHECK(tokens.encode("aba<|endoftext|>") == std::vector<token_id>{2, 0, 3});
    CHECK(tokens.encode("<|endoftext|>", special_tokens::plain).empty()); // nothing here spells it
}

TEST_CASE("a damaged line of merges.txt is refused with its number, a vocabulary of another form with its file") {
    const test::folder folder;
    folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
    folder.write("config.json", R"({"model_type": "gpt2"})");
    for (const char* const line : {"ab", "a b ab", " b", "a ", "a  b"}) {
        folder.write("merges.txt", std::string("#version: 0.2\na b\n\n") + line);
        CHECK(test::contains(error_of_folder(folder), "merges.txt: line 4: two tokens with a space between were"));
    }
    folder.write("merges.txt", "a c\n");
    CHECK(test::contains(error_of_folder(folder), "model.merges[0]: 'a', 'c' or both together are not in the vocab"));
    folder.write("vocab.json", R"(["a"])");
    CHECK(test::contains(error_of_folder(folder), "vocab.json: an object of ids was expected, found array"));
}
