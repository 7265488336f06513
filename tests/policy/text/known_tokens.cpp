#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/policy/text/known_tokens.hpp>

using namespace preflearn;

TEST_CASE("a text is known by itself and by where it stands, and the first ids stay") {
    known_tokens known;
    const std::vector<token_id> one{1, 2}, other{3};
    CHECK_FALSE(known.find("a", text_position::start).has_value());
    known.add("a", text_position::start, one);
    known.add("a", text_position::continuation, other);
    known.add("a", text_position::start, other);
    known.add("", text_position::start, {});
    CHECK(known.find("a", text_position::start) == one);
    CHECK(known.find("a", text_position::continuation) == other);
    CHECK_FALSE(known.find("a", text_position::after_added).has_value());
    CHECK(known.find("", text_position::start)->empty());
    CHECK(known.size() == 3);
    CHECK(known.all()[1].ids == other);
}

TEST_CASE("several threads may ask and add") {
    known_tokens known;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) {
                const std::vector<token_id> ids{i};
                known.add(std::to_string(i), text_position::start, ids);
                if (known.find(std::to_string(i), text_position::start) != ids) known.add("wrong", {}, {});
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(known.size() == 200);
}
