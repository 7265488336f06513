#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/files/pipeline_json.hpp>

#include "../../files.hpp"

using namespace preflearn;
using nlohmann::json;

namespace {
const json_reader from{"t.json"};

std::vector<std::string> cut(const char* pretokeniser, std::string text) {
    std::vector<pretokenise_step> steps;
    read_pretokenisers(from, json::parse(pretokeniser), steps);
    text_pieces pieces(std::move(text));
    for (const auto& step : steps) pretokenise(pieces, step, text_position::start);
    std::vector<std::string> found;
    pieces.for_each([&](std::string_view piece) { found.emplace_back(piece); });
    return found;
}
template <class Read> std::string error_of(Read read) { return test::error_of(read); }
using list = std::vector<std::string>;
} // namespace

TEST_CASE("pre-tokenisers are composed as the file says") {
    CHECK(cut(R"({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
              {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]})",
              "a 12") == list{"a", "Ġ", "1", "2"});
    CHECK(cut(R"({"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false})",
              "a b") == list{"a ", "b"});
    CHECK(cut(R"({"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Isolated"})", "x1234") ==
          list{"x", "123", "4"});
    CHECK(cut(R"({"type": "Metaspace", "replacement": "▁", "add_prefix_space": false})", "a b") == list{"a", "▁b"});
    CHECK(cut("null", "a b") == list{"a b"});
}

TEST_CASE("an unknown step, behaviour or expression is refused by name") {
    const auto error = [](const char* text) { return error_of([&] { (void)cut(text, ""); }); };
    CHECK(test::contains(error(R"({"type": "BertPreTokenizer"})"),
                         "t.json: pre_tokenizer.type is 'BertPreTokenizer', which is not known"));
    CHECK(test::contains(error(R"({"type": "Split", "pattern": {"Regex": "(?<=[a-z])x"}, "behavior": "Isolated"})"),
                         "t.json: pre_tokenizer.pattern: the expression '(?<=[a-z])x' has a group of a kind"));
    CHECK(test::contains(error(R"({"type": "Split", "pattern": {"String": " "}, "behavior": "Kept"})"), "'Kept'"));
    CHECK(test::contains(error(R"({"type": "Split", "pattern": {"String": ""}, "behavior": "Isolated"})"),
                         "pattern is empty"));
    CHECK(test::contains(error(R"({"type": "Sequence", "pretokenizers": [{"type": 1}]})"),
                         "pre_tokenizer.pretokenizers.type"));
    CHECK(test::contains(error(R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"})"), "'last'"));
    const auto normaliser = [](const char* text) {
        return error_of([&] {
            std::vector<normalise_step> steps;
            read_normalisers(from, json::parse(text), steps);
        });
    };
    CHECK(test::contains(normaliser(R"({"type": "Precompiled"})"), "normalizer.type is 'Precompiled'"));
    CHECK(test::contains(normaliser(R"({"type": "Replace", "pattern": {"Regex": "(?<!a) "}, "content": ""})"),
                         "'(?<!a) '"));
    CHECK(test::contains(normaliser(R"({"type": "Replace", "pattern": {"Regex": " *"}, "content": ""})"),
                         "one character or more"));
    const auto decoder = [](const char* text) {
        return error_of([&] {
            decoding how;
            read_decoder(from, json::parse(text), how);
        });
    };
    CHECK(test::contains(decoder(R"({"type": "WordPiece"})"), "decoder.type is 'WordPiece'"));
    CHECK(test::contains(decoder(R"({"type": "Strip", "content": " ", "start": 2, "stop": 0})"), "Strip"));
}
