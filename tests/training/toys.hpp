/// \file
/// Two things that learn, small enough to check by hand: a table of item strengths (a Bradley-Terry rating) and a
/// policy that draws every token of a response independently from one distribution.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>

/// A run that reports nothing.
inline const preflearn::training_options silent{};

/// What stops a run in the middle.
struct killed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One batch of all examples of an objective, in micro-batches: the model has its gradient, the step its metrics.
template <class Objective, class Model>
preflearn::training_step one_batch(Objective& objective, Model& model, std::size_t micro) {
    std::vector<std::size_t> examples(objective.size());
    std::iota(examples.begin(), examples.end(), std::size_t{0});
    double total = 0;
    for (const std::size_t i : examples) total += objective.weight(i);
    objective.begin(total);
    if constexpr (requires { objective.prepare(model, examples, micro); }) objective.prepare(model, examples, micro);
    for (std::size_t i = 0; i < examples.size(); i += micro)
        objective.accumulate(model, std::span(examples).subspan(i, std::min(micro, examples.size() - i)));
    preflearn::training_step step;
    objective.finish(step);
    return step;
}

using item = std::size_t;
using item_comparison = preflearn::comparison<preflearn::no_prompt, item>;
using item_completion = preflearn::completion<preflearn::no_prompt, item>;

template <class Scalar> struct strengths {
    using real = double;
    struct pass {
        std::vector<double> values;
        std::vector<item> items;
        [[nodiscard]] std::span<const double> scores() const { return values; }
        [[nodiscard]] std::size_t tokens() const { return items.size(); }
    };
    std::vector<Scalar> theta, gradient;

    explicit strengths(std::size_t items) : theta(items), gradient(items) {}
    [[nodiscard]] pass forward(std::span<const item_completion> batch) const {
        pass p;
        for (const item_completion& c : batch) {
            p.items.push_back(c.response);
            p.values.push_back(static_cast<double>(theta[c.response]));
        }
        return p;
    }
    void backward(pass&& p, std::span<const double> derivatives) {
        for (std::size_t i = 0; i < p.items.size(); ++i) gradient[p.items[i]] += static_cast<Scalar>(derivatives[i]);
    }
    std::span<Scalar> parameters() { return theta; }
    std::span<Scalar> gradients() { return gradient; }
    double operator()(preflearn::no_prompt, item i) const { return static_cast<double>(theta[i]); }
};

/// π(y | x) = Π_t softmax(θ)[y_t]. A TokenTrainable that knows log Σ_v π(v)², too.
template <class Scalar> struct token_model {
    using real = double;
    struct pass {
        std::vector<double> values;
        std::vector<preflearn::token_span> responses;
        preflearn::ragged<double> tokens, log_sum_squares;
        [[nodiscard]] std::span<const double> scores() const { return values; }
        [[nodiscard]] std::span<const double> token_scores(std::size_t c) const { return tokens[c]; }
        [[nodiscard]] std::span<const double> token_log_sum_squares(std::size_t c) const { return log_sum_squares[c]; }
    };
    std::vector<Scalar> logits, gradient;

    explicit token_model(std::size_t tokens, std::uint64_t seed = 0) : logits(tokens), gradient(tokens) {
        preflearn::generator random(seed, "token_model");
        for (Scalar& z : logits) z = static_cast<Scalar>(seed == 0 ? 0.0 : random.normal());
    }
    [[nodiscard]] std::vector<double> log_distribution() const {
        std::vector<double> z(logits.begin(), logits.end());
        const double sum = preflearn::log_sum_exp(std::span<const double>(z));
        for (double& value : z) value -= sum;
        return z;
    }
    [[nodiscard]] pass forward(std::span<const preflearn::token_completion> batch) const {
        const std::vector<double> log_p = log_distribution();
        pass p;
        std::vector<double> row;
        for (const auto& c : batch) {
            double sum = 0;
            row.clear();
            for (const auto token : c.response) row.push_back(log_p[static_cast<std::size_t>(token)]);
            for (const double value : row) sum += value;
            p.values.push_back(sum);
            p.responses.push_back(c.response);
            p.tokens.push_back(row);
        }
        return p;
    }
    [[nodiscard]] pass forward_with_sum_squares(std::span<const preflearn::token_completion> batch) const {
        pass p = forward(batch);
        std::vector<double> squares = log_distribution();
        for (double& value : squares) value *= 2;
        const double sum = preflearn::log_sum_exp(std::span<const double>(squares));
        for (const auto& c : batch) p.log_sum_squares.push_back(std::vector<double>(c.response.size(), sum));
        return p;
    }
    void backward_tokens(pass&& p, std::span<const double> derivatives) {
        const std::vector<double> log_p = log_distribution();
        std::size_t next = 0;
        for (const auto& response : p.responses) {
            for (const auto token : response) {
                gradient[static_cast<std::size_t>(token)] += static_cast<Scalar>(derivatives[next]);
                for (std::size_t t = 0; t < log_p.size(); ++t)
                    gradient[t] -= static_cast<Scalar>(derivatives[next] * std::exp(log_p[t]));
                ++next;
            }
        }
    }
    [[nodiscard]] preflearn::ragged<double> token_log_probs(std::span<const preflearn::token_completion> batch) const {
        return forward(batch).tokens;
    }
    void backward(pass&& p, std::span<const double> derivatives) {
        const std::vector<double> log_p = log_distribution();
        for (std::size_t i = 0; i < p.responses.size(); ++i) {
            for (const auto token : p.responses[i])
                gradient[static_cast<std::size_t>(token)] += static_cast<Scalar>(derivatives[i]);
            for (std::size_t t = 0; t < log_p.size(); ++t)
                gradient[t] -= static_cast<Scalar>(derivatives[i] * static_cast<double>(p.responses[i].size()) *
                                                   std::exp(log_p[t]));
        }
    }
    std::span<Scalar> parameters() { return logits; }
    std::span<Scalar> gradients() { return gradient; }
    [[nodiscard]] double log_prob(preflearn::token_span /*prompt*/, preflearn::token_span response) const {
        const preflearn::token_completion one{{}, response};
        return forward({&one, 1}).values[0];
    }
};

static_assert(preflearn::Trainable<strengths<float>, preflearn::batch_of<item_comparison>>);
static_assert(preflearn::Trainable<token_model<double>, preflearn::batch_of<preflearn::token_comparison>>);
static_assert(preflearn::KnowsSumSquares<token_model<double>, preflearn::batch_of<preflearn::token_comparison>>);
static_assert(!preflearn::TokenTrainable<strengths<float>, preflearn::batch_of<item_comparison>>);
static_assert(preflearn::Policy<token_model<float>, preflearn::token_comparison>);

/// Token sequences with the comparisons and completions that view them.
struct token_data {
    std::vector<std::vector<preflearn::token_id>> sequences;
    std::vector<preflearn::token_comparison> comparisons;
    std::vector<preflearn::token_completion> completions;

    explicit token_data(std::size_t pairs, std::size_t tokens = 6, std::uint64_t seed = 1) {
        preflearn::generator random(seed, "token data");
        for (std::size_t i = 0; i < 2 * pairs; ++i) {
            std::vector<preflearn::token_id> sequence(1 + random.below(5));
            for (auto& token : sequence) token = static_cast<preflearn::token_id>(random.below(tokens));
            sequences.push_back(std::move(sequence));
        }
        for (std::size_t i = 0; i < pairs; ++i) {
            comparisons.push_back({100 + i, {}, sequences[2 * i], sequences[2 * i + 1]});
            completions.push_back({{}, sequences[2 * i]});
        }
    }
    token_data(const token_data&) = delete;
    token_data& operator=(const token_data&) = delete;
};

/// The largest difference between the gradient of a batch and central differences of the loss that it reports;
/// `batch(model)` returns both, the loss in the metrics of a step.
template <class Batch> double gradient_error_of(const token_model<double>& policy, const Batch& batch) {
    const std::vector<double> gradient = batch(policy).first;
    double worst = 0;
    for (std::size_t i = 0; i < policy.logits.size(); ++i) {
        token_model<double> above = policy, below = policy;
        above.logits[i] += 1e-5;
        below.logits[i] -= 1e-5;
        const double slope = (batch(above).second.loss - batch(below).second.loss) / 2e-5;
        const double error = std::abs(slope - gradient[i]);
        if (!(error <= worst)) worst = error; // NaN remains
    }
    return worst;
}
