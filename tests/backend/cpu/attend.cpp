#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/attend.hpp>

#include "../../policy/models.hpp"
#include "../../policy/parts.hpp"

using namespace preflearn;

namespace {

/// The formula itself: for each row, the rows it may see are its prefix and those before it in its segment.
std::vector<double> naive(const packed_batch& batch, const transformer_config& c, const std::vector<double>& qkv) {
    const std::size_t width = c.query_size() + 2 * c.key_value_size();
    std::vector<double> mixed(batch.rows() * c.query_size());
    for (const row_segment& s : batch.segments) {
        for (std::size_t i = 0; i < s.length; ++i) {
            std::vector<std::size_t> seen;
            for (std::size_t j = 0; j < s.prefix_length; ++j) seen.push_back(s.prefix_row + j);
            for (std::size_t j = 0; j <= i; ++j) seen.push_back(s.row + j);
            for (std::size_t h = 0; h < c.heads; ++h) {
                const std::size_t kv = h / (c.heads / c.key_value_heads);
                std::vector<double> weights;
                double total = 0;
                for (const std::size_t j : seen) {
                    double score = 0;
                    for (std::size_t d = 0; d < c.head_dim; ++d)
                        score += qkv[(s.row + i) * width + h * c.head_dim + d] *
                                 qkv[j * width + c.query_size() + kv * c.head_dim + d];
                    weights.push_back(std::exp(score / std::sqrt(static_cast<double>(c.head_dim))));
                    total += weights.back();
                }
                for (std::size_t k = 0; k < seen.size(); ++k)
                    for (std::size_t d = 0; d < c.head_dim; ++d)
                        mixed[(s.row + i) * c.query_size() + h * c.head_dim + d] +=
                            weights[k] / total *
                            qkv[seen[k] * width + c.query_size() + c.key_value_size() + kv * c.head_dim + d];
            }
        }
    }
    return mixed;
}

struct example {
    transformer_config config;
    test::completions texts;
    packed_batch batch;
    std::size_t width;
    std::vector<double> qkv, mixed, normaliser;

    example(const transformer_config& c, test::completions t)
        : config(validated(c)), texts(std::move(t)), batch(texts.views(), config, row_purpose::log_probs),
          width(config.query_size() + 2 * config.key_value_size()), qkv(test::normals(batch.rows() * width, 3, 1.5)),
          mixed(batch.rows() * config.query_size()), normaliser(batch.rows() * config.heads) {}
    matrix_view<double> rows() { return {qkv.data(), batch.rows(), width}; }
    matrix_view<double> out() { return {mixed.data(), batch.rows(), config.query_size()}; }
    void forward() { attention<double>(batch, config, false).forward(rows(), out(), normaliser.data()); }
};

/// Sequences longer than a block of queries.
test::completions long_texts() {
    test::completions c;
    c.add(test::random_tokens(150, 13, 1), test::random_tokens(120, 13, 2));
    c.add(c.prompts[0], test::random_tokens(70, 13, 3));
    return c;
}

} // namespace

TEST_CASE("attention over packed rows with shared prompts is the formula") {
    transformer_config longer = test::multi_query();
    longer.maximum_length = 1000;
    for (example e : {example(test::grouped(), test::mixed()), example(test::multi_query(), test::mixed()),
                      example(longer, long_texts())}) {
        e.forward();
        const auto expected = naive(e.batch, e.config, e.qkv);
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) worst = std::max(worst, std::abs(expected[i] - e.mixed[i]));
        CHECK(worst < 1e-12);
    }
}

TEST_CASE("its gradient is the finite difference, through shared prompts too") {
    transformer_config longer = test::multi_query();
    longer.maximum_length = 1000;
    for (auto& [e, every] : {std::pair(example(test::grouped(), test::mixed()), std::size_t{1}),
                             std::pair(example(longer, long_texts()), std::size_t{401})}) {
        example x = e;
        x.forward();
        const auto d_mixed = test::normals(x.mixed.size(), 5);
        std::vector<double> d_qkv(x.qkv.size(), 99.0);
        attention<double>(x.batch, x.config, true)
            .backward(x.rows(), x.out(), x.normaliser.data(), {d_mixed.data(), x.batch.rows(), x.config.query_size()},
                      {d_qkv.data(), x.batch.rows(), x.width});
        const auto value = [&] {
            x.forward();
            return test::dot(x.mixed, d_mixed);
        };
        CHECK(test::gradient_error(x.qkv, d_qkv, value, every) < 1e-7);
    }
}

TEST_CASE("scores beyond the range of exp give finite weights") {
    example e(test::grouped(), test::mixed());
    for (double& value : e.qkv) value *= 1e3;
    e.forward();
    for (const double value : e.mixed) CHECK(std::isfinite(value));
}
