// Every operation of the CUDA backend against the processor's, on shapes that are no multiples of anything.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cuda/backend.hpp>

#include "../files.hpp"
#include "backends.hpp"

using namespace preflearn;

static_assert(ScoringBackend<test::cuda_float> && !LearningBackend<test::cuda_float>);
static_assert(ScoringBackend<test::cuda_bfloat16> && ScoringBackend<test::cuda_float16>);
static_assert(test::cuda_float::name == "cuda float" && test::cuda_bfloat16::name == "cuda bfloat16" &&
              test::cuda_float16::name == "cuda float16");

namespace {

using processor = cpu_backend;
template <class B> using no_view = typename B::template view<float>;
template <class B> using const_view = typename B::template view<const float>;

/// How far a result may be from the processor's, of the largest.
template <class E> constexpr double allowed = std::same_as<E, float> ? 2e-5 : std::same_as<E, bfloat16> ? 1.2e-2 : 2e-3;

/// The same numbers on both sides.
template <class E> struct both {
    using device = test::on_cuda<E>;
    typename device::template array<float> on_device;
    processor::array<float> on_host;

    both(std::size_t rows, std::size_t columns, std::uint64_t stream, double scale = 1)
        : on_device(rows, columns), on_host(rows, columns) {
        const auto numbers = test::plain_numbers(rows * columns, stream, scale);
        device::upload(numbers, on_device.view());
        processor::upload(numbers, on_host.view());
    }
    /// What `run(backend, view)` makes of one on either side is alike.
    template <class Run> void check_after(const Run& run) {
        run(device{}, on_device.view());
        run(processor{}, on_host.view());
        check();
    }
    void check() {
        const auto found = test::numbers_of<device>(on_device.view()),
                   expected = test::numbers_of<processor>(on_host.view());
        float largest = 0, difference = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            largest = std::max(largest, std::abs(expected[i]));
            const float apart = std::abs(found[i] - expected[i]);
            difference = apart <= difference ? difference : apart; // also NaN
        }
        CHECK(difference <= allowed<E> * largest);
    }
    template <class B> auto view() {
        if constexpr (std::same_as<B, processor>)
            return on_host.view();
        else
            return on_device.view();
    }
    template <class B> const_view<B> operator()(const B& /*side*/) { return view<B>(); }
};

/// A frozen matrix of F32, the same for both sides.
stored_matrix frozen(std::size_t rows, std::size_t columns, std::uint64_t stream) {
    return stored_numbers(test::plain_numbers(rows * columns, stream, 0.3), rows, columns);
}
template <class B> std::vector<typename B::stored> held_parts(std::span<const stored_matrix> parts) {
    std::vector<typename B::stored> all;
    for (const stored_matrix& part : parts) all.push_back(B::hold(part));
    return all;
}

} // namespace

TEST_CASE_TEMPLATE("rows are added, gathered, scattered, and become of tokens and positions", E, float, bfloat16,
                   float16) {
    both<E> x(7, 13, 1), y(7, 13, 2), table(9, 13, 3), few(3, 13, 4);
    const std::vector<std::size_t> rows{6, 0, 3};
    const std::vector<token_id> ids{8, 0, 0, 5, 7, 1, 2};
    const std::vector<std::uint32_t> positions{0, 1, 2, 8, 0, 1, 3};
    y.check_after([&](auto side, auto to) { decltype(side)::add(x(side), to, -0.5); });
    y.check_after([&](auto side, auto to) {
        decltype(side)::add(x(side).column_block(2, 5), to.column_block(7, 5)); // neither begins at a pack
    });
    few.check_after([&](auto side, auto to) { decltype(side)::gather_rows(x(side), rows, to); });
    y.check_after([&](auto side, auto to) { decltype(side)::scatter_rows(few(side), rows, to); });
    y.check_after([&](auto side, auto to) { decltype(side)::add_positions(positions, table(side), to); });
    y.check_after([&](auto side, auto to) {
        using B = decltype(side);
        B::embed(ids, weight_matrix<B, float>{.trained = table(side)}, 1.5, to);
    });
    const std::array<stored_matrix, 2> parts{frozen(2, 13, 5), frozen(7, 13, 6)};
    y.check_after([&](auto side, auto to) {
        using B = decltype(side);
        const auto stored = held_parts<B>(parts);
        B::embed(ids, weight_matrix<B, float>{.stored = stored}, 1, to);
    });
}

TEST_CASE_TEMPLATE("rows and parts of rows are normalised, with what a backward pass would read", E, float, bfloat16,
                   float16) {
    both<E> x(5, 24, 1), y(5, 24, 2), weight(1, 8, 3), bias(1, 8, 4), whole(1, 24, 5);
    for (const norm_kind kind : {norm_kind::rms, norm_kind::layer}) {
        both<E> statistics(5, kind == norm_kind::layer ? 6 : 3, 6);
        y.check_after([&](auto side, auto to) {
            using B = decltype(side);
            const norm_operands<B, float> norm{
                .kind = kind, .epsilon = 1e-6, .heads = 3, .weight = weight(side), .bias = bias(side)};
            B::normalise(x(side), norm, to, statistics.template view<B>());
        });
        statistics.check();
        y.check_after([&](auto side, auto to) {
            using B = decltype(side);
            B::normalise(to, norm_operands<B, float>{.kind = kind, .weight = whole(side)}, to, no_view<B>());
        });
    }
    const auto before = test::numbers_of<test::on_cuda<E>>(y.on_device.view());
    both<E> sum(5, 24, 7), normed(5, 24, 8);
    using device = test::on_cuda<E>;
    const norm_operands<processor, float> norm{.weight = whole.on_host.view()};
    device::add_normalised(x.on_device.view(), norm_operands<device, float>{.weight = whole.on_device.view()}, 0.5,
                           sum.on_device.view());
    processor::normalise(x.on_host.view(), norm, normed.on_host.view(), {});
    processor::add(normed.on_host.view(), sum.on_host.view(), 0.5);
    sum.check();
    CHECK(test::numbers_of<device>(y.on_device.view()) == before);
}

TEST_CASE_TEMPLATE("products: trained and stored parts, biases, adapters; written and added", E, float, bfloat16,
                   float16) {
    both<E> x(6, 11, 1), y(6, 17, 2), weight(17, 11, 3, 0.3), bias(1, 17, 4), down(5, 11, 5, 0.3), up_first(9, 3, 6),
        up_last(4, 2, 7);
    const std::array<stored_matrix, 3> parts{frozen(9, 11, 8), frozen(4, 11, 9), frozen(4, 11, 10)};
    for (const store mode : {store::replace, store::add}) {
        y.check_after([&](auto side, auto to) {
            using B = decltype(side);
            affine_map<B, float> map{.matrix = {.trained = weight(side)}};
            B::linear(x(side), map, to, mode);
        });
        y.check_after([&](auto side, auto to) {
            using B = decltype(side);
            const auto stored = held_parts<B>(parts);
            affine_map<B, float> map{.matrix = {.stored = stored}, .bias = bias(side)};
            map.adapter.down = down(side);
            map.adapter.parts[0] = {0, up_first(side), 0.5};
            map.adapter.parts[1] = {13, up_last(side), 2};
            B::linear(x(side), map, to, mode);
        });
    }
    using device = test::on_cuda<E>;
    const auto apart = held_parts<device>(parts), together = device::hold_together(parts);
    both<E> one(6, 17, 11), other(6, 17, 12);
    device::linear(x.on_device.view(), affine_map<device, float>{.matrix = {.stored = apart}}, one.on_device.view(),
                   store::replace);
    device::linear(x.on_device.view(), affine_map<device, float>{.matrix = {.stored = together}},
                   other.on_device.view(), store::replace);
    CHECK(test::numbers_of<device>(one.on_device.view()) == test::numbers_of<device>(other.on_device.view()));
}

TEST_CASE_TEMPLATE("heads turn, attend and are activated as on the processor", E, float, bfloat16, float16) {
    // a prompt of five rows with two responses, and a text alone; far positions, of which many are skipped
    const std::vector<std::uint32_t> positions{0, 1, 2, 3, 4, 5, 6, 5, 4096};
    const std::vector<double> frequencies{1, 0.1, 0.003};
    const std::vector<row_segment> segments{{.row = 0, .length = 5},
                                            {.row = 5, .length = 2, .prefix_row = 0, .prefix_length = 5},
                                            {.row = 7, .length = 1, .prefix_row = 0, .prefix_length = 5},
                                            {.row = 8, .length = 1}};
    both<E> qkv(9, 4 * 8 + 2 * 2 * 8, 1), mixed(9, 32, 2), activated(9, 24, 3), normaliser(9, 4, 4);
    qkv.check_after([&](auto side, auto to) {
        using B = decltype(side);
        const typename B::template rotation<float> turns(frequencies, positions, 1.25);
        B::rotate(turns, 6, to.column_block(0, 48));
    });
    for (const std::size_t window : {0U, 3U}) {
        mixed.check_after([&](auto side, auto to) {
            using B = decltype(side);
            typename B::template attention<float> plan(
                {.segments = segments},
                {.heads = 4, .key_value_heads = 2, .dim = 8, .window = window, .cap = window == 0 ? 0 : 2.0}, false);
            B::attend(plan, qkv(side).column_block(0, 32), qkv(side).column_block(32, 32), to,
                      normaliser.template view<B>());
        });
        normaliser.check();
    }
    for (const activation_kind kind :
         {activation_kind::silu, activation_kind::gelu, activation_kind::gelu_tanh, activation_kind::relu})
        activated.check_after([&](auto side, auto to) {
            using B = decltype(side);
            B::activate(qkv(side).column_block(0, 48), mlp_kind::gated, kind, to);
            B::activate(to.column_block(0, 11), mlp_kind::plain, kind, to.column_block(0, 11));
        });
}

TEST_CASE_TEMPLATE("log-probs and what else is asked of a row, with bias, cap and temperature", E, float, bfloat16,
                   float16) {
    constexpr std::size_t vocabulary = 517;
    both<E> hidden(5, 12, 1), head(vocabulary, 12, 2);
    const std::vector<token_id> targets{0, 516, 256, 3, 3, 99};
    const std::vector<std::size_t> sources{4, 0, 0, 1, 3, 2};
    const auto bias = test::plain_numbers(vocabulary, 3);
    for (const auto& transform : {logit_transform<float>{}, logit_transform<float>{.temperature = 2.5},
                                  logit_transform<float>{.bias = bias, .soft_cap = 4, .temperature = 0.5}}) {
        std::array<std::vector<double>, 8> all;
        const auto scores = [&](std::size_t first) {
            all[first].resize(targets.size());
            for (std::size_t i = 1; i < 4; ++i) all[first + i].resize(5);
            return vocabulary_scores{.log_probs = all[first],
                                     .normalisers = all[first + 1],
                                     .entropies = all[first + 2],
                                     .log_sum_squares = all[first + 3]};
        };
        using device = test::on_cuda<E>;
        device::log_probs(hidden.on_device.view(), weight_matrix<device, float>{.trained = head.on_device.view()},
                          transform, targets, sources, scores(0));
        processor::log_probs(hidden.on_host.view(), weight_matrix<processor, float>{.trained = head.on_host.view()},
                             transform, targets, sources, scores(4));
        for (std::size_t i = 0; i < 4; ++i)
            for (std::size_t j = 0; j < all[i].size(); ++j)
                CHECK(all[i][j] == doctest::Approx(all[4 + i][j]).epsilon(2e-5));
    }
}

TEST_CASE("a row without a distribution has NaN for a log-prob, the others what they have") {
    using device = test::cuda_float;
    const float infinite = std::numeric_limits<float>::infinity();
    const auto hidden = test::array_of<device>(std::vector<float>{1, 2, infinite, 1, -1, 0.5F}, 3, 2);
    const auto head = test::array_of<device>(std::vector<float>{0.5F, 1, 1, 0.25F}, 2, 2);
    std::vector<double> log_probs(3);
    const std::vector<token_id> targets{1, 0, 0};
    device::log_probs(hidden.view(), weight_matrix<device, float>{.trained = head.view()}, logit_transform<float>{},
                      targets, {}, {.log_probs = log_probs});
    CHECK(log_probs[0] == doctest::Approx(-std::log(1 + std::exp(2.5 - 1.5))));
    CHECK(std::isnan(log_probs[1]));
    CHECK(log_probs[2] == doctest::Approx(-std::log(1 + std::exp(-0.875))));
}

TEST_CASE("logits for the host are float whatever the arrays are; rewards are products of rows") {
    using device = test::cuda_bfloat16;
    both<bfloat16> hidden(3, 8, 1), head(21, 8, 2), v(1, 8, 3);
    std::vector<float> shown(3 * 21);
    device::logits<float>(hidden.on_device.view(), weight_matrix<device, float>{.trained = head.on_device.view()},
                          shown);
    processor::array<float> logits(3, 21);
    processor::linear(hidden.on_host.view(), affine_map<processor, float>{.matrix = {.trained = head.on_host.view()}},
                      logits.view(), store::replace);
    const auto expected = test::numbers_of<processor>(logits.view());
    for (std::size_t i = 0; i < shown.size(); ++i) CHECK(std::abs(shown[i] - expected[i]) < 1e-5F);
    std::vector<double> rewards(3);
    device::reward_head<float>(hidden.on_device.view(), v.on_device.view(), rewards);
    processor::array<float> products(3, 1);
    processor::linear(hidden.on_host.view(), affine_map<processor, float>{.matrix = {.trained = v.on_host.view()}},
                      products.view(), store::replace);
    for (std::size_t r = 0; r < 3; ++r)
        CHECK(std::abs(rewards[r] - static_cast<double>(test::numbers_of<processor>(products.view())[r])) < 1e-5);
}

TEST_CASE("what does not fit is refused with the shapes, before the device sees it") {
    using device = test::cuda_float;
    both<float> x(3, 8, 1), y(4, 8, 2), table(5, 8, 3);
    const auto on = [](both<float>& b) { return b.on_device.view(); };
    const auto said = [](const auto& run) { return test::error_of(run); };
    CHECK(said([&] { device::copy(on(x), on(y)); }) == "copy: 3 x 8 do not fit 4 x 8");
    CHECK(said([&] { device::add(on(x).column_block(0, 4), on(x)); }) == "add: 3 x 4 do not fit 3 x 8");
    const std::vector<token_id> ids{0, 5, 1};
    const weight_matrix<device, float> embedding{.trained = on(table)};
    CHECK(said([&] { device::embed(ids, embedding, 1, on(x)); }) == "embed: token 1 is 5, expected 0 to below 5");
    CHECK(said([&] { device::embed(ids, embedding, 1, on(y)); }) == "embed: 3 rows of width 8 do not fit 4 x 8");
    const std::vector<std::size_t> rows{4, 0, 1};
    CHECK(said([&] { device::gather_rows(on(x), rows, on(x)); }) == "gather_rows: row 0 is 4, expected 0 to below 3");
    CHECK(said([&] { device::scatter_rows(on(x), rows, on(y).row_block(0, 3)); }) ==
          "scatter_rows: a row is 4, expected 0 to below 3");
    CHECK(test::contains(said([&] {
                             device::linear(on(x), affine_map<device, float>{.matrix = {.trained = on(table)}}, on(y),
                                            store::replace);
                         }),
                         "rows of 3 x 8, weights of 5 x 8 and a bias of 0 do not fit a result of 4 x 8"));
    CHECK(test::contains(said([&] {
                             device::normalise(
                                 on(x), norm_operands<device, float>{.heads = 2, .weight = on(table).row_block(0, 1)},
                                 on(x), {});
                         }),
                         "rows of 8 in 2 parts do not fit a weight of 8"));
    const std::vector<row_segment> segments{{.row = 0, .length = 3}};
    CHECK_THROWS_WITH_AS((device::attention<float>({.segments = segments}, {.dim = 8}, true)),
                         doctest::Contains("learn on the processor"), argument_error);
    device::attention<float> plan({.segments = segments}, {.dim = 4}, false);
    CHECK(test::contains(said([&] { device::attend(plan, on(x), on(x), on(x), {}); }),
                         "queries of width 4 and keys with values of width 8 were expected, found 8 and 8"));
    std::vector<double> log_probs(3);
    CHECK(said([&] {
              device::log_probs(on(x), embedding, logit_transform<float>{}, ids, {}, {.log_probs = log_probs});
          }) == "log_probs: target 1 is 5, expected 0 to below 5");
}
