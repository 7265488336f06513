#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/policy/log_prob_head.hpp>

#include "models.hpp"
#include "parts.hpp"

using namespace preflearn;

TEST_CASE("tiles of rows and vocabulary give the log-softmax of the whole, and gradients of weighted sums") {
    // more than one tile each way: 512 rows, 4096 tokens
    const std::size_t rows = 520, width = 3, vocabulary = 4200;
    std::vector<double> hidden = test::normals(rows * width, 1), weights = test::normals(vocabulary * width, 2);
    std::vector<token_id> targets;
    std::vector<std::size_t> sources;
    for (std::size_t r = 0; r < rows; r += 13) {
        for (std::size_t k = 0; k <= r % 3; ++k) { // one to three predictions of a row
            targets.push_back(static_cast<token_id>((r * 7919 + k * 4093) % vocabulary));
            sources.push_back(r);
        }
    }
    const std::vector<double> derivatives = test::normals(targets.size(), 3);
    std::vector<double> log_probs(targets.size()), normalisers(rows);
    const matrix_view<const double> h(hidden.data(), rows, width), w(weights.data(), vocabulary, width);
    const log_prob_head<double, cpu_backend> head(targets, sources);
    const auto value = [&] {
        head.forward(h, w, log_probs, normalisers);
        return test::dot(log_probs, derivatives);
    };
    value();
    for (std::size_t p = 0; p < targets.size(); p += 5) {
        std::vector<double> logits(vocabulary);
        for (std::size_t v = 0; v < vocabulary; ++v)
            for (std::size_t d = 0; d < width; ++d) logits[v] += h(sources[p], d) * w(v, d);
        CHECK(log_probs[p] == doctest::Approx(logits[static_cast<std::size_t>(targets[p])] -
                                              log_sum_exp(std::span<const double>(logits)))
                                  .epsilon(1e-12));
    }
    std::vector<double> d_hidden(hidden.size(), 0.0), d_weights(weights.size(), 0.0);
    head.backward(h, w, normalisers, derivatives, {d_hidden.data(), rows, width},
                  {d_weights.data(), vocabulary, width});
    CHECK(test::gradient_error(hidden, d_hidden, value, 397) < 1e-7);
    CHECK(test::gradient_error(weights, d_weights, value, 2503) < 1e-7);
}
