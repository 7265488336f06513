// vocab.json, merges.txt and tokenizer_config.json: see run. Inputs that broke something became cases of the tests
// named hostile.cpp. SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <preflearn/text/files/load.hpp>

#include "target.hpp"

using namespace preflearn;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    const std::string words = R"({"t": 0, "h": 1, "e": 2, "th": 3, "the": 4, "Ġ": 5, "</s>": 6, "<|endoftext|>": 7})";
    for (const std::string name : {"GPT2Tokenizer", "GPTNeoXTokenizerFast", "Qwen2Tokenizer"})
        fuzz::seed(name, words + "\xFF#version: 0.2\nt h\nth e\r\n\xFF{\"tokenizer_class\": \"" + name +
                             "\", \"add_bos_token\": true, \"bos_token\": \"</s>\", \"add_prefix_space\": true}");
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    for (const char* const name : {"vocab.json", "merges.txt", "tokenizer_config.json"})
        fuzz::folder().write(name, fuzz::next_part(rest));
    return fuzz::survives([&] {
        const tokenizer tokens = load_tokenizer(fuzz::folder().path());
        (void)tokens.decode(tokens.encode(" the a </s> 12 é\n"));
    });
}
