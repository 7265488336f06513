#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/text/files/load.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;
using id_list = std::vector<token_id>;

namespace {
/// The strings of a file that holds one JSON string a line.
std::vector<std::string> json_strings_of(const std::filesystem::path& path) {
    std::vector<std::string> strings;
    std::ifstream lines(path);
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) strings.push_back(nlohmann::json::parse(line).get<std::string>());
    return strings;
}
} // namespace

TEST_CASE("field: SmolLM2's digits stand alone before its pattern cuts") {
    const auto path = test::field_file("digits_strings.jsonl");
    const char* const named = std::getenv("PREFLEARN_WEAK_LLM");
    const auto model = named ? std::filesystem::path(named) : std::filesystem::temp_directory_path() / "weak-llm.gguf";
    if (path.empty() || !std::filesystem::exists(model)) return;
    const tokenizer tokens = load_tokenizer(model);
    const auto strings = json_strings_of(path);
    REQUIRE(strings.size() == 3);
    CHECK(tokens.encode(strings[0]) == id_list{1116, 33});
    CHECK(tokens.encode(strings[1]) == id_list{256, 33});
    CHECK(tokens.encode(strings[2]) == id_list{1656, 33, 34});
    CHECK(tokens.notes().empty());
}

TEST_CASE("field: a Llama 3 vocabulary is recognised in a file that names no pre-tokeniser, and that is said") {
    const auto path = test::field_file("llama3_without_pre.gguf");
    if (path.empty()) return;
    const tokenizer tokens = load_tokenizer(path);
    CHECK(tokens.encode("12345") == id_list{2089, 22, 23});
    REQUIRE(tokens.notes().size() == 1);
    CHECK(test::contains(tokens.notes()[0], "tokenizer.ggml.pre is missing; the vocabulary looks like that of 'dbrx'"));
    CHECK(load_tokenizer(path, {.pretokenizer = "llama-bpe"}).encode("12345") == id_list{2089, 22, 23});
}

TEST_CASE("field: an added token that only tokenizer_config.json names is found") {
    const auto folder = test::field_file("added_in_config"), text = test::field_file("added_token_string.jsonl");
    if (folder.empty() || text.empty()) return;
    const tokenizer tokens = load_tokenizer(folder);
    CHECK(tokens.encode(json_strings_of(text).at(0)) == id_list{67, 3000, 68});
    CHECK(tokens.decode(id_list{67, 3000, 68}) == "a<|tool|>b");
    CHECK(tokens.decode(id_list{67, 3000, 68}, special_text::skip) == "ab");
}

TEST_CASE("field: a byte that the vocabulary lacks is dropped and its neighbours meet") {
    const auto path = test::field_file("bytes_missing_tokenizer.json"),
               text = test::field_file("missing_byte_string.jsonl");
    if (path.empty() || text.empty()) return;
    CHECK(load_tokenizer(path).encode(json_strings_of(text).at(0)) == id_list{16});
}
