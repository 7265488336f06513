#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/encode/vocabulary.hpp>

using namespace preflearn;

TEST_CASE("every text is found by its id and every id by its text, also in a copy") {
    std::vector<std::string> texts;
    for (int i = 0; i < 5000; ++i) texts.push_back("token" + std::to_string(i * 7919 % 5000));
    vocabulary copy;
    CHECK(!copy.find("x"));
    {
        const vocabulary words({texts.begin(), texts.end()});
        copy = words;
    }
    CHECK(copy.size() == texts.size());
    for (std::size_t id = 0; id < texts.size(); ++id) {
        REQUIRE(copy.text(static_cast<token_id>(id)) == texts[id]);
        REQUIRE(copy.find(texts[id]) == static_cast<token_id>(id));
    }
    CHECK(!copy.find("token5000"));
    CHECK(!copy.find(""));
}

TEST_CASE("the lowest id of a repeated text is found; ids without text are not; foreign ids are refused") {
    const vocabulary words({"a", "", "b", "a"});
    CHECK(words.find("a") == 0);
    CHECK(words.text(1).empty());
    CHECK(words.text(3) == "a");
    CHECK_THROWS_AS((void)words.text(4), argument_error);
    CHECK_THROWS_AS((void)words.text(-1), argument_error);
}
