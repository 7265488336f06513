#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/policy/decoder/packed_batch.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("neighbours with equal prompts share its rows, and only rows that predict are scored") {
    const auto c = test::mixed();
    const packed_batch batch(c.views(), validated(test::grouped()), row_purpose::log_probs);
    // prompt 4 + (3 - 1) + 0, prompt 1 + 1, nothing for the lone empty response, 3 + 4 + 2, and 4 + 1 once more
    CHECK(batch.rows() == 6 + 2 + 9 + 5);
    CHECK(batch.completions() == 8);
    CHECK(batch.targets.size() == 3 + 1 + 0 + 2 + 0 + 5 + 3 + 2);
    CHECK(batch.wanted.size() == 3 + 2 + 7 + 2);
    CHECK(batch.sources[0] == batch.sources[3]); // first tokens of two responses to one prompt
    CHECK(batch.groups.size() == 5);
    for (const row_segment& s : batch.segments)
        for (std::size_t i = 0; i < s.length; ++i) CHECK(batch.positions[s.row + i] == s.prefix_length + i);
    for (std::size_t p = 0; p < batch.targets.size(); ++p) CHECK(batch.sources[p] < batch.wanted.size());
}

TEST_CASE("for hidden states every completion's last token has a row") {
    const auto c = test::mixed();
    const packed_batch batch(c.views(), validated(test::grouped()), row_purpose::last_hidden);
    CHECK(batch.wanted.size() == 8);
    CHECK(batch.rows() == 4 + 3 + 1 + 1 + 2 + 2 + 3 + 5 + 3 + 4 + 2);
    CHECK(batch.tokens[batch.wanted[0]] == 7);
    CHECK(batch.tokens[batch.wanted[2]] == 9); // an empty response: the prompt's last token
    CHECK(batch.tokens[batch.wanted[4]] == 6);
}

TEST_CASE("neighbours share a prompt only where its positions turn by the same angles") {
    test::completions c;
    c.add({1, 5, 2, 9}, {3});
    c.add({1, 5, 2, 9}, {8, 2}); // six tokens, as short as need be
    c.add({1, 5, 2, 9}, {8, 2, 3});
    c.add({1, 5, 2, 9}, {4, 4, 4});
    c.add({1, 5, 2, 9}, {8, 2, 3, 1});
    const packed_batch batch(c.views(), validated(test::stretched()), row_purpose::log_probs);
    CHECK(batch.groups.size() == 1 + 3);
    CHECK(batch.rows() == (4 + 0 + 1) + (4 + 2 + 2) + (4 + 3));
    CHECK(batch.rotary_lengths[0] == 0);
    CHECK(batch.rotary_lengths[4] == 0);
    for (std::size_t row = 5; row < batch.rows(); ++row) CHECK(batch.rotary_lengths[row] == (row < 13 ? 7 : 8));
    const packed_batch plain(c.views(), validated(test::grouped()), row_purpose::log_probs);
    CHECK(plain.groups.size() == 1 + 1);
    CHECK(plain.rotary_lengths == std::vector<std::uint32_t>(plain.rows(), 0));
}

TEST_CASE("bad completions are errors that name the completion, the token and the limit") {
    const transformer_config config = validated(test::grouped());
    const auto refuses = [&](std::vector<token_id> prompt, std::vector<token_id> response, const char* text) {
        test::completions c;
        c.add({1}, {2});
        c.add(std::move(prompt), std::move(response));
        CHECK_THROWS_WITH_AS(packed_batch(c.views(), config, row_purpose::log_probs), doctest::Contains(text),
                             argument_error);
    };
    refuses({}, {1}, "completion 1: the prompt is empty");
    refuses({1, 19}, {1}, "completion 1: prompt token 1 has id 19, expected 0 to 18");
    refuses({1}, {2, 3, -1}, "completion 1: response token 2 has id -1, expected 0 to 18");
    refuses(test::random_tokens(60, 19, 1), test::random_tokens(5, 19, 2),
            "completion 1: 60 prompt tokens and 5 response tokens are more than the model's maximum length 64");
}
