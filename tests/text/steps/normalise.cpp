#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/steps/normalise.hpp>

using namespace preflearn;

namespace {
std::string normal(std::string text, std::vector<normalise_step> steps) {
    normalise(text, steps);
    return text;
}
} // namespace

TEST_CASE("normalisation steps do what their names say, in order") {
    CHECK(normal("a b", {prepend_step{"▁"}, replace_step{" ", "▁"}}) == "▁a▁b");
    CHECK(normal("", {prepend_step{"▁"}}) == "");
    CHECK(normal("aaa", {replace_step{"aa", "b"}}) == "ba");
    CHECK(normal("e\u0301", {unicode_form_step{.composed = true}}) == "é");
    CHECK(normal("é", {unicode_form_step{.composed = false}}) == "e\u0301");
    CHECK(normal("ﬁ²é", {unicode_form_step{.composed = true, .compatibility = true}}) == "fi2é");
    CHECK(normal("ÀΣß漢İ", {lowercase_step{}}) == "àσß漢i\u0307");
}

TEST_CASE("matches of an expression are replaced, and white space at the ends is stripped") {
    CHECK(normal("a   b  c d", {replace_matches_step{expression(" {2,}"), "_"}}) == "a_b_c d");
    CHECK(normal("", {replace_matches_step{expression(" +"), "_"}}) == "");
    CHECK(normal("\u3000\n a b\u00a0 ", {strip_step{}}) == "a b");
    CHECK(normal(" a ", {strip_step{.left = false}}) == " a");
    CHECK(normal(" a ", {strip_step{.right = false}}) == "a ");
    CHECK(normal(" \n ", {strip_step{}}) == "");
}

TEST_CASE("bytes that are not UTF-8 and zero bytes pass through every step") {
    const std::string text("\xff"
                           "e\u0301\0\xc3"
                           "E\xed\xa0\x80",
                           10);
    CHECK(normal(text, {unicode_form_step{}}) == std::string("\xff"
                                                             "é\0\xc3"
                                                             "E\xed\xa0\x80",
                                                             9));
    CHECK(normal("\xff"
                 "E\xc3",
                 {lowercase_step{}}) == "\xff"
                                        "e\xc3");
}
