/// \file
/// A generated world for experiments without files: words with meanings, prompts, a generator of responses, and a known
/// gold reward. Words w have meanings e_w ∈ ℝᵈ; a prompt means the sum m(x) of its words' meanings, and a word suits it
/// by
///   rel(x, w) = ⟨e_w, m(x)⟩ / √(d · words in x), about N(0, 1) over words.
/// The gold reward adds up how well the different words of a response suit the prompt, less a cost for each repetition
/// and for a response that never ends. It is bilinear in prompt and response: who does not read the prompt cannot
/// judge.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn {

/// The size and the habits of a generated world.
struct world_options {
    /// Words that carry meaning; at most 65,536.
    std::size_t words = 16;
    /// Dimensions of meaning, d.
    std::size_t dimensions = 3;
    std::size_t prompt_words = 2;
    /// Words of a response, the end token not counted.
    std::size_t shortest = 2, longest = 8;
    /// After the shortest length a response ends before each further word with this probability.
    double end_probability = 0.3;
    /// The generator draws words from softmax(focus · rel(x, w) + habit · N(previous, w)): how much it minds the
    /// prompt, and how much the previous word.
    double focus = 1, habit = 1;
    /// What the gold reward takes off for each repeated word, and for a missing end token.
    double repetition_cost = 1, unfinished_cost = 1;
};

/// Immutable; everything about it follows from its options and its seed. Safe to use from several threads.
class generated_world {
  public:
    /// \throws argument_error naming the option that is out of range.
    explicit generated_world(const world_options& options = {}, std::uint64_t seed = 0) : options_(options) {
        const auto positive = [](const char* name, std::size_t value, std::size_t most) {
            require(value >= 1 && value <= most, "world_options.", name, " is ", value, ", 1 to ", most,
                    " was expected");
        };
        positive("words", options.words, 65536);
        positive("dimensions", options.dimensions, 4096);
        positive("prompt_words", options.prompt_words, 1024);
        positive("longest", options.longest, 4096);
        positive("shortest", options.shortest, options.longest);
        require(options.end_probability >= 0 && options.end_probability <= 1, "world_options.end_probability is ",
                options.end_probability, ", a probability was expected");
        for (const double number : {options.focus, options.habit, options.repetition_cost, options.unfinished_cost})
            require(std::isfinite(number), "world_options has the weight ", number, ", a finite number was expected");
        generator meanings(seed, "world meanings"), habits(seed, "world habits");
        meanings_.resize(options.words * options.dimensions);
        for (double& value : meanings_) value = meanings.normal();
        habits_.resize((options.words + 1) * options.words); // the last row: at the start of a response
        for (double& value : habits_) value = habits.normal();
    }

    [[nodiscard]] const world_options& options() const { return options_; }
    /// Token ids: the end of a response, the end of a prompt, then the words.
    [[nodiscard]] static constexpr token_id end_token() { return 0; }
    [[nodiscard]] static constexpr token_id separator() { return 1; }
    [[nodiscard]] std::size_t vocabulary_size() const { return first_word + options_.words; }
    /// Tokens of the longest prompt and response together.
    [[nodiscard]] std::size_t longest_sequence() const { return options_.prompt_words + 1 + options_.longest + 1; }

    /// Words drawn evenly, then the separator.
    [[nodiscard]] std::vector<token_id> draw_prompt(generator& random) const {
        std::vector<token_id> prompt(options_.prompt_words + 1, separator());
        for (std::size_t i = 0; i < options_.prompt_words; ++i)
            prompt[i] = static_cast<token_id>(first_word + random.below(options_.words));
        return prompt;
    }

    /// A response by the world's generator, its end token included.
    [[nodiscard]] std::vector<token_id> draw_response(token_span prompt, generator& random) const {
        const std::vector<double> relevance = relevances(prompt);
        std::vector<double> weights(options_.words);
        std::vector<token_id> response;
        std::size_t previous = options_.words;
        while (response.size() < options_.longest) {
            if (response.size() >= options_.shortest && random.bernoulli(options_.end_probability)) break;
            double total = 0;
            for (std::size_t w = 0; w < weights.size(); ++w) {
                weights[w] =
                    std::exp(options_.focus * relevance[w] + options_.habit * habits_[previous * options_.words + w]);
                total += weights[w];
            }
            double left = random.uniform() * total;
            previous = 0;
            while (previous + 1 < weights.size() && (left -= weights[previous]) >= 0) ++previous;
            response.push_back(static_cast<token_id>(first_word + previous));
        }
        response.push_back(end_token());
        return response;
    }

    /// The gold reward of a response; any token ids are allowed, those that are no words suit no prompt.
    [[nodiscard]] double reward(token_span prompt, token_span response) const {
        const std::vector<double> relevance = relevances(prompt);
        std::vector<bool> seen(options_.words);
        double sum = 0;
        bool ended = false;
        for (const token_id token : response) {
            if (ended) break;
            ended = token == end_token();
            if (!is_word(token)) continue;
            const std::size_t w = word(token);
            sum += seen[w] ? -options_.repetition_cost : relevance[w];
            seen[w] = true;
        }
        return ended ? sum : sum - options_.unfinished_cost;
    }

  private:
    static constexpr std::size_t first_word = 2;

    [[nodiscard]] bool is_word(token_id token) const {
        return token >= static_cast<token_id>(first_word) && static_cast<std::size_t>(token) < vocabulary_size();
    }
    [[nodiscard]] static std::size_t word(token_id token) { return static_cast<std::size_t>(token) - first_word; }

    /// rel(x, w) for every word.
    [[nodiscard]] std::vector<double> relevances(token_span prompt) const {
        const std::size_t d = options_.dimensions;
        std::vector<double> meaning(d), relevance(options_.words);
        std::size_t count = 0;
        for (const token_id token : prompt) {
            if (!is_word(token)) continue;
            ++count;
            for (std::size_t k = 0; k < d; ++k) meaning[k] += meanings_[word(token) * d + k];
        }
        const double scale = 1 / std::sqrt(static_cast<double>(d * std::max<std::size_t>(count, 1)));
        for (std::size_t w = 0; w < relevance.size(); ++w) {
            for (std::size_t k = 0; k < d; ++k) relevance[w] += meanings_[w * d + k] * meaning[k];
            relevance[w] *= scale;
        }
        return relevance;
    }

    world_options options_;
    std::vector<double> meanings_, habits_;
};

/// The world's gold reward as a RewardModel; views the world.
struct gold_reward {
    const generated_world& world;
    double operator()(token_span prompt, token_span response) const { return world.reward(prompt, response); }
};

/// Pairs, or demonstrations, drawn from a world. Moving it keeps the views valid; copying would not and is not allowed.
template <class Item> struct world_data {
    ragged<token_id> tokens;
    std::vector<Item> items;

    world_data() = default;
    world_data(world_data&&) noexcept = default;
    world_data& operator=(world_data&&) noexcept = default;
};

/// `count` prompts with two different responses each (the same response is drawn again, up to a hundred times). Pair i
/// has the id i and follows from the seed and i alone, so a longer list begins with the shorter one.
inline world_data<token_comparison> draw_comparisons(const generated_world& world, std::size_t count,
                                                     std::uint64_t seed) {
    world_data<token_comparison> data;
    for (std::size_t i = 0; i < count; ++i) {
        generator random(seed, "world pairs", i);
        const auto prompt = world.draw_prompt(random);
        const auto first = world.draw_response(prompt, random);
        auto second = world.draw_response(prompt, random);
        for (int again = 0; again < 100 && second == first; ++again) second = world.draw_response(prompt, random);
        for (const auto& row : {prompt, first, second}) data.tokens.push_back(row);
    }
    const ragged<token_id>& rows = data.tokens; // views are taken when the array no longer grows
    for (std::size_t i = 0; i < count; ++i) data.items.push_back({i, rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]});
    return data;
}

/// `count` prompts with one response of the generator each: what a model is fine-tuned on before it learns preferences.
inline world_data<token_completion> draw_demonstrations(const generated_world& world, std::size_t count,
                                                        std::uint64_t seed) {
    world_data<token_completion> data;
    for (std::size_t i = 0; i < count; ++i) {
        generator random(seed, "world demonstrations", i);
        const auto prompt = world.draw_prompt(random);
        data.tokens.push_back(prompt);
        data.tokens.push_back(world.draw_response(prompt, random));
    }
    const ragged<token_id>& rows = data.tokens;
    for (std::size_t i = 0; i < count; ++i) data.items.push_back({rows[2 * i], rows[2 * i + 1]});
    return data;
}

} // namespace preflearn
