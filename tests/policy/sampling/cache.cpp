#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

/// log π of `next` by the cache's logits.
double log_prob_of(const cached_decoder<decoder_model>& decoder, std::size_t row, token_id next) {
    const std::span<const double> logits(decoder.logits().row(row), decoder.logits().columns);
    return logits[static_cast<std::size_t>(next)] - log_sum_exp(logits);
}

} // namespace

TEST_CASE("log-probabilities by the cache, step by step, are those of the full forward") {
    for (const transformer_config& config : {test::grouped(), test::multi_query()}) {
        const decoder_model m(config, generator(1, "weights"));
        const std::vector<std::vector<token_id>> prompts = {{1, 2, 3}, {1, 2, 3}, {7}, {5, 5, 5, 5, 5, 5}};
        const std::vector<std::vector<token_id>> responses = {{4, 9, 9, 0}, {8, 1, 2, 3}, {3, 2, 1, 0}, {10, 11, 1, 2}};
        const std::vector<token_span> views(prompts.begin(), prompts.end());
        cached_decoder<decoder_model> decoder(m, views, 4);
        std::vector<double> sums(4);
        for (std::size_t step = 0; step < 4; ++step) {
            std::vector<token_id> next;
            for (std::size_t i = 0; i < 4; ++i) {
                sums[i] += log_prob_of(decoder, i, responses[i][step]);
                next.push_back(responses[i][step]);
            }
            decoder.advance(next);
        }
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(sums[i] == doctest::Approx(m.log_prob(prompts[i], responses[i])).epsilon(1e-12));
        CHECK(!decoder.has_room(0));
        CHECK_THROWS_WITH_AS(decoder.advance(std::vector<token_id>{1, 1, 1, 1}),
                             doctest::Contains("sequence 0 is full"), argument_error);
    }
}

TEST_CASE("sequences that stop leave the others as they were") {
    const decoder_model m(test::grouped(), generator(2, "weights"));
    const std::vector<std::vector<token_id>> prompts = {{1}, {2, 3}, {4, 5, 6}};
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    cached_decoder<decoder_model> decoder(m, views, 10);
    decoder.advance(std::vector<token_id>{7, 8, 9});
    decoder.keep(std::vector<std::size_t>{0, 2});
    decoder.advance(std::vector<token_id>{10, 11});
    CHECK(decoder.live()[1] == 2);
    CHECK(log_prob_of(decoder, 1, 3) ==
          doctest::Approx(m.log_prob(std::vector<token_id>{4, 5, 6, 9, 11}, std::vector<token_id>{3})));
    CHECK_THROWS_AS(decoder.advance(std::vector<token_id>{1}), argument_error);
    CHECK_THROWS_AS(decoder.advance(std::vector<token_id>{1, 19}), argument_error);
}

TEST_CASE("sequences branch: each goes on as what it is a copy of, whatever its place") {
    const decoder_model m(test::grouped(), generator(2, "weights"));
    const std::vector<std::vector<token_id>> prompts = {{1, 2}, {1, 2}, {1, 2}, {4, 5, 6}};
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    cached_decoder<decoder_model> decoder(m, views, 10);
    decoder.advance(std::vector<token_id>{7, 8, 9, 3});
    decoder.branch(std::vector<std::size_t>{2, 0, 2, 3}); // the second goes, the third twice, the first moves
    decoder.advance(std::vector<token_id>{10, 11, 12, 1});
    const std::vector<std::vector<token_id>> grown = {{1, 2, 9, 10}, {1, 2, 7, 11}, {1, 2, 9, 12}, {4, 5, 6, 3, 1}};
    for (std::size_t i = 0; i < grown.size(); ++i)
        CHECK(log_prob_of(decoder, i, 3) == doctest::Approx(m.log_prob(grown[i], std::vector<token_id>{3})));
    decoder.branch(std::vector<std::size_t>{1, 1, 1}); // into the places of those that ended
    decoder.advance(std::vector<token_id>{4, 5, 6});
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(log_prob_of(decoder, i, 3) ==
              doctest::Approx(m.log_prob(std::vector<token_id>{1, 2, 7, 11, static_cast<token_id>(4 + i)},
                                         std::vector<token_id>{3})));
    CHECK_THROWS_WITH_AS(decoder.branch(std::vector<std::size_t>{0, 0, 0, 0}), doctest::Contains("no place"),
                         argument_error);
    CHECK_THROWS_AS(decoder.branch(std::vector<std::size_t>{3}), argument_error);
}
