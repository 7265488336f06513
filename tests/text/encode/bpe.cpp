#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include <preflearn/text/encode/bpe.hpp>

using namespace preflearn;
using id_list = std::vector<token_id>;

namespace {
template <class Model> id_list encode(const Model& model, const vocabulary& words, std::string_view piece) {
    id_list found;
    merger space;
    model.encode(words, piece, found, space);
    return found;
}
} // namespace

TEST_CASE("merges apply in order of rank, and of a repeated pair the last rank counts") {
    const vocabulary words({"a", "b", "c", "ab", "bc", "abc"});
    const rank_bpe left_first(std::vector<rank_bpe::merge>{{0, 1, 3}, {1, 2, 4}}, {}, false);
    CHECK(encode(left_first, words, "abc") == id_list{3, 2});
    const rank_bpe repeated(std::vector<rank_bpe::merge>{{0, 1, 3}, {1, 2, 4}, {0, 1, 3}}, {}, false);
    CHECK(encode(repeated, words, "abc") == id_list{0, 4});
    const rank_bpe whole(std::vector<rank_bpe::merge>{{0, 1, 3}}, {}, true);
    CHECK(encode(whole, words, "abc") == id_list{5});
    CHECK(encode(whole, words, "abcc") == id_list{3, 2, 2});
    CHECK(encode(rank_bpe{}, words, "ab") == id_list{0, 1});
}

TEST_CASE("what no token spells becomes bytes, one or many unknown tokens, or nothing") {
    std::vector<std::string> texts{"a", "<unk>"};
    for (unsigned byte = 0; byte < 256; ++byte) texts.push_back(byte_token_text(byte));
    const vocabulary words({texts.begin(), texts.end()});
    const std::vector<rank_bpe::merge> none;
    CHECK(encode(rank_bpe(none, {.bytes = byte_tokens_of(words)}, false), words, "aé\n") ==
          id_list{0, 2 + 0xC3, 2 + 0xA9, 2 + 0x0A});
    CHECK(encode(rank_bpe(none, {.unknown = 1}, false), words, "éèaê") == id_list{1, 1, 0, 1});
    CHECK(encode(rank_bpe(none, {.unknown = 1, .fuses = true}, false), words, "éèaê") == id_list{1, 0, 1});
    CHECK(encode(rank_bpe(none, {}, false), words, "éa") == id_list{0});
}

TEST_CASE("scores decide which text merges first; equal scores go from left to right") {
    const vocabulary words({"a", "b", "c", "ab", "bc", "<s>"});
    const auto model = [](float ab, float bc) {
        return score_bpe(std::vector<float>{-9, -9, -9, ab, bc, 100}, {true, true, true, true, true, false}, {});
    };
    CHECK(encode(model(-1, -2), words, "abc") == id_list{3, 2});
    CHECK(encode(model(-2, -1), words, "abc") == id_list{0, 4});
    CHECK(encode(model(-1, -1), words, "abc") == id_list{3, 2});
    CHECK_THROWS_AS(model(std::numeric_limits<float>::quiet_NaN(), 0), argument_error);
}

TEST_CASE("text never becomes a token that is not mergeable") {
    const vocabulary words({"a", "b", "ab"});
    CHECK(encode(score_bpe(std::vector<float>{0, 0, 0}, {true, true, false}, {}), words, "ab") == id_list{0, 1});
}
