#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/text/encode/added_tokens.hpp>

using namespace preflearn;

namespace {
/// Parts in order; tokens are shown as #id.
std::vector<std::string> parts(const added_token_search& search, std::string_view text, bool finds_special = true) {
    std::vector<std::string> found;
    search.split(
        text, finds_special, [&](std::string_view part) { found.emplace_back(part); },
        [&](const added_token& token) { found.push_back(message("#", token.id)); });
    return found;
}
using list = std::vector<std::string>;
} // namespace

TEST_CASE("the leftmost and longest token is found") {
    const added_token_search search(
        {{.id = 1, .text = "<a>"}, {.id = 2, .text = "<a><b>"}, {.id = 3, .text = "b><"}, {.id = 4, .text = ""}});
    CHECK(parts(search, "x<a><b><a>y") == list{"x", "#2", "#1", "y"});
    CHECK(parts(search, "<b><a") == list{"<", "#3", "a"});
    CHECK(parts(search, "<a") == list{"<a"});
    CHECK(parts(search, "").empty());
    CHECK(parts(added_token_search(), "abc") == list{"abc"});
}

TEST_CASE("special tokens are plain text when they are not to be found, others are found always") {
    const added_token_search search({{.id = 1, .text = "<s>"}, {.id = 2, .text = "word", .special = false}});
    CHECK(parts(search, "<s>word", false) == list{"<s>", "#2"});
}

TEST_CASE("tokens that strip take the white space beside them, once") {
    const added_token_search search(
        {{.id = 1, .text = "<s>", .strips_left = true, .strips_right = true}, {.id = 2, .text = "<t>"}});
    CHECK(parts(search, "a \n\u3000<s>\u00a0 b") == list{"a", "#1", "b"});
    CHECK(parts(search, "<s> <s>") == list{"#1", "#1"});
    CHECK(parts(search, "a <t> b") == list{"a ", "#2", " b"});
    CHECK(parts(search, "  <s>  ") == list{"#1"});
}

TEST_CASE("a single word is found only where no word character touches it") {
    const added_token_search search({{.id = 1, .text = "cat", .single_word = true}});
    CHECK(parts(search, "cat, cat!") == list{"#1", ", ", "#1", "!"});
    CHECK(parts(search, "cats écat cat_") == list{"cats écat cat_"});
}
