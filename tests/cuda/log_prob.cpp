#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>

#include "../numbers.hpp"
#include "../parts.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::device_array;
using test::placed_rows;

namespace {

/// What stands behind the products.
struct head_form {
    double cap = 0, temperature = 1;
    bool biased = false;
};
constexpr head_form head_forms[] = {{}, {0, 0.7, false}, {30, 1, false}, {5, 1.5, true}, {0, 1, true}};

/// Results of rows, in the order normaliser, entropy, log Σ p².
struct row_scores {
    std::vector<double> normalisers, entropies, log_sum_squares;
};

/// Products of rows × vocabulary, their bias, and what a double makes of them.
struct head_example {
    std::size_t rows, vocabulary;
    head_form form;
    std::vector<double> products, bias;

    head_example(std::size_t m, std::size_t v, const head_form& f, double spread = 4)
        : rows(m), vocabulary(v), form(f), products(test::stored<float>(test::normals(m * v, 1, spread))),
          bias(test::stored<float>(test::normals(v, 2))) {}

    [[nodiscard]] double logit(std::size_t row, std::size_t token) const {
        double x = products[row * vocabulary + token] + (form.biased ? bias[token] : 0);
        if (form.cap > 0 && std::isfinite(x)) x = form.cap * std::tanh(x / form.cap);
        return x / form.temperature;
    }
    [[nodiscard]] row_scores wanted() const {
        row_scores all;
        for (std::size_t r = 0; r < rows; ++r) {
            double high = -test::infinity, sum = 0, entropy = 0, squares = 0;
            bool sound = true;
            for (std::size_t t = 0; t < vocabulary; ++t) {
                high = std::max(high, logit(r, t));
                sound = sound && logit(r, t) < test::infinity;
            }
            for (std::size_t t = 0; t < vocabulary; ++t) sum += std::exp(logit(r, t) - high);
            const double normaliser = sound && std::isfinite(high) ? high + std::log(sum) : test::not_a_number;
            for (std::size_t t = 0; t < vocabulary; ++t) {
                const double log_p = logit(r, t) - normaliser, p = std::exp(log_p);
                if (p > 0) entropy -= p * log_p;
                squares += p * p;
            }
            all.normalisers.push_back(normaliser);
            all.entropies.push_back(std::isnan(normaliser) ? normaliser : entropy);
            all.log_sum_squares.push_back(std::isnan(normaliser) ? normaliser : std::log(squares));
        }
        return all;
    }
    /// Of the tokens in tiles of `width`, as they are laid out, and the log-probs of the targets.
    [[nodiscard]] row_scores found(std::size_t width, const test::layout& where, bool moments,
                                   const std::vector<std::uint32_t>& sources, const std::vector<std::uint32_t>& targets,
                                   std::vector<double>& log_probs) const {
        const device_array<float> b(std::vector<float>(bias.begin(), bias.end()));
        const cuda::device_logits logits{.bias = form.biased ? b.data() : nullptr,
                                         .cap = static_cast<float>(form.cap),
                                         .temperature = static_cast<float>(form.temperature)};
        const device_array<cuda::softmax_state> states{std::vector<cuda::softmax_state>(rows)};
        cuda::start_softmax(states.data(), rows, nullptr);
        for (std::size_t first = 0; first < vocabulary; first += width) {
            const std::size_t count = std::min(width, vocabulary - first);
            std::vector<double> tile(rows * count);
            for (std::size_t r = 0; r < rows; ++r)
                std::copy_n(products.begin() + static_cast<std::ptrdiff_t>(r * vocabulary + first), count,
                            tile.begin() + static_cast<std::ptrdiff_t>(r * count));
            const placed_rows<float> z(tile, rows, count, where);
            cuda::fold_logits(z.seen(), first, logits, moments, states.data(), nullptr);
        }
        const device_array<float> normalisers{std::vector<float>(rows)}, entropies{std::vector<float>(rows)},
            squares{std::vector<float>(rows)};
        cuda::finish_softmax(
            states.data(), rows,
            {normalisers.data(), moments ? entropies.data() : nullptr, moments ? squares.data() : nullptr}, nullptr);
        std::vector<float> picked;
        for (std::size_t i = 0; i < targets.size(); ++i)
            picked.push_back(static_cast<float>(products[sources[i] * vocabulary + targets[i]]));
        const device_array<float> z(picked), p{std::vector<float>(picked.size())};
        const device_array<std::uint32_t> s(sources), t(targets);
        cuda::finish_log_probs(states.data(), z.data(), s.data(), t.data(), targets.size(), logits, p.data(), nullptr);
        log_probs = doubles(p.values());
        return {doubles(normalisers.values()), doubles(entropies.values()), doubles(squares.values())};
    }

    static std::vector<double> doubles(const std::vector<float>& x) { return {x.begin(), x.end()}; }
};

/// Within `tolerance`, scaled by the wanted number where it is above 1; NaN is NaN and −∞ is −∞.
bool near_scores(const std::vector<double>& found, const std::vector<double>& wanted, double tolerance = 2e-5) {
    REQUIRE(found.size() == wanted.size());
    return std::ranges::equal(found, wanted, [&](double f, double w) {
        return f == w || (std::isnan(f) && std::isnan(w)) || std::abs(f - w) <= tolerance * std::max(1.0, std::abs(w));
    });
}

/// Equal, a NaN to a NaN.
bool same_scores(const std::vector<double>& a, const std::vector<double>& b) {
    return std::ranges::equal(a, b, [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

void check_example(const head_example& e, std::size_t width, const test::layout& where) {
    CAPTURE(e.rows);
    CAPTURE(e.vocabulary);
    CAPTURE(width);
    std::vector<std::uint32_t> sources, targets;
    std::vector<double> wanted_log_probs, log_probs;
    const row_scores wanted = e.wanted();
    for (std::size_t i = 0; i < 2 * e.rows; ++i) { // two targets a row, not in the rows' order
        sources.push_back(static_cast<std::uint32_t>((i * 3 + 1) % e.rows));
        targets.push_back(static_cast<std::uint32_t>(i * 1237 % e.vocabulary));
        wanted_log_probs.push_back(e.logit(sources[i], targets[i]) - wanted.normalisers[sources[i]]);
    }
    const row_scores found = e.found(width, where, true, sources, targets, log_probs);
    CHECK(near_scores(found.normalisers, wanted.normalisers));
    CHECK(near_scores(found.entropies, wanted.entropies));
    CHECK(near_scores(found.log_sum_squares, wanted.log_sum_squares));
    CHECK(near_scores(log_probs, wanted_log_probs));
    std::vector<double> plain_log_probs;
    const row_scores plain = e.found(width, where, false, sources, targets, plain_log_probs);
    CHECK(same_scores(plain.normalisers, found.normalisers));
    CHECK(same_scores(plain_log_probs, log_probs));
}

} // namespace

TEST_CASE("Tiles of products folded into rows give what a double makes of all logits") {
    struct shape {
        std::size_t rows, vocabulary, width;
    };
    constexpr shape shapes[] = {{1, 1, 1}, {3, 7, 7}, {2, 33, 8}, {5, 1000, 64}, {2, 4099, 1000}, {3, 8192, 8192}};
    emulator::for_schedules(10, [&](std::uint64_t seed) {
        const shape& s = shapes[seed % 6];
        const head_form& form = head_forms[seed % 5];
        check_example(head_example(s.rows, s.vocabulary, form), s.width, test::layouts[seed % 4]);
    });
    for (const shape& s : shapes) check_example(head_example(s.rows, s.vocabulary, head_forms[3]), s.width, {8, 4});
    for (const head_form& form : head_forms) check_example(head_example(2, 1100, form), 256, {1, 3});
    for (const test::layout& where : test::layouts) check_example(head_example(2, 1100, head_forms[4]), 550, where);
}

TEST_CASE("Nothing is started for an empty batch, and an empty tile adds nothing") {
    const std::size_t before = emulator::launches();
    cuda::start_softmax(nullptr, 0, nullptr);
    cuda::fold_logits({nullptr, 0, 5, 5}, 0, {}, true, nullptr, nullptr);
    cuda::fold_logits({nullptr, 3, 0, 0}, 0, {}, true, nullptr, nullptr);
    cuda::finish_softmax(nullptr, 0, {}, nullptr);
    cuda::finish_log_probs(nullptr, nullptr, nullptr, nullptr, 0, {}, nullptr, nullptr);
    cuda::target_products<float>({nullptr, 0, 4, 4}, nullptr, {nullptr, 0, 4, 4}, nullptr, 0, nullptr, nullptr);
    cuda::sum_log_probs(nullptr, nullptr, 0, nullptr, nullptr);
    CHECK(emulator::launches() == before);
}

TEST_CASE("A vocabulary of 262,144 tokens in tiles") {
    check_example(head_example(1, 262144, head_forms[2], 3), 65536, {});
    check_example(head_example(2, 262144, head_forms[0], 1), 100000, {}); // the last one is shorter
}

TEST_CASE("Rows without a distribution are NaN as on the processor, and spoil no others") {
    head_example e(6, 300, {0, 1, false});
    const auto at = [&](std::size_t row, std::size_t token) -> double& {
        return e.products[row * e.vocabulary + token];
    };
    at(0, 299) = test::not_a_number;
    at(1, 0) = test::infinity;
    for (std::size_t t = 0; t < e.vocabulary; ++t) at(2, t) = -test::infinity;
    for (std::size_t t = 5; t < e.vocabulary; ++t) at(3, t) = -test::infinity; // excluded tokens
    at(4, 7) = 3e38;                                                           // a large logit is a number
    for (const std::size_t width : {1UL, 64UL, 300UL})
        for (const double cap : {0.0, 20.0}) {
            e.form.cap = cap;
            check_example(e, width, {});
        }
    std::vector<double> log_probs;
    e.form.cap = 20;
    const row_scores found = e.found(100, {}, true, {3, 3, 2}, {2, 100, 0}, log_probs);
    CHECK(std::isfinite(log_probs[0]));
    CHECK(log_probs[1] == -test::infinity);
    CHECK(std::isnan(log_probs[2]));
    CHECK(std::isnan(found.normalisers[0]));
    CHECK(std::isnan(found.entropies[1]));
    CHECK(std::isnan(found.log_sum_squares[2]));
}

TEST_CASE("Log-probs, normalisers, entropies and log-sum-squares are those of log_softmax on the processor") {
    for (const head_form& form : head_forms) {
        const head_example e(4, 1500, form);
        std::vector<float> logits(e.products.begin(), e.products.end());
        const std::vector<float> bias(e.bias.begin(), e.bias.end());
        logit_transform<float> transform{.temperature = form.temperature};
        if (form.biased) transform.bias = bias;
        if (form.cap > 0) transform.soft_cap = form.cap;
        row_scores wanted{std::vector<double>(4), std::vector<double>(4), std::vector<double>(4)};
        std::vector<double> wanted_log_probs(4), log_probs;
        log_softmax(matrix_view<const float>(logits.data(), 4, 1500), std::vector<token_id>{3, 1499, 700, 0},
                    {wanted_log_probs, wanted.normalisers, wanted.entropies, wanted.log_sum_squares}, transform);
        const row_scores found = e.found(512, {}, true, {0, 1, 2, 3}, {3, 1499, 700, 0}, log_probs);
        CHECK(near_scores(found.normalisers, wanted.normalisers, 1e-5));
        CHECK(near_scores(found.entropies, wanted.entropies, 1e-5));
        CHECK(near_scores(found.log_sum_squares, wanted.log_sum_squares, 1e-5));
        CHECK(near_scores(log_probs, wanted_log_probs, 1e-5));
    }
}

namespace {

template <class E> void check_target_products(std::size_t width, std::uint64_t seed) {
    CAPTURE(width);
    const std::size_t rows = 5, tokens = 9;
    const std::vector<double> h = test::stored<E>(test::normals(rows * width, 1)),
                              w = test::stored<E>(test::normals(tokens * width, 2));
    const placed_rows<E> hidden(h, rows, width, test::layouts[seed % 4]),
        table(w, tokens, width, test::layouts[seed / 4 % 4]);
    const std::vector<std::uint32_t> sources{4, 0, 0, 2, 4, 1, 3}, targets{8, 0, 3, 3, 7, 1, 5};
    const device_array<std::uint32_t> s(sources), t(targets);
    const device_array<float> products{std::vector<float>(sources.size())};
    cuda::target_products<E>(hidden.seen(), s.data(), table.seen(), t.data(), sources.size(), products.data(), nullptr);
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const std::span<const double> a = std::span(h).subspan(sources[i] * width, width),
                                      b = std::span(w).subspan(targets[i] * width, width);
        double size = 0;
        for (std::size_t k = 0; k < width; ++k) size += std::abs(a[k] * b[k]);
        CHECK(std::abs(static_cast<double>(products.values()[i]) - test::dot(a, b)) <= 1e-6 * size);
    }
}

} // namespace

TEST_CASE("A target's product is the dot product of its row and its token in float, of all element types") {
    emulator::for_schedules(10, [](std::uint64_t seed) {
        for (const std::size_t width : {1UL, 7UL, 64UL, 96UL, 576UL}) {
            check_target_products<float>(width, seed);
            check_target_products<bfloat16>(width, seed);
            check_target_products<float16>(width, seed);
        }
    });
}

TEST_CASE("Sums of log-probs are in double and have the same bits under every schedule") {
    const std::vector<std::uint32_t> lengths{0, 1, 31, 32, 33, 200, 0, 2};
    std::vector<std::uint32_t> begins{3}; // what is before the first belongs to none
    for (const std::uint32_t length : lengths) begins.push_back(begins.back() + length);
    const std::vector<double> of = test::normals(begins.back(), 5, 10);
    const std::vector<float> values(of.begin(), of.end());
    std::vector<double> first;
    emulator::for_schedules(10, [&](std::uint64_t) {
        const device_array<float> v(values);
        const device_array<std::uint32_t> b(begins);
        const device_array<double> sums{std::vector<double>(lengths.size())};
        cuda::sum_log_probs(v.data(), b.data(), lengths.size(), sums.data(), nullptr);
        const std::vector<double> found = sums.values();
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            double wanted = 0, size = 0;
            for (std::size_t k = begins[i]; k < begins[i + 1]; ++k) {
                wanted += static_cast<double>(values[k]);
                size += std::abs(static_cast<double>(values[k]));
            }
            CHECK(std::abs(found[i] - wanted) <= 1e-14 * size);
        }
        if (first.empty()) first = found;
        CHECK(found == first);
    });
}

namespace {

/// Of M rows of V logits in one tile: each logit once, and a row's state of 16 bytes read and written; a bias is asked
/// for by every row.
test::moved_bytes fold_traffic(std::size_t rows, std::size_t vocabulary, bool biased) {
    const std::size_t moved = rows * (4 * vocabulary + 32), bias = biased ? 4 * vocabulary : 0;
    return {moved + bias, moved + rows * bias};
}
/// Of P targets that share no row and no token: both rows, the two numbers (asked for by all lanes of a warp), the
/// product.
template <class E> test::moved_bytes target_traffic(std::size_t targets, std::size_t width) {
    const std::size_t rows = 2 * targets * width * sizeof(E);
    return {rows + 12 * targets, rows + (2 * 32 * 4 + 4) * targets};
}
/// Of P values of R responses: values, begins (by all lanes), sums.
test::moved_bytes sum_traffic(std::size_t values, std::size_t responses) {
    return {4 * values + 4 * (responses + 1) + 8 * responses, 4 * values + (2 * 32 * 4 + 8) * responses};
}

template <class E> void check_target_traffic(std::size_t targets, std::size_t width) {
    const placed_rows<E> hidden(test::normals(targets * width, 1), targets, width),
        table(test::normals(targets * width, 2), targets, width);
    std::vector<std::uint32_t> numbers(targets);
    for (std::size_t i = 0; i < targets; ++i) numbers[i] = static_cast<std::uint32_t>(i);
    const device_array<std::uint32_t> rows(numbers), tokens(numbers);
    const device_array<float> products{std::vector<float>(targets)};
    test::check_traffic(test::shape_name<E>("target_products", targets, width), target_traffic<E>(targets, width), [&] {
        cuda::target_products<E>(hidden.seen(), rows.data(), table.seen(), tokens.data(), targets, products.data(),
                                 nullptr);
    });
}

} // namespace

TEST_CASE("The kernels of the head move what their formulas say") {
    constexpr std::size_t rows = 32, vocabulary = 4096;
    const placed_rows<float> products(test::normals(rows * vocabulary, 1), rows, vocabulary);
    const device_array<float> bias{std::vector<float>(vocabulary)}, out{std::vector<float>(3 * rows)};
    const device_array<cuda::softmax_state> states{std::vector<cuda::softmax_state>(rows)};
    test::check_traffic("start_softmax", {16 * rows, 16 * rows},
                        [&] { cuda::start_softmax(states.data(), rows, nullptr); });
    for (const bool moments : {false, true})
        test::check_traffic(
            test::shape_name<float>(moments ? "vocabulary fold, moments" : "vocabulary fold", rows, vocabulary),
            fold_traffic(rows, vocabulary, false),
            [&] { cuda::fold_logits(products.seen(), 0, {}, moments, states.data(), nullptr); });
    test::check_traffic(
        test::shape_name<float>("vocabulary fold, bias", rows, vocabulary), fold_traffic(rows, vocabulary, true),
        [&] { cuda::fold_logits(products.seen(), 0, {.bias = bias.data()}, false, states.data(), nullptr); });
    test::check_traffic("finish_softmax", {28 * rows, 28 * rows}, [&] {
        cuda::finish_softmax(states.data(), rows, {out.data(), out.data() + rows, out.data() + 2 * rows}, nullptr);
    });
    std::vector<std::uint32_t> numbers(rows);
    for (std::size_t i = 0; i < rows; ++i) numbers[i] = static_cast<std::uint32_t>(i);
    const device_array<std::uint32_t> sources(numbers);
    test::check_traffic("finish_log_probs", {28 * rows, 28 * rows}, [&] {
        cuda::finish_log_probs(states.data(), out.data(), sources.data(), sources.data(), rows, {}, out.data() + rows,
                               nullptr);
    });
    check_target_traffic<float>(16, 576);
    check_target_traffic<bfloat16>(16, 576);
    check_target_traffic<float16>(16, 2048);
    constexpr std::size_t responses = 16, length = 100;
    const device_array<float> values{std::vector<float>(responses * length)};
    const device_array<double> sums{std::vector<double>(responses)};
    std::vector<std::uint32_t> begins;
    for (std::size_t i = 0; i <= responses; ++i) begins.push_back(static_cast<std::uint32_t>(i * length));
    const device_array<std::uint32_t> at(begins);
    test::check_traffic("sum_log_probs, 16 x 100", sum_traffic(responses * length, responses),
                        [&] { cuda::sum_log_probs(values.data(), at.data(), responses, sums.data(), nullptr); });
}
