#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu/attend.hpp>

#include "../../parts.hpp"

using namespace preflearn;

namespace {

/// Groups of a prompt and its responses, by their lengths, as packed rows.
struct packed_rows {
    std::vector<row_segment> segments;
    std::vector<std::size_t> groups{0};
    std::size_t rows = 0;

    void add_group(std::size_t prompt, const std::vector<std::size_t>& responses) {
        const std::size_t prefix = rows;
        segments.push_back({rows, prompt, 0, 0, 0});
        rows += prompt;
        for (const std::size_t length : responses) {
            segments.push_back({rows, length, prompt, prefix, prompt});
            rows += length;
        }
        groups.push_back(segments.size());
    }
    [[nodiscard]] attention_plan plan() const { return {segments, groups}; }
};

packed_rows small_batch() {
    packed_rows p;
    p.add_group(5, {3, 1, 4});
    p.add_group(1, {6});
    return p;
}
/// Sequences longer than a block of queries.
packed_rows large_batch() {
    packed_rows p;
    p.add_group(150, {119, 69});
    return p;
}

struct attention_example {
    packed_rows batch;
    attention_shape shape;
    std::size_t of_queries = shape.heads * shape.dim, of_keys = 2 * shape.key_value_heads * shape.dim;
    std::vector<double> q = test::normals(batch.rows * of_queries, 3, 1.5),
                        kv = test::normals(batch.rows * of_keys, 4, 1.5),
                        mixed = std::vector<double>(batch.rows * of_queries),
                        normaliser = std::vector<double>(batch.rows * shape.heads);

    matrix_view<double> of(std::vector<double>& values) const {
        return {values.data(), batch.rows, values.size() / batch.rows};
    }
    void forward(bool keep = true) {
        row_attention<double>(batch.plan(), shape, false)
            .forward(of(q), of(kv), of(mixed), keep ? of(normaliser) : matrix_view<double>());
    }
    /// The formula itself: a row sees its prefix and those before it in its segment, or the last of these.
    [[nodiscard]] std::vector<double> naive() const {
        std::vector<double> out(mixed.size());
        for (const row_segment& s : batch.segments) {
            for (std::size_t i = 0; i < s.length; ++i) {
                std::vector<std::size_t> seen;
                for (std::size_t j = 0; j < s.prefix_length; ++j) seen.push_back(s.prefix_row + j);
                for (std::size_t j = 0; j <= i; ++j) seen.push_back(s.row + j);
                if (shape.window != 0 && seen.size() > shape.window)
                    seen.erase(seen.begin(), seen.end() - static_cast<std::ptrdiff_t>(shape.window));
                for (std::size_t h = 0; h < shape.heads; ++h) mix(s.row + i, h, seen, out);
            }
        }
        return out;
    }

  private:
    void mix(std::size_t row, std::size_t h, const std::vector<std::size_t>& seen, std::vector<double>& out) const {
        const std::size_t d = shape.dim, group = h / (shape.heads / shape.key_value_heads);
        const double* const query = q.data() + row * of_queries + h * d;
        std::vector<double> weights;
        double total = 0;
        for (const std::size_t j : seen) {
            double score = 0;
            for (std::size_t c = 0; c < d; ++c) score += query[c] * kv[j * of_keys + group * d + c];
            score *= shape.scale != 0 ? shape.scale : 1 / std::sqrt(static_cast<double>(d));
            if (shape.cap != 0) score = shape.cap * std::tanh(score / shape.cap);
            weights.push_back(std::exp(score));
            total += weights.back();
        }
        for (std::size_t k = 0; k < seen.size(); ++k)
            for (std::size_t c = 0; c < d; ++c)
                out[row * of_queries + h * d + c] +=
                    weights[k] / total * kv[seen[k] * of_keys + (shape.key_value_heads + group) * d + c];
    }
};

/// Every kind of shape, over sequences within one block and longer ones.
std::vector<attention_example> attention_examples() {
    return {{small_batch(), {.heads = 4, .key_value_heads = 2, .dim = 6}},
            {small_batch(), {.heads = 4, .key_value_heads = 1, .dim = 2, .scale = 0.3, .window = 3, .cap = 1.5}},
            {large_batch(), {.heads = 4, .key_value_heads = 1, .dim = 2}},
            {large_batch(), {.heads = 2, .key_value_heads = 2, .dim = 3, .scale = 1.1, .window = 40}},
            {large_batch(), {.heads = 3, .key_value_heads = 3, .dim = 4, .window = 1000, .cap = 2}}};
}

} // namespace

TEST_CASE("attention over packed rows with shared prompts is the formula, with windows, caps and any scale") {
    for (attention_example& e : attention_examples()) {
        e.forward();
        const auto expected = e.naive();
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) worst = std::max(worst, std::abs(expected[i] - e.mixed[i]));
        CHECK(worst < 1e-12);
        const std::vector<double> with = e.mixed;
        e.forward(false);
        CHECK(e.mixed == with);
    }
}

TEST_CASE("its gradient is the finite difference, through shared prompts too") {
    for (attention_example& e : attention_examples()) {
        const std::size_t every = e.batch.rows > 100 ? 1201 : 7;
        e.forward();
        auto d_mixed = test::normals(e.mixed.size(), 5);
        std::vector<double> d_q(e.q.size(), 99.0), d_kv(e.kv.size(), 99.0);
        row_attention<double>(e.batch.plan(), e.shape, true)
            .backward(e.of(e.q), e.of(e.kv), e.of(e.mixed), e.of(e.normaliser), e.of(d_mixed), e.of(d_q), e.of(d_kv));
        const auto value = [&] {
            e.forward();
            return test::dot(e.mixed, d_mixed);
        };
        CHECK(test::gradient_error(e.q, d_q, value, every) < 1e-7);
        CHECK(test::gradient_error(e.kv, d_kv, value, every) < 1e-7);
    }
}

TEST_CASE("a row over a cache has the bits that it has among packed rows") {
    for (attention_example& e : attention_examples()) {
        e.forward();
        for (const row_segment& s : e.batch.segments) {
            // the cache of this sequence begins at row 2
            std::vector<double> cache(2 * e.of_keys, 7.0);
            const auto append = [&](std::size_t row, std::size_t count) {
                const auto first = e.kv.begin() + static_cast<std::ptrdiff_t>(row * e.of_keys);
                cache.insert(cache.end(), first, first + static_cast<std::ptrdiff_t>(count * e.of_keys));
            };
            append(s.prefix_row, s.prefix_length);
            append(s.row, s.length);
            std::vector<row_segment> steps; // the last rows, as if they came one by one
            const std::size_t first = s.length > 5 ? s.length - 5 : 0;
            for (std::size_t i = first; i < s.length; ++i)
                steps.push_back({i - first, 1, s.position + i, 2, s.prefix_length + i});
            std::vector<double> out(steps.size() * e.of_queries);
            row_attention<double>({.segments = steps, .keys = own_keys::after_prefix}, e.shape, false)
                .forward({e.q.data() + (s.row + first) * e.of_queries, steps.size(), e.of_queries},
                         {cache.data(), cache.size() / e.of_keys, e.of_keys}, {out.data(), steps.size(), e.of_queries},
                         {});
            CHECK(std::memcmp(out.data(), e.mixed.data() + (s.row + first) * e.of_queries,
                              out.size() * sizeof(double)) == 0);
        }
    }
}

TEST_CASE("scores beyond the range of exp give finite weights") {
    for (attention_example& e : attention_examples()) {
        for (double& value : e.q) value *= 1e3;
        for (double& value : e.kv) value *= 1e3;
        e.forward();
        CHECK(std::ranges::all_of(e.mixed, [](double value) { return std::isfinite(value); }));
    }
}

TEST_CASE("shapes that cannot be and a backward pass without groups are refused") {
    const packed_rows p = small_batch();
    CHECK_THROWS_AS(row_attention<double>(p.plan(), {.heads = 4, .key_value_heads = 3}, false), argument_error);
    CHECK_THROWS_AS(row_attention<double>({.segments = p.segments}, {}, true), argument_error);
    attention_example e{p, {.heads = 2, .key_value_heads = 1, .dim = 4}};
    CHECK_THROWS_AS(row_attention<double>(p.plan(), {.heads = 2, .key_value_heads = 2, .dim = 4}, false)
                        .forward(e.of(e.q), e.of(e.kv), e.of(e.mixed), {}),
                    argument_error);
}
