#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <preflearn/policy/sampling/continued_scores.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../models.hpp"

using namespace preflearn;

namespace {

using continued_model_type = transformer<float>;

/// A window that the texts outgrow in one layer of two.
transformer_config continued_windowed() {
    transformer_config config = test::grouped();
    config.window = 5;
    config.full_attention_every = 2;
    return config;
}

/// Beams of two prompts, some of one token, which grow by chunks of every length, branch, and end.
struct growing_texts {
    std::vector<std::vector<token_id>> prompts{{1, 2, 3, 4, 5, 6, 7}, {9}, {1, 2, 3, 4, 5, 6, 7, 8}};
    std::vector<std::size_t> of{0, 0, 0, 1, 1, 2};
    std::vector<std::vector<token_id>> responses{6};
    generator random{3, "growth"};

    void grow(std::size_t vocabulary) {
        const auto parents = responses;
        for (std::size_t i = 0; i < responses.size(); ++i) {
            const std::size_t from = of[i] == 0 ? random.below(3) : i;
            responses[i] = parents[from];
            if (random.below(5) == 0) continue;                                         // has ended
            if (!responses[i].empty() && random.below(3) == 0) responses[i].pop_back(); // its tokens join otherwise
            for (std::uint64_t n = random.below(5); n > 0; --n)
                responses[i].push_back(static_cast<token_id>(random.below(vocabulary)));
        }
    }
    [[nodiscard]] std::vector<token_completion> all() const {
        std::vector<token_completion> views;
        for (std::size_t i = 0; i < of.size(); ++i) views.push_back({prompts[of[i]], responses[i]});
        return views;
    }
};

} // namespace

TEST_CASE("what goes on from the call before has the bits of what is scored anew, with fewer tokens run") {
    for (const transformer_config& config :
         {test::grouped(), test::multi_query(), continued_windowed(), test::stretched()}) {
        const continued_model_type m(config, generator(2, "weights"));
        continued_scores<continued_model_type> scores(m);
        growing_texts texts;
        std::size_t anew = 0;
        for (std::size_t step = 0; step < 12; ++step) {
            texts.grow(config.vocabulary_size);
            const std::vector<token_completion> all = texts.all();
            CHECK(scores.log_probs(all) == m.log_probs(all));
            for (const token_completion& one : all) anew += one.prompt.size() + one.response.size();
        }
        CAPTURE(scores.computed());
        CAPTURE(anew);
        if (config.rope_scaling.type == rope_scaling::rule::dynamic)
            CHECK(scores.computed() == anew);
        else
            CHECK(scores.computed() * 3 < anew);
    }
}

TEST_CASE("each token is run once and the last of what was there again; equal ones once; others from their start") {
    const continued_model_type m(test::grouped(), generator(2, "weights"));
    continued_scores<continued_model_type> scores(m);
    const std::vector<token_id> prompt{1, 2, 3, 4}, one{5, 6, 7}, longer{5, 6, 7, 8, 9}, other{4, 4};
    const auto run = [&](const std::vector<token_completion>& all) {
        const std::size_t before = scores.computed();
        CHECK(scores.log_probs(all) == m.log_probs(all));
        return scores.computed() - before;
    };
    CHECK(run({{prompt, one}, {prompt, one}}) == 3 + 3);     // three of the prompt; its last, 5 and 6
    CHECK(run({{prompt, longer}, {prompt, longer}}) == 2);   // 7 for what comes next, and 8
    CHECK(run({{prompt, one}, {prompt, other}}) == 0 + 2);   // a beginning; another one behind the prompt
    CHECK(run({{other, one}, {prompt, {}}}) == (1 + 3) + 0); // another prompt; nothing to say
    CHECK(run({{prompt, one}}) == 3);                        // the prompt was there
    CHECK(run({}) == 0);
    CHECK_THROWS_AS((void)scores.log_probs(std::vector<token_completion>{{{}, one}}), argument_error);
    const std::vector<token_id> outside{1, 19};
    CHECK_THROWS_AS((void)scores.log_probs(std::vector<token_completion>{{prompt, outside}}), argument_error);
    CHECK(run({{prompt, longer}}) == 3 + 5); // nothing is kept of a call without completions
}
