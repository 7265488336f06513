#include <doctest/doctest.h>

#include <string>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/files/load.hpp>

#include "../checkpoint/gguf_writer.hpp"
#include "../checkpoint/largest_allocation.hpp"
#include "../files.hpp"
#include "small_tokenizer.hpp"

using namespace preflearn;

namespace {

const std::string sample_text = "the a <s> 12 é\n";

const std::string small_json =
    R"({"version": "1.0", "truncation": null, "added_tokens": [{"id": 5, "content": "<s>", "special": true,
"lstrip": true, "rstrip": false, "normalized": false, "single_word": false}], "normalizer": {"type": "Sequence", "normalizers":
[{"type": "NFC"}, {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}, "pre_tokenizer":
{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false,
"use_regex": true}]}, "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}]}, "decoder":
{"type": "ByteLevel"}, "model": {"type": "BPE", "unk_token": "t", "byte_fallback": true, "fuse_unk": true, "ignore_merges": false,
"vocab": {"t": 0, "h": 1, "e": 2, "th": 3, "the": 4}, "merges": ["t h", "th e"]}})";

std::string small_gguf(bool by_score) {
    test::gguf_writer made;
    test::add_small_tokenizer(made, by_score);
    made.number("tokenizer.ggml.unknown_token_id", 0);
    return made.file();
}

bool is_refused(const test::folder& folder, const std::string& content) {
    const auto path = folder.write("damaged", content);
    try {
        const tokenizer tokens = load_tokenizer(path);
        (void)tokens.decode(tokens.encode(sample_text));
        (void)tokens.encode(sample_text, special_tokens::plain);
        return false;
    } catch (const error&) {
        return true;
    }
}

} // namespace

TEST_CASE("a tokenizer file cut short anywhere is refused") {
    const test::folder folder;
    for (const std::string& content : {small_json, small_gguf(false), small_gguf(true)}) {
        CHECK(!is_refused(folder, content));
        const std::size_t end =
            content.find_last_not_of('\0') + 1; // the padding of a GGUF file without tensors may be missing
        for (std::size_t length = 0; length + 4 < end; ++length) {
            CAPTURE(length);
            REQUIRE(is_refused(folder, content.substr(0, length)));
        }
    }
}

TEST_CASE("flipped bits and changed characters are read or refused, and never cost absurd memory") {
    const test::folder folder;
    generator random(7, "flips");
    test::largest_allocation = 0;
    int refused = 0;
    for (const std::string& content : {small_json, small_gguf(false), small_gguf(true)}) {
        for (int trial = 0; trial < 700; ++trial) {
            std::string damaged = content;
            const std::size_t at = random.below(content.size());
            if (trial % 2 == 0) {
                damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << random.below(8)));
            } else { // JSON survives these more often than flips
                damaged[at] = "0129ab{}[],:\"-e"[random.below(15)];
            }
            refused += is_refused(folder, damaged);
        }
    }
    CHECK(refused > 700);
    CHECK(refused < 2100);
    CHECK(test::largest_allocation < 4U << 20); // ids may leave holes of up to 65536 unused texts
}

TEST_CASE("a hundred thousand nested lists in tokenizer.json are refused") {
    const test::folder folder;
    const std::string deep =
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}, \"pre_tokenizer\": ";
    std::string nested;
    for (int i = 0; i < 100000; ++i) nested += "{\"type\":\"Sequence\",\"pretokenizers\":[";
    std::string closing;
    for (int i = 0; i < 100000; ++i) closing += "]}";
    CHECK(is_refused(folder, deep + nested + closing + "}"));
}
