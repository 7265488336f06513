#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include <preflearn/text/encode/unigram.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {
std::vector<token_id> spelled(const std::vector<double>& scores, std::string_view piece, unspelled rest = {}) {
    const vocabulary words({"a", "b", "ab", "abb", "<unk>"});
    std::vector<token_id> ids;
    merger space;
    unigram(words, scores, std::vector<bool>(scores.size(), true), rest).encode(words, piece, ids, space);
    return ids;
}
} // namespace

TEST_CASE("the spelling whose scores sum highest is taken") {
    using ids = std::vector<token_id>;
    CHECK(spelled({-1, -1, -3, -9, -5}, "abb") == ids{0, 1, 1});
    CHECK(spelled({-2, -2, -3, -9, -5}, "abb") == ids{2, 1});
    CHECK(spelled({-2, -2, -3, -4, -5}, "abb") == ids{3});
    CHECK(spelled({-1, -1, -3, -9, -5}, "").empty());
}

TEST_CASE("what no token spells is one unknown token a run, and dropped where there is none") {
    using ids = std::vector<token_id>;
    const std::vector<double> scores{-1, -1, -3, -9, -5};
    CHECK(spelled(scores, "aéèb\xff", {.unknown = 4, .fuses = true}) == ids{0, 4, 1, 4});
    CHECK(spelled(scores, "aéb") == ids{0, 1});
    CHECK(test::contains(test::error_of([] {
                             (void)spelled({-1, std::numeric_limits<double>::infinity()}, "a");
                         }),
                         "the score of token 1 is not finite"));
}
