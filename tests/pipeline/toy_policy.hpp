/// \file
/// A policy with one number per token: π(y | x) = Π_t softmax(θ)[y_t], ended by the world's end token. It learns,
/// scores and samples, which is all that a study asks of a model, and it takes no time.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/tokens.hpp>

namespace test {

using namespace preflearn;

struct toy_policy {
    using real = double;
    struct pass {
        std::vector<double> values;
        std::vector<std::vector<token_id>> responses;
        [[nodiscard]] std::span<const double> scores() const { return values; }
    };
    std::vector<double> logits, gradient;

    explicit toy_policy(std::size_t tokens) : logits(tokens), gradient(tokens) {}

    [[nodiscard]] pass forward(std::span<const token_completion> batch) const {
        pass p;
        for (const token_completion& c : batch) {
            p.values.push_back(log_prob(c.prompt, c.response));
            p.responses.emplace_back(c.response.begin(), c.response.end());
        }
        return p;
    }
    void backward(pass&& p, std::span<const double> derivatives) {
        const double normaliser = log_sum_exp(std::span<const double>(logits));
        for (std::size_t i = 0; i < p.responses.size(); ++i) {
            for (const token_id token : p.responses[i]) {
                gradient[static_cast<std::size_t>(token)] += derivatives[i];
                for (std::size_t t = 0; t < logits.size(); ++t)
                    gradient[t] -= derivatives[i] * std::exp(logits[t] - normaliser);
            }
        }
    }
    std::span<double> parameters() { return logits; }
    std::span<double> gradients() { return gradient; }

    [[nodiscard]] double log_prob(token_span /*prompt*/, token_span response) const {
        const double normaliser = log_sum_exp(std::span<const double>(logits));
        double sum = 0;
        for (const token_id token : response) sum += logits[static_cast<std::size_t>(token)] - normaliser;
        return sum;
    }
    [[nodiscard]] std::vector<token_id> sample(token_span /*prompt*/, const sampling_options& options,
                                               generator& random) const {
        std::vector<token_id> drawn;
        while (drawn.size() < options.max_tokens && (drawn.empty() || drawn.back() != 0)) {
            double best = -1e300;
            token_id token = 0;
            for (std::size_t t = 0; t < logits.size(); ++t) {
                const double key = logits[t] + random.gumbel();
                if (key > best) {
                    best = key;
                    token = static_cast<token_id>(t);
                }
            }
            drawn.push_back(token);
        }
        return drawn;
    }
};

} // namespace test
