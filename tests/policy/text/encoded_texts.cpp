#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/tokenizer_json.hpp>

using namespace preflearn;

namespace {

tokenizer letters(const nlohmann::json& settings) {
    const auto file = nlohmann::json::parse(R"({"added_tokens": [{"id": 3, "content": "<s>", "special": true},
        {"id": 4, "content": "</s>", "special": true}],
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
    return tokenizer_from_json(file, settings, "t.json");
}

using ids = std::vector<token_id>;
ids copied(token_span tokens) { return {tokens.begin(), tokens.end()}; }

} // namespace

TEST_CASE("a text has its tokens alone, after the begin token, and before the end token") {
    encoded_texts texts(letters({{"add_bos_token", true}, {"bos_token", "<s>"}, {"eos_token", "</s>"}}));
    CHECK(copied(texts.plain("aba")) == ids{2, 0});
    CHECK(copied(texts.begun("aba")) == ids{3, 2, 0});
    CHECK(copied(texts.ended("aba")) == ids{2, 0, 4});
    CHECK(copied(texts.plain("")).empty());
    CHECK(copied(texts.ended("")) == ids{4});
}

TEST_CASE("a tokenizer that asks for neither adds neither") {
    encoded_texts texts(letters({{"add_bos_token", false}}));
    CHECK(copied(texts.begun("ab")) == ids{2});
    CHECK(copied(texts.ended("ab")) == ids{2});
}

TEST_CASE("a text is encoded once, and views stay where they are while others come, from several threads") {
    encoded_texts texts(letters({{"eos_token", "</s>"}}));
    const token_span first = texts.plain("ab");
    std::vector<char> right(2000);
    parallel_for(right.size(), [&](std::size_t i) {
        const std::string text(i % 100 + 1, 'b');
        right[i] = copied(texts.plain(text)) == ids(i % 100 + 1, 1);
    });
    CHECK(right == std::vector<char>(2000, 1));
    CHECK(texts.plain("ab").data() == first.data());
    CHECK(copied(first) == ids{2});
}

namespace {

/// Pieces of which hard pairs are made: spaces of every kind, line ends, marks that compose, added tokens and their
/// halves, symbols that stand for a space, characters that no vocabulary has.
std::string hard_text(generator& random, const std::vector<std::string>& added) {
    static const std::vector<std::string> parts{
        " ",      "  ",     "\n", "\n\n", "\t", "a",  "the", "e", "\u0301", "\u00E9", "A",  "1",    "12",
        "\u3000", "\u00A0", "'s", "<s",   ">",  "s>", "</s", "▁", "Ġ",      "é",      "漢", "🙂", "\U0001F468\u200D",
        ".",      "[INST]", "ab", "b"};
    std::string text;
    for (std::uint64_t i = random.below(7); i > 0; --i) {
        text += !added.empty() && random.bernoulli(0.25) ? added[random.below(added.size())]
                                                         : parts[random.below(parts.size())];
    }
    return text;
}

/// A small BPE vocabulary with the parts of `file` around it.
nlohmann::json tokenizer_with(const std::string& members) {
    auto file = nlohmann::json::parse(R"({"added_tokens": [
        {"id": 0, "content": "<s>", "special": true}, {"id": 1, "content": "</s>", "special": true},
        {"id": 2, "content": "<l>", "special": true, "lstrip": true},
        {"id": 3, "content": "<r>", "special": false, "rstrip": true},
        {"id": 4, "content": "<b>", "special": true, "lstrip": true, "rstrip": true},
        {"id": 5, "content": "<n>", "special": false, "normalized": true},
        {"id": 6, "content": "word", "special": false, "single_word": true, "normalized": false},
        {"id": 7, "content": "<unk>", "special": true}],
        "model": {"type": "BPE", "vocab": {"a": 8, "b": 9, "ab": 10, "e": 11, "▁": 12, "▁a": 13, "\u0301": 14,
        "\u00e9": 15, "Ġ": 16, "Ġa": 17, "1": 18, "t": 19, "h": 20, "th": 21, "the": 22, "\n": 23, "Ċ": 24, " ": 25,
        "w": 26, "o": 27, "r": 28, "d": 29, "A": 30, "ba": 31}, "merges": [["▁", "a"], ["Ġ", "a"], ["a", "b"],
        ["b", "a"], ["t", "h"], ["th", "e"]]}})");
    const auto more = nlohmann::json::parse(members);
    for (const auto& [key, value] : more.items())
        if (key != "model") file[key] = value;
    if (more.contains("model")) file["model"].update(more["model"]);
    return file;
}

const std::vector<std::string>& kinds_of_tokenizers() {
    static const std::vector<std::string> all{
        "{}",
        R"({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}, "decoder": {"type": "ByteLevel"}})",
        R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
            "model": {"unk_token": "<unk>", "fuse_unk": true}})",
        R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false},
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}})",
        R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"},
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}})",
        R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
            {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}]},
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}})",
        R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
            "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
            "model": {"unk_token": "<unk>", "fuse_unk": true}})",
        R"({"normalizer": {"type": "NFC"}})",
        R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}})",
        R"({"normalizer": {"type": "Replace", "pattern": {"String": "ab"}, "content": "ba"}})",
        R"({"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            "decoder": {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, "added_tokens": [
            {"id": 2, "content": "<l>", "special": false, "lstrip": true, "normalized": true},
            {"id": 3, "content": "<r>", "special": false, "rstrip": true, "normalized": true}]})"};
    return all;
}

void check_law(const tokenizer& words, generator& random, int trials) {
    std::vector<std::string> added;
    for (std::size_t id = 0; id < words.size(); ++id)
        if (const auto* token = words.added(static_cast<token_id>(id))) added.push_back(token->text);
    for (const special_tokens found : {special_tokens::parse, special_tokens::plain}) {
        encoded_texts separate(words, found), joint(words, found, token_boundary::joint);
        for (int trial = 0; trial < trials; ++trial) {
            const std::string prompt = hard_text(random, added), response = hard_text(random, added);
            ids whole = words.encode(prompt + response, found);
            const ids own = words.encode(prompt, found);
            const auto begin = words.begin_token();
            if (begin && (own.empty() || own.front() != *begin)) whole.insert(whole.begin(), *begin);
            CAPTURE(prompt);
            CAPTURE(response);
            for (encoded_texts* texts : {&separate, &joint}) {
                const token_completion both = texts->pair(prompt, response);
                ids all = copied(both.prompt);
                all.insert(all.end(), both.response.begin(), both.response.end());
                REQUIRE(words.decode(all) == words.decode(whole));
                if (texts == &joint) REQUIRE(all == whole);
                const std::vector<completion<std::string>> some{
                    {prompt, response}, {prompt, prompt}, {response, prompt}, {prompt, response}};
                const std::vector<token_completion> many = texts->pairs(std::span<const completion<std::string>>(some));
                for (std::size_t i = 0; i < some.size(); ++i) {
                    const token_completion one = texts->pair(some[i].prompt, some[i].response);
                    REQUIRE(many[i].prompt.data() == one.prompt.data());
                    REQUIRE(many[i].response.data() == one.response.data());
                }
            }
        }
    }
}

} // namespace

TEST_CASE("prompt and response spell what both encoded as one spell, for every kind of tokenizer") {
    generator random(7, "boundaries");
    for (const std::string& kind : kinds_of_tokenizers()) {
        CAPTURE(kind);
        check_law(tokenizer_from_json(tokenizer_with(kind), {}, "t.json"), random, 400);
    }
    for (const char* const name : {"gpt2", "llama2", "llama3", "smollm", "metaspace", "prefix"}) {
        CAPTURE(std::string(name));
        check_law(load_tokenizer(PREFLEARN_TESTS "/text/golden/" + std::string(name) + ".json"), random, 100);
    }
}

TEST_CASE("a response's first token has no space that nobody wrote, and has one that somebody wrote") {
    encoded_texts texts(tokenizer_from_json(tokenizer_with(kinds_of_tokenizers()[6]), {}, "t.json"));
    CHECK(copied(texts.pair("ab", "ab").response) == ids{10});
    CHECK(copied(texts.pair("ab", " ab").response) == ids{13, 9});
    CHECK(copied(texts.pair("", "ab").response) == ids{13, 9});      // it is the start itself
    CHECK(copied(texts.pair("ab<s>", "ab").response) == ids{13, 9}); // as this tokenizer marks what follows a token
    CHECK(texts.text_behind("ab", ids{13, 9}) == " ab");             // drawn text keeps its space
    CHECK(texts.text_behind("", ids{13, 9}) == "ab");
}

TEST_CASE("added tokens that strip white space do so across the boundary") {
    encoded_texts texts(tokenizer_from_json(tokenizer_with("{}"), {}, "t.json"));
    const token_completion left = texts.pair("a ", " <l>b");
    CHECK(copied(left.prompt) == ids{8});
    CHECK(copied(left.response) == ids{2, 9});
    CHECK(copied(texts.pair("a<r>", " b").response) == ids{9});
    CHECK(copied(texts.pair("a ", "b").prompt) == ids{8, 25}); // other responses to the prompt see all of it
}

TEST_CASE("an added token that is searched in the normalised text strips what is white space there") {
    const tokenizer words = tokenizer_from_json(tokenizer_with(kinds_of_tokenizers().back()), {}, "t.json");
    for (const token_boundary boundary : {token_boundary::separate, token_boundary::joint}) {
        encoded_texts texts(words, special_tokens::parse, boundary);
        CHECK(copied(texts.pair("a<r>", " b").response) == ids{12, 9}); // the space is a ▁ by then
        CHECK(copied(texts.pair("a<r>", "b").response) == ids{9});
        CHECK(copied(texts.pair("a<r>", "\n b").response) == ids{12, 9});
    }
}

TEST_CASE("where a normaliser acts across the boundary, what changed belongs to the response") {
    encoded_texts texts(tokenizer_from_json(tokenizer_with(R"({"normalizer": {"type": "NFC"}})"), {}, "t.json"));
    const token_completion both = texts.pair("ae", "\u0301b");
    CHECK(copied(both.prompt) == ids{8});
    CHECK(copied(both.response) == ids{15, 9});
    CHECK(texts.changes_prompt("ae", "\u0301b"));
    CHECK(!texts.changes_prompt("ae", "b"));
    CHECK(copied(texts.pair("e", "\u0301").prompt) == ids{15}); // the model needs a token to begin with
}

TEST_CASE("the joint boundary cuts after as many ids as the prompt alone has, whatever they are") {
    encoded_texts texts(tokenizer_from_json(tokenizer_with("{}"), {{"eos_token", "</s>"}}, "t.json"),
                        special_tokens::parse, token_boundary::joint);
    const token_completion both = texts.pair("1a", "bb", response_end::end_token);
    CHECK(copied(both.prompt) == ids{18, 10});
    CHECK(copied(both.response) == ids{9, 1});
    CHECK(texts.changes_prompt("1a", "bb"));
    CHECK(copied(texts.pair("1a", "e").prompt) == ids{18, 8}); // the same prompt with another response
    CHECK(copied(texts.pair("1a", "b").response).empty());
}

TEST_CASE("begin and end tokens stand once, also where the text spells them") {
    encoded_texts texts(letters({{"add_bos_token", true}, {"bos_token", "<s>"}, {"eos_token", "</s>"}}));
    CHECK(copied(texts.begun("<s>a")) == ids{3, 0});
    CHECK(copied(texts.begun("")) == ids{3});
    for (const char* const ended : {"a</s>", "a</s> \n", "a<|im_end|>\n", "a<|eot_id|>", "a<end_of_turn>\n"}) {
        CAPTURE(ended);
        const token_completion both = texts.pair("b", ended, response_end::end_token);
        CHECK(copied(both.response) == copied(texts.pair("b", ended).response));
    }
    CHECK(copied(texts.pair("b", "a", response_end::end_token).response) == ids{0, 4});
    encoded_texts literal(letters({{"eos_token", "</s>"}}), special_tokens::plain);
    CHECK(copied(literal.pair("b", "a</s>", response_end::end_token).response) == ids{0, 4});
}

TEST_CASE("several tokens before a text stand before the prompt, once") {
    encoded_texts texts(tokenizer_from_json(tokenizer_with(R"({"post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "<b>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
        "<b>": {"id": "<b>", "ids": [4], "tokens": ["<b>"]}}}})"),
                                            {}, "t.json"));
    CHECK(copied(texts.begun("a")) == ids{0, 4, 8});
    CHECK(copied(texts.begun("<s><b>a")) == ids{0, 4, 8});
    CHECK(copied(texts.plain("a")) == ids{8});
    CHECK(copied(texts.pair("a", "b").prompt) == ids{0, 4, 8});
}
