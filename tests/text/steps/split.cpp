#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/steps/patterns.hpp>
#include <preflearn/text/steps/split.hpp>

#include "../scanners.hpp"

using namespace preflearn;
using cut_pieces = std::vector<std::string_view>;

namespace {
template <class Split> cut_pieces split(const Split& by, std::string_view text) {
    cut_pieces found;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = by.end(text, at);
        REQUIRE(end > at);
        REQUIRE(end <= text.size());
        found.push_back(text.substr(at, end - at));
        at = end;
    }
    return found;
}
} // namespace

TEST_CASE("GPT-2's pattern: contractions in lower case, one space joins the next word, the last of many spaces too") {
    const test::gpt2_split by;
    CHECK(split(by, "It's  we'LL  do") == cut_pieces{"It", "'s", " ", " we", "'", "LL", " ", " do"});
    CHECK(split(by, " 's don't") == cut_pieces{" '", "s", " don", "'t"});
    CHECK(split(by, "a 12b,. 3") == cut_pieces{"a", " 12", "b", ",.", " 3"});
    CHECK(split(by, "\n\nx") == cut_pieces{"\n", "\n", "x"});
    CHECK(split(by, "x \n ") == cut_pieces{"x", " \n "});
    CHECK(split(by, "x \n y") == cut_pieces{"x", " \n", " y"});
    CHECK(split(by, "a\u00a0\u00a0b") == cut_pieces{"a", "\u00a0", "\u00a0", "b"});
    CHECK(split(by, "'") == cut_pieces{"'"});
    CHECK(split(by, "'r've") == cut_pieces{"'", "r", "'ve"});
}

TEST_CASE("Llama 3's pattern: contractions of any case, three digits, line ends stay with what precedes them") {
    const test::llama3_split by;
    CHECK(split(by, "It'S we'LL'ſ") == cut_pieces{"It", "'S", " we", "'LL", "'ſ"});
    CHECK(split(by, "1234567 12") == cut_pieces{"123", "456", "7", " ", "12"});
    CHECK(split(by, "_a-b(c\td") == cut_pieces{"_a", "-b", "(c", "\td"});
    CHECK(split(by, "end.\r\n\n x") == cut_pieces{"end", ".\r\n\n", " x"});
    CHECK(split(by, "a  \n \n  b") == cut_pieces{"a", "  \n \n", " ", " b"});
    CHECK(split(by, "a   b") == cut_pieces{"a", "  ", " b"});
    CHECK(split(by, "a   1") == cut_pieces{"a", "  ", " ", "1"});
    CHECK(split(by, "\na") == cut_pieces{"\n", "a"});
    CHECK(split(test::llama3_split{1}, "12½") == cut_pieces{"1", "2", "½"});
}

TEST_CASE("numbers of any script stand alone, singly or in runs") {
    CHECK(split(number_split{1}, "ab12 ٣c") == cut_pieces{"ab", "1", "2", " ", "٣", "c"});
    CHECK(split(number_split{3}, "1234x") == cut_pieces{"123", "4", "x"});
    CHECK(split(number_split{100}, "x1234") == cut_pieces{"x", "1234"});
}

TEST_CASE("a literal stands alone or joins one neighbour") {
    using enum literal_split::joins;
    CHECK(split(literal_split{" ", nothing}, " a  b ") == cut_pieces{" ", "a", " ", " ", "b", " "});
    CHECK(split(literal_split{" ", previous}, " a  b ") == cut_pieces{" ", "a ", " ", "b "});
    CHECK(split(literal_split{" ", next}, " a  b ") == cut_pieces{" a", " ", " b", " "});
}

TEST_CASE("cut_pieces of any bytes put together are the text") {
    generator random(1, "split");
    for (int trial = 0; trial < 500; ++trial) {
        std::string text;
        for (std::uint64_t i = random.below(40); i > 0; --i) {
            text.push_back(random.bernoulli(0.5) ? static_cast<char>(random.below(256)) : " \n'sR1"[random.below(6)]);
        }
        for (const cut_pieces& found :
             {split(test::gpt2_split{}, text), split(test::llama3_split{}, text), split(number_split{}, text)}) {
            std::string joined;
            for (const auto piece : found) joined += piece;
            CHECK(joined == text);
        }
    }
}
