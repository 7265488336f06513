// tokenizer.json and tokenizer_config.json: see run. Inputs that broke something became cases of the tests named
// hostile.cpp. SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <preflearn/text/files/load.hpp>

#include "target.hpp"

using namespace preflearn;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    const std::string config =
        "\xFF{\"add_bos_token\": true, \"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, "
        "\"added_tokens_decoder\": {\"9\": {\"content\": \"<x>\", \"special\": true, \"lstrip\": true}}}";
    fuzz::seed("bpe", R"({"added_tokens": [{"id": 5, "content": "<s>", "special": true, "lstrip": true}, {"id": 6,
        "content": "</s>", "normalized": true, "single_word": true}], "normalizer": {"type": "Sequence", "normalizers":
        [{"type": "NFC"}, {"type": "Prepend", "prepend": "▁"}, {"type": "Lowercase"}, {"type": "Strip"}, {"type":
        "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]}, "pre_tokenizer": {"type": "Sequence",
        "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "Split", "pattern": {"Regex":
        "(?i:'s|'t)|[^\\r\\n\\p{L}]?\\p{L}+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated"}, {"type": "ByteLevel",
        "add_prefix_space": false, "use_regex": true}]}, "post_processor": {"type": "TemplateProcessing", "single":
        [{"SpecialToken": {"id": "<s>"}}]}, "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "unk_token": "t",
        "byte_fallback": true, "fuse_unk": true, "ignore_merges": false, "vocab": {"t": 0, "h": 1, "e": 2, "th": 3,
        "the": 4}, "merges": ["t h", ["th", "e"]]}})" +
                          config);
    fuzz::seed("unigram", R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"},
        "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}, "model":
        {"type": "Unigram", "unk_id": 0, "byte_fallback": true, "vocab": [["<unk>", 0], ["▁", -2.5], ["t", -1], ["h",
        -1.5], ["the", -3], ["<0x0A>", -4]]}})" +
                              config);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto path = fuzz::folder().write("tokenizer.json", fuzz::next_part(rest));
    fuzz::folder().write("tokenizer_config.json", rest.empty() ? "{}" : rest);
    return fuzz::survives([&] {
        const tokenizer tokens = load_tokenizer(path);
        (void)tokens.decode(tokens.encode(" the a <s> 12 é\n \xF0\x28 teeth's"));
        (void)tokens.encode("<x> t", special_tokens::plain);
    });
}
