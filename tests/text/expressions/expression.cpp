#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/expressions/expression.hpp>
#include <preflearn/text/steps/patterns.hpp>
#include <preflearn/text/steps/split.hpp>

#include "../../files.hpp"
#include "../scanners.hpp"

using namespace preflearn;
using cut_texts = std::vector<std::string>;

namespace {

expression_split split_by(std::string_view pattern) { return {expression(std::string(pattern))}; }
cut_texts cut_by(const expression_split& split, std::string_view text) {
    cut_texts found;
    for (const auto& part : split.pieces(text)) found.emplace_back(text.substr(part.begin, part.end - part.begin));
    return found;
}
template <class Scanner> cut_texts scan_by(const Scanner& by, std::string_view text) {
    cut_texts found;
    for (std::size_t at = 0, end = 0; at < text.size(); at = end)
        found.emplace_back(text.substr(at, (end = by.end(text, at)) - at));
    return found;
}

/// Bytes, characters of every class and what the patterns look for, in any order.
std::string mixed_text(generator& random) {
    static const std::vector<std::string> some{
        " ", "\n", "\r", "\t",      "'", "s", "S", "l",      "L",      "re",     "1",      "9",    "½",
        "²", "漢", "é",  "e\u0301", "É", "!", "_", "\u3000", "\u00a0", "\u2028", "\u017F", "🙂", "\u200d"};
    std::string text;
    for (std::uint64_t i = random.below(40); i > 0; --i) {
        if (random.bernoulli(0.1))
            text.push_back(static_cast<char>(random.below(256)));
        else
            text += some[random.below(some.size())];
    }
    return text;
}

} // namespace

TEST_CASE("the automaton cuts as scanners written by hand for GPT-2's and Llama 3's patterns") {
    generator random(3, "cut");
    const expression_split gpt2 = split_by(patterns::gpt2), llama3 = split_by(patterns::llama3),
                           qwen2 = split_by(patterns::qwen2);
    for (int trial = 0; trial < 600; ++trial) {
        const std::string text = mixed_text(random);
        CAPTURE(text);
        REQUIRE(cut_by(gpt2, text) == scan_by(test::gpt2_split{}, text));
        REQUIRE(cut_by(llama3, text) == scan_by(test::llama3_split{3}, text));
        REQUIRE(cut_by(qwen2, text) == scan_by(test::llama3_split{1}, text));
    }
}

TEST_CASE("a match is the one that backtracking finds: choices in order, repeats greedy, lazy or possessive") {
    const auto end = [](const char* pattern, std::string_view text) {
        return expression(pattern).match(text, 0).value_or(99);
    };
    CHECK(end("a|ab", "ab") == 1);
    CHECK(end("ab|a", "ab") == 2);
    CHECK(end("(?:a|ab)(?:c|bcd)", "abcd") == 4);
    CHECK(end("a*ab", "aaab") == 4);
    CHECK(end("a++ab", "aaab") == 99);
    CHECK(end("a?+ab", "ab") == 99);
    CHECK(end("a*+b", "aab") == 3);
    CHECK(end("a+?", "aaa") == 1);
    CHECK(end("a+?b", "aab") == 3);
    CHECK(end("a{2,3}", "aaaa") == 3);
    CHECK(end("a{2,}", "a") == 99);
    CHECK(end("(ab){2}", "ababab") == 4);
    CHECK(end("(a*)*b", "aab") == 3);
    CHECK(end("a(?!b)", "ac") == 1);
    CHECK(end("a(?!b)", "ab") == 99);
    CHECK(end("a(?!b)", "a") == 1);
    CHECK(end("a(?=b)", "a") == 99);
    CHECK(end("a(?=[b\\d])", "a7") == 1);
    CHECK(end("a$", "a\n") == 1);
    CHECK(end("a\\z", "a\n") == 99);
    CHECK(end("", "a") == 0);
}

TEST_CASE("sets hold what Unicode and Oniguruma say") {
    const auto holds = [](const char* pattern, std::string_view text) {
        return expression(pattern).match(text, 0) == text.size();
    };
    CHECK(holds("[^(\\s|[.,]]", "x"));
    CHECK(!holds("[^(\\s|[.,]]", ","));
    CHECK(!holds("[^(\\s|[.,]]", "("));
    CHECK(holds("[\\p{L}&&[^\\p{Han}]]", "é"));
    CHECK(!holds("[\\p{L}&&[^\\p{Han}]]", "漢"));
    CHECK(holds("(?i:[sk]){4}", "sS\u017F\u212A"));
    CHECK(!holds("[sk]", "S"));
    CHECK(holds("[]a-]+", "]a-"));
    CHECK(holds("\\x41\\x{1F642}\\u00e9\\.\\-", "A🙂é.-"));
    CHECK(holds("\\p{Lu}\\p{^L}\\P{N}[\\p{M}]", "É1a\u0301"));
    CHECK(holds(".", "\r"));
    CHECK(!holds(".", "\n"));
    CHECK(holds("\\w+", "aé_9\u0301"));
    CHECK(!holds("\\w", "½"));
    CHECK(holds("[^a]", "\xff")); // a byte that is not UTF-8 is in no class but those of "all but"
    CHECK(!holds("[\\s\\p{L}\\p{N}\\x{ff}]", "\xff"));
}

TEST_CASE("an expression that is not understood is refused with the byte, never read as something else") {
    const auto error = [](const char* pattern) { return test::error_of([&] { (void)expression(pattern); }); };
    for (const char* const pattern :
         {"(a",         "a)",    "[a",     "a{2,1}",  "a{x}",        "*a",          "a**",    "(?<=a)b",
          "(?<n>a)",    "(?i)a", "\\bx",   "^a",      "\\1",         "[[:alpha:]]", "(?=ab)", "(?!a*)",
          "\\p{Greek}", "\\pL",  "(ab)++", "a{1,3}+", "\\x{110000}", "a\\",         "[b-a]",  "\\k"}) {
        CAPTURE(pattern);
        CHECK(test::contains(error(pattern), "at byte"));
    }
    CHECK(test::contains(error("a{99999}"), "too large"));
}

TEST_CASE("a long run that may begin a match and cannot end it costs its length, not its square") {
    const expression spaces("\\s+$");
    const std::string text = std::string(300000, ' ') + "x" + std::string(5, ' ');
    const auto found = spaces.find(text, 0);
    REQUIRE(found);
    CHECK(found->begin == 300001);
    CHECK(found->end == text.size());
}
