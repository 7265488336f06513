// The law of equal bits: whatever is computed of one response is the same, to the last bit, alone or in any batch, in
// any order, its prompt shared with neighbours or not, with any number of threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../threads.hpp"
#include "models.hpp"

using namespace preflearn;

namespace {

/// Widths that are no multiple of a vector, a vocabulary of two tiles.
transformer_config odd_widths() {
    transformer_config c{.vocabulary_size = 523,
                         .hidden_size = 21,
                         .intermediate_size = 35,
                         .layers = 2,
                         .heads = 4,
                         .key_value_heads = 2,
                         .head_dim = 6,
                         .rope_theta = 50,
                         .maximum_length = 300};
    c.end_tokens = {7, 11, 500};
    return c;
}

/// Six responses to three prompts; two are the same text, one is long enough for a second block of queries.
test::completions responses() {
    test::completions c;
    const auto p = [](std::size_t count, std::uint64_t stream) { return test::random_tokens(count, 523, stream); };
    c.add(p(5, 1), p(3, 2));
    c.add(p(5, 1), p(17, 3));
    c.add(p(1, 4), p(1, 5));
    c.add(p(1, 4), p(8, 6));
    c.add(p(40, 7), p(75, 8));
    c.add(p(40, 7), p(9, 9));
    c.add(p(40, 7), p(9, 9));
    return c;
}

template <class A, class B> bool same_bits(const A& a, const B& b) {
    return std::size(a) == std::size(b) && std::memcmp(std::data(a), std::data(b), std::size(a) * sizeof(a[0])) == 0;
}
template <class T> std::span<const T> row_of(matrix_view<const T> m, std::size_t r) { return {m.row(r), m.columns}; }

/// Everything that is computed of one response.
template <class T> struct numbers {
    std::vector<double> scores, tokens, divergences, squares, rewards;
    std::vector<T> hidden;
};

/// A model, a head on it and what each of the responses has alone.
template <class T> struct random_model {
    test::completions texts = responses();
    std::vector<token_completion> all = texts.views();
    transformer<T> model, reference;
    scalar_head<transformer<T>> head{model};
    std::vector<numbers<T>> alone;

    explicit random_model(const transformer_config& config = odd_widths())
        : model(config, generator(3, "weights")), reference(config, generator(4, "weights")) {
        generator random(5, "head");
        for (T& v : head.head()) v = static_cast<T>(random.normal());
        test::use_threads(1);
        for (const token_completion& c : all) alone.push_back(of({&c, 1}).front());
    }

    /// By every path that there is; checks that the paths agree.
    std::vector<numbers<T>> of(std::span<const token_completion> batch) const {
        const auto pass = model.forward(batch);
        const auto with_squares = model.forward_with_sum_squares(batch);
        const auto with_divergence = model.forward_with_divergence(batch, reference);
        const auto hidden_pass = model.forward_hidden(batch);
        const auto hidden = model.last_hidden(batch);
        const auto tokens = model.token_log_probs(batch);
        const auto rewards = head.rewards(batch);
        const auto reward_pass = head.forward(batch);
        CHECK(same_bits(pass.scores(), model.log_probs(batch)));
        CHECK(same_bits(rewards, reward_pass.scores()));
        std::vector<numbers<T>> found;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            CHECK(same_bits(pass.token_scores(i), tokens[i]));
            CHECK(same_bits(pass.token_scores(i), with_squares.token_scores(i)));
            CHECK(same_bits(pass.token_scores(i), with_divergence.token_scores(i)));
            CHECK(same_bits(row_of<T>(hidden.view(), i), row_of<T>(hidden_pass.hidden(), i)));
            const auto list = [](auto values) { return std::vector<double>(values.begin(), values.end()); };
            const auto state = row_of<T>(hidden.view(), i);
            found.push_back({{pass.scores()[i]},
                             list(tokens[i]),
                             list(with_divergence.token_divergences(i)),
                             list(with_squares.token_log_sum_squares(i)),
                             {rewards[i]},
                             {state.begin(), state.end()}});
        }
        return found;
    }

    /// Whether every response of the batch, given by its numbers, is as it is alone.
    bool holds(const std::vector<std::size_t>& chosen) const {
        std::vector<token_completion> batch;
        for (const std::size_t i : chosen) batch.push_back(all[i]);
        const auto found = of(batch);
        bool equal = true;
        for (std::size_t k = 0; k < chosen.size(); ++k) {
            const numbers<T>&a = found[k], &b = alone[chosen[k]];
            equal = equal && same_bits(a.scores, b.scores) && same_bits(a.tokens, b.tokens) &&
                    same_bits(a.divergences, b.divergences) && same_bits(a.squares, b.squares) &&
                    same_bits(a.rewards, b.rewards) && same_bits(a.hidden, b.hidden);
        }
        return equal;
    }
};

} // namespace

TEST_CASE_TEMPLATE("a response has the same log-probs, hidden states and rewards in every batch", T, float, double) {
    const random_model<T> e;
    CHECK(same_bits(e.alone[5].tokens, e.alone[6].tokens));
    generator random(6, "batches");
    for (const int threads : {1, 2}) {
        test::use_threads(threads);
        CHECK(e.holds({0, 1, 2, 3, 4, 5, 6})); // prompts shared
        CHECK(e.holds({5, 0, 4, 2, 6, 1, 3})); // not one
        for (int trial = 0; trial < 2; ++trial) {
            std::vector<std::size_t> chosen(1 + random.below(6));
            for (std::size_t& i : chosen) i = random.below(e.all.size());
            CHECK(e.holds(chosen));
        }
    }
    test::use_threads();
}

TEST_CASE("a response whose angles depend on its length, too, though its prompt has others in other texts") {
    transformer_config config = odd_widths();
    config.rope_scaling = {.type = rope_scaling::rule::dynamic, .factor = 2, .original_maximum_length = 16};
    const random_model<float> e(config), plain;
    CHECK(e.alone[0].tokens == plain.alone[0].tokens); // 8 tokens
    CHECK(e.alone[1].tokens[0] != plain.alone[1].tokens[0]);
    CHECK(e.alone[1].tokens[16] != plain.alone[1].tokens[16]);
    for (const int threads : {1, 2}) {
        test::use_threads(threads);
        CHECK(e.holds({0, 1, 2, 3, 4, 5, 6}));
        CHECK(e.holds({5, 1, 4, 2, 6, 0, 3}));
    }
    test::use_threads();
}

TEST_CASE("more responses than fit into a chunk are scored as each is alone") {
    const random_model<float> e;
    std::vector<token_completion> many;
    for (std::size_t i = 0; i < 40; ++i) many.push_back(e.all[4 + i % 3]);
    const std::vector<double> found = e.model.log_probs(many);
    for (std::size_t i = 0; i < many.size(); ++i) CHECK(found[i] == e.alone[4 + i % 3].scores[0]);
}

TEST_CASE_TEMPLATE("decoding gives a sequence the same logits in every batch, and those of its tokens read at once", T,
                   float, double) {
    const transformer<T> m(odd_widths(), generator(3, "weights"));
    const std::vector<std::vector<token_id>> prompts = {{1, 2, 3}, {9}, {1, 2, 3}, test::random_tokens(40, 523, 1)};
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    for (const int threads : {1, 2}) {
        test::use_threads(threads);
        cached_decoder<transformer<T>> together(m, views, 3);
        std::vector<cached_decoder<transformer<T>>> alone;
        for (const token_span& prompt : views) alone.emplace_back(m, std::span(&prompt, 1), 3);
        std::vector<std::vector<token_id>> read = prompts;
        const auto equal = [&](std::size_t row, std::size_t i) {
            const token_span whole = read[i];
            const cached_decoder<transformer<T>> at_once(m, std::span(&whole, 1), 1);
            const auto logits = row_of<T>(together.logits(), row);
            CHECK(same_bits(logits, row_of<T>(alone[i].logits(), 0)));
            CHECK(same_bits(logits, row_of<T>(at_once.logits(), 0)));
        };
        for (std::size_t i = 0; i < prompts.size(); ++i) equal(i, i);
        std::vector<std::size_t> going{0, 1, 2, 3};
        for (const token_id step : {4, 5}) {
            std::vector<token_id> next;
            for (const std::size_t i : going) {
                next.push_back(step + static_cast<token_id>(i));
                read[i].push_back(next.back());
                alone[i].advance(std::span(&next.back(), 1));
            }
            together.advance(next);
            for (std::size_t row = 0; row < going.size(); ++row) equal(row, going[row]);
            together.keep(std::vector<std::size_t>{1, 3}); // others end early
            going = {1, 3};
        }
    }
    test::use_threads();
}

TEST_CASE("drawn tokens do not depend on the batch or on sequences that end early") {
    const transformer<float> m(odd_widths(), generator(3, "weights"));
    std::vector<std::vector<token_id>> prompts;
    for (std::uint64_t i = 0; i < 9; ++i) prompts.push_back(test::random_tokens(1 + i % 4, 523, i));
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    const sampling_options options{.temperature = 1.5, .top_p = 0.9, .max_tokens = 6};
    const ragged<token_id> all = m.sample_many(views, options, 1);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        generator random(1, "sample", i);
        CHECK(same_bits(m.sample(prompts[i], options, random), all[i]));
    }
    test::use_threads(2);
    const ragged<token_id> first = m.sample_many(std::span(views).first(5), options, 1);
    for (std::size_t i = 0; i < 5; ++i) CHECK(same_bits(first[i], all[i]));
    test::use_threads();
}

TEST_CASE("a step's gradient has the same bits for any number of threads") {
    const random_model<float> e;
    std::vector<std::vector<float>> gradients;
    for (const int threads : {1, 2}) {
        test::use_threads(threads);
        transformer<float> m = e.model;
        auto pass = m.forward(e.all);
        std::vector<double> d(e.all.size());
        for (std::size_t i = 0; i < d.size(); ++i) d[i] = 0.1 * static_cast<double>(i) - 0.25;
        m.backward(std::move(pass), d);
        gradients.emplace_back(m.gradients().begin(), m.gradients().end());
    }
    CHECK(same_bits(gradients[0], gradients[1]));
    test::use_threads();
}
