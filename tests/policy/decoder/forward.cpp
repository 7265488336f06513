#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../parts.hpp"
#include "../families.hpp"
#include "../models.hpp"
#include "../naive_decoder.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

const auto every_family = {validated(test::grouped()), validated(test::multi_query()), test::learned_positions(),
                           test::normed_heads(), test::parallel_blocks()};

/// Vectors, too, are other than they are at first.
decoder_model shaken(const transformer_config& config) {
    decoder_model m(config, generator(1, "weights"));
    const std::vector<double> noise = test::normals(m.parameters().size(), 7, 0.3);
    for (std::size_t i = 0; i < noise.size(); ++i) m.parameters()[i] += noise[i];
    return m;
}

} // namespace

TEST_CASE("log-probabilities are those of the formulas, for every family, alone and with shared prompts") {
    for (const transformer_config& config : every_family) {
        CAPTURE(config.family.model_type);
        const decoder_model m = shaken(config);
        const test::naive_decoder naive(config, m.parameters());
        const test::completions some = test::mixed();
        const auto found = m.token_log_probs(some.views());
        for (std::size_t c = 0; c < some.prompts.size(); ++c) {
            std::vector<token_id> all = some.prompts[c];
            all.insert(all.end(), some.responses[c].begin(), some.responses[c].end());
            const auto logits = naive.logits(all);
            for (std::size_t j = 0; j < some.responses[c].size(); ++j) {
                const std::vector<double>& z = logits[some.prompts[c].size() + j - 1];
                const double expected =
                    z[static_cast<std::size_t>(some.responses[c][j])] - log_sum_exp(std::span<const double>(z));
                CHECK(found[c][j] == doctest::Approx(expected).epsilon(1e-11));
            }
        }
    }
}

TEST_CASE("decoding with a cache gives the logits of the formulas, for every family") {
    for (const transformer_config& config : every_family) {
        CAPTURE(config.family.model_type);
        const decoder_model m = shaken(config);
        const test::naive_decoder naive(config, m.parameters());
        std::vector<std::vector<token_id>> texts = {{1, 2, 3}, {1, 2, 3}, {9}, {5, 5, 4, 3, 2, 1}};
        const std::vector<token_span> prompts(texts.begin(), texts.end());
        cached_decoder<decoder_model> decoder(m, prompts, 4);
        const std::vector<std::vector<token_id>> steps = {{4, 5, 6, 7}, {8, 8, 1, 0}, {2, 3, 3, 11}, {}};
        for (const std::vector<token_id>& next : steps) {
            for (std::size_t s = 0; s < texts.size(); ++s) {
                const std::vector<double> expected = naive.logits(texts[s]).back();
                for (std::size_t v = 0; v < expected.size(); ++v)
                    REQUIRE(decoder.logits()(s, v) == doctest::Approx(expected[v]).epsilon(1e-11));
            }
            if (next.empty()) break;
            // the prompts' views point into the texts, which the decoder has read
            for (std::size_t s = 0; s < texts.size(); ++s) texts[s].push_back(next[s]);
            decoder.advance(next);
        }
    }
}

TEST_CASE("kept for a backward pass or not, the scores have the same bits") {
    for (const transformer_config& config : every_family) {
        const decoder_model m = shaken(config);
        const test::completions some = test::mixed();
        const auto scored = m.log_probs(some.views());
        const auto pass = m.forward(some.views());
        for (std::size_t c = 0; c < scored.size(); ++c) CHECK(scored[c] == pass.scores()[c]);
    }
}
