#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include <preflearn/programs/generating/drawn_responses.hpp>

#include "tiny_responder.hpp"

using namespace preflearn;

TEST_CASE("a response is the same in any company, and the first ones stay when more are drawn") {
    test::tiny_responder f;
    const std::vector<std::string> prompts{"ab", "cd", "abc", "ab"}; // the last one stands there twice
    const auto asked = f.asked(prompts);
    const drawn_block many = draw_responses(f.with, asked, 5);
    std::unordered_set<std::string> different;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        const drawn_block alone = draw_responses(f.with, std::span(asked).subspan(i, 1), 3);
        REQUIRE(many.of[i].size() == 5);
        for (std::size_t k = 0; k < 3; ++k) {
            CHECK(alone.of[0][k].text == many.of[i][k].text);
            CHECK(alone.of[0][k].tokens == many.of[i][k].tokens);
        }
        for (const drawn_response& response : many.of[i]) {
            different.insert(response.text);
            CHECK(response.tokens <= 12);
            CHECK(response.ended == (response.tokens < 12 || response.text.size() < response.tokens));
        }
    }
    CHECK(different.size() > 5);
    CHECK(test::texts_of(many.of[0]) == test::texts_of(many.of[3]));
    f.with.seed = 4;
    CHECK(test::texts_of(draw_responses(f.with, asked, 5).of[0]) != test::texts_of(many.of[0]));
}

TEST_CASE("responses are those that the model's own sampling draws from the same generators") {
    test::tiny_responder f;
    const auto asked = f.asked({"abcd"});
    const drawn_block drawn = draw_responses(f.with, asked, 4);
    for (std::size_t k = 0; k < 4; ++k) {
        generator random = f.with.random(asked[0].stream, k);
        const auto tokens = f.model.sample(f.texts.begun("abcd"), f.with.sampling, random);
        CHECK(drawn.of[0][k].tokens == tokens.size());
        CHECK(drawn.of[0][k].text == f.texts.text_behind("abcd", tokens));
    }
}

TEST_CASE("a stop string cuts what would have been drawn without it") {
    test::tiny_responder f;
    const auto asked = f.asked({"ab", "b", "c", "d"});
    const drawn_block whole = draw_responses(f.with, asked, 4);
    f.with.ends.strings = {"ca", "dd"};
    const drawn_block cut = draw_responses(f.with, asked, 4);
    std::size_t stopped = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        for (std::size_t k = 0; k < 4; ++k) {
            const std::string& all = whole.of[i][k].text;
            const std::size_t at = std::min(all.find("ca"), all.find("dd"));
            CHECK(cut.of[i][k].text == all.substr(0, at));
            if (at != std::string::npos) CHECK(cut.of[i][k].ended);
            stopped += at != std::string::npos;
        }
    }
    CHECK(stopped > 0);
}

TEST_CASE("a transcript ends where the other would speak, and near the model's end a response is short") {
    test::tiny_responder f;
    f.with.transcript_ends.strings = {"a", "b", "c", "d"};
    CHECK(&f.with.ends_of("\n\nHuman: a\n\nAssistant:") == &f.with.transcript_ends);
    CHECK(&f.with.ends_of("a\n\nAssistant:") == &f.with.ends);
    f.with.sampling.temperature = 1e9; // any token
    f.with.ends = {};
    const std::string near_end(61, 'd');
    const drawn_block drawn = draw_responses(f.with, f.asked({near_end}), 2);
    CHECK(drawn.of[0][0].tokens == 3);
    CHECK(!drawn.of[0][0].ended);
}
