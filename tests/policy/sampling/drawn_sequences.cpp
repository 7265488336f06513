#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/policy/sampling/drawn_sequences.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../models.hpp"

using namespace preflearn;

namespace {

struct drawn_tiny {
    transformer<double> model{test::grouped(), generator(5, "weights")};
    std::vector<token_id> prompt{1, 2};
    std::vector<token_span> prompts;
    std::vector<generator> randoms;
    std::vector<std::size_t> limits;
    cached_decoder<transformer<double>> decoder;

    explicit drawn_tiny(std::size_t count) : prompts(count, prompt), limits(count, 9), decoder(model, prompts, 9) {
        for (std::size_t i = 0; i < count; ++i) randoms.emplace_back(3, "draw", i);
    }
    drawn_sequences<cached_decoder<transformer<double>>> sequences() { return {decoder, {}, randoms, limits}; }
};

bool never_ends(std::size_t, token_span) { return false; }

} // namespace

TEST_CASE("sequences that grow some steps at a time are those that grow at once") {
    drawn_tiny at_once(4), in_steps(4);
    at_once.limits[2] = in_steps.limits[2] = 5;
    auto one = at_once.sequences(), other = in_steps.sequences();
    one.grow(100, never_ends);
    for (const std::size_t steps : {2U, 1U, 4U, 9U}) other.grow(steps, never_ends);
    CHECK(one.going().empty());
    CHECK(one.take() == other.take());
}

TEST_CASE("a branch goes on with its own generator from where its source was") {
    drawn_tiny drawn(3), same(1);
    auto sequences = drawn.sequences();
    sequences.grow(4, never_ends);
    const std::vector<token_id> source = sequences.responses()[1];
    sequences.branch(std::vector<std::size_t>{2, 0}, std::vector<std::size_t>{1, 1});
    CHECK(sequences.going().size() == 2);
    CHECK(sequences.responses()[0] == source);
    sequences.grow(3, never_ends);
    CHECK(sequences.responses()[2].size() == 7);
    CHECK(std::equal(source.begin(), source.end(), sequences.responses()[2].begin()));
    // the same by the full forward: three more tokens behind the source, from the third generator's fifth number on
    generator random(3, "draw", 2);
    for (int i = 0; i < 4; ++i) (void)random.uniform();
    std::vector<token_id> behind = drawn.prompt;
    behind.insert(behind.end(), source.begin(), source.end());
    const auto rest = drawn.model.sample(behind, {.max_tokens = 3}, random);
    CHECK(std::equal(rest.begin(), rest.end(), sequences.responses()[2].begin() + 4));
    CHECK_THROWS_AS(sequences.branch(std::vector<std::size_t>{0}, std::vector<std::size_t>{1}), argument_error);
}

TEST_CASE("whoever calls says what ends a sequence; a limit of none draws nothing") {
    drawn_tiny drawn(3);
    drawn.limits[1] = 0;
    auto sequences = drawn.sequences();
    sequences.grow(9, [](std::size_t i, token_span response) { return i == 2 && response.size() == 2; });
    CHECK(sequences.responses()[0].size() == 9);
    CHECK(sequences.responses()[1].empty());
    CHECK(sequences.responses()[2].size() == 2);
}
