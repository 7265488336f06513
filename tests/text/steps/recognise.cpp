#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <preflearn/text/steps/recognise.hpp>

using namespace preflearn;

namespace {
std::string_view recognised(const std::vector<std::string>& texts, std::size_t added = 0) {
    std::vector<bool> is_added(texts.size());
    for (std::size_t id = 0; id < added; ++id) is_added[id] = true;
    const auto found = recognise_pretokeniser(vocabulary({texts.begin(), texts.end()}), is_added);
    return found ? found->name : std::string_view{};
}
/// A vocabulary of words and of `more`.
std::vector<std::string> words_and(const std::vector<std::string>& more, std::vector<std::string> texts = {}) {
    for (int i = 0; i < 1200; ++i)
        texts.push_back(std::string("Ġ") + static_cast<char>('a' + i % 26) + static_cast<char>('a' + i / 26 % 26) +
                        static_cast<char>('a' + i / 676));
    texts.insert(texts.end(), more.begin(), more.end());
    return texts;
}
} // namespace

TEST_CASE("merged tokens tell the finest pattern that leaves them whole") {
    CHECK(recognised(words_and({"12", "123", ".Ċ", ")ĊĊ", "(x", "'S", "!!"})) == "dbrx");
    CHECK(recognised(words_and({".Ċ", ")ĊĊ", "(x", "'S", "!!"})) == "qwen2");
    CHECK(recognised(words_and({"Ġ12", "Ġ2023", "Ġ!!", "'s"})) == "gpt-2");
    CHECK(recognised(words_and({"Ġ!!", "'s", "ĠĠ"})) == "starcoder");
    CHECK(recognised({"12", "123", ".Ċ"}) == ""); // too few to tell
}

TEST_CASE("control tokens name a family, unless the merged tokens say otherwise") {
    CHECK(recognised({"<|begin_of_text|>", "a"}, 1) == "llama-bpe");
    CHECK(recognised({"<|endoftext|>", "<|im_start|>", "a"}, 2) == "smollm");
    CHECK(recognised({"a", "<|endoftext|>", "<|im_start|>", "<|im_end|>"}) == "qwen2");
    CHECK(recognised({"a", "<|im_start|>"}) == "");
    CHECK(recognised(words_and({"12", "123", "456", ".Ċ", ")ĊĊ", "(x"}, {"<|endoftext|>", "<|im_start|>"}), 2) ==
          "dbrx");
}
