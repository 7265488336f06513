#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/backend.hpp>

#include "../../parts.hpp"

using namespace preflearn;

namespace {

using backend = cpu_backend;
using numbers_array = backend::array<double>;
using numbers_view = backend::view<double>;

numbers_array uploaded(const std::vector<double>& values, std::size_t rows) {
    numbers_array a(rows, values.size() / rows);
    backend::upload(values, a.view());
    return a;
}
std::vector<double> downloaded(const numbers_array& a) {
    std::vector<double> values(a.view().rows * a.view().columns);
    backend::download(a.view(), values);
    return values;
}
numbers_array zeros(std::size_t rows, std::size_t columns) {
    numbers_array a(rows, columns);
    backend::fill(a.view(), 0);
    return a;
}

/// A decoder in small, by the named operations alone: embedding and positions, a norm with bias, queries, keys and
/// values that turn, attention, a plain MLP, and the log-probs of two tokens.
struct small_decoder {
    static constexpr std::size_t rows = 4, width = 8, tokens = 6;
    std::vector<token_id> ids = {1, 5, 1, 0}, targets = {2, 4};
    std::vector<std::uint32_t> positions = {0, 1, 2, 3};
    std::vector<std::size_t> wanted = {1, 3}, sources = {0, 1};
    std::vector<row_segment> segments = {{0, 4, 0, 0, 0}};
    std::vector<std::size_t> groups = {0, 1};
    std::vector<double> frequencies = {1, 0.1};
    // table, positions, weight and bias of the norm, the projection and its bias, the head
    std::vector<double> parameters =
        test::normals(tokens * width + 4 * width + 2 * width + 16 * width + 16 + tokens * width, 7);
    std::vector<double> log_probs = std::vector<double>(2), normalisers = std::vector<double>(2);
    logit_transform<double> transform{.soft_cap = 3};

    /// The derivatives of Σ log-probs · direction, in `gradient` where it is wanted; returns the sum.
    double run(std::span<const double> direction, std::vector<double>* gradient) {
        numbers_array flat = uploaded(parameters, 1), d_flat = zeros(1, parameters.size());
        std::size_t at = 0;
        const auto next = [&](std::size_t r, std::size_t c) {
            at += r * c;
            return std::pair(std::as_const(flat).view().part(at - r * c, r, c), d_flat.view().part(at - r * c, r, c));
        };
        const auto [table, d_table] = next(tokens, width);
        const auto [places, d_places] = next(4, width);
        const auto [scale, d_scale] = next(1, width);
        const auto [shift, d_shift] = next(1, width);
        const auto [project, d_project] = next(16, width);
        const auto [offset, d_offset] = next(1, 16);
        const auto [head, d_head] = next(tokens, width);

        const norm_operands<backend, double> norm{norm_kind::layer, 1e-5, 1, scale, shift};
        const affine_map<backend, double> linear{{.trained = project}, offset};
        const backend::rotation<double> rotation(frequencies, positions);
        backend::attention<double> attention({segments, groups}, {.heads = 2, .key_value_heads = 1, .dim = 4}, true);
        numbers_array x(rows, width), y(rows, width), statistics(rows, 2), qkv(rows, 16), mixed(rows, width),
            normaliser(rows, 2), activated(rows, width), last(2, width);
        const auto queries = qkv.view().column_block(0, 8), keys_values = qkv.view().column_block(8, 8),
                   turning = qkv.view().column_block(0, 12);
        backend::embed(ids, weight_matrix<backend, double>{.trained = table}, 2, x.view());
        backend::add_positions(positions, places, x.view());
        backend::normalise(x.view(), norm, y.view(), statistics.view());
        backend::linear(y.view(), linear, qkv.view(), store::replace);
        backend::rotate(rotation, 3, turning);
        backend::attend(attention, queries, keys_values, mixed.view(), normaliser.view());
        backend::activate(mixed.view(), mlp_kind::plain, activation_kind::gelu_tanh, activated.view());
        backend::gather_rows(activated.view(), wanted, last.view());
        const weight_matrix<backend, double> tied{.trained = head};
        backend::log_probs(last.view(), tied, transform, targets, sources,
                           {.log_probs = log_probs, .normalisers = normalisers});
        const double sum = test::dot(log_probs, direction);
        if (!gradient) return sum;

        numbers_array d_last = zeros(2, width), d_activated = zeros(rows, width), d_mixed(rows, width), d_qkv(rows, 16),
                      dy(rows, width), dx = zeros(rows, width);
        backend::log_probs_backward(last.view(), tied, transform, targets, sources, normalisers, direction,
                                    d_last.view(), d_head);
        backend::gather_rows_backward(d_last.view(), wanted, d_activated.view());
        backend::activate_backward(mixed.view(), mlp_kind::plain, activation_kind::gelu_tanh, d_activated.view(),
                                   activated.view(), d_mixed.view());
        backend::attend_backward(attention, queries, keys_values, mixed.view(), normaliser.view(), d_mixed.view(),
                                 d_qkv.view().column_block(0, 8), d_qkv.view().column_block(8, 8));
        backend::rotate_backward(rotation, 3, d_qkv.view().column_block(0, 12));
        backend::linear_backward(y.view(), linear, d_qkv.view(), dy.view(), store::replace,
                                 parameter_gradients<backend, double>{d_project, d_offset});
        backend::normalise_backward(x.view(), norm, statistics.view(), dy.view(), dx.view(), store::add,
                                    parameter_gradients<backend, double>{d_scale, d_shift});
        backend::add_positions_backward(positions, dx.view(), d_places);
        backend::embed_backward(ids, dx.view(), 2, d_table);
        backend::embed_backward(ids, dx.view(), 2, numbers_view());
        *gradient = downloaded(d_flat);
        return sum;
    }
};

} // namespace

TEST_CASE("a decoder by the named operations learns: its gradient is the finite difference") {
    small_decoder decoder;
    const std::vector<double> direction = {1, -2};
    std::vector<double> gradient;
    (void)decoder.run(direction, &gradient);
    CHECK(decoder.log_probs[0] < 0);
    CHECK(test::gradient_error(decoder.parameters, gradient, [&] { return decoder.run(direction, nullptr); }) < 1e-7);
}

TEST_CASE("arrays are copied by value; numbers go in and out row after row") {
    numbers_array a = uploaded({1, 2, 3, 4, 5, 6}, 2);
    const numbers_array b = a;
    backend::fill(a.view().column_block(1, 1), 9);
    CHECK(downloaded(a) == std::vector<double>{1, 9, 3, 4, 9, 6});
    CHECK(downloaded(b)[1] == 2);
    std::vector<double> column(2);
    backend::download(b.view().column_block(2, 1), column);
    CHECK(column == std::vector<double>{3, 6});
    backend::add(b.view(), a.view());
    backend::add(b.view(), a.view(), -1);
    CHECK(downloaded(a)[1] == 9);
    backend::copy(b.view(), a.view());
    CHECK(backend::host(a.view())(1, 2) == 6);
    CHECK_THROWS_WITH_AS(backend::upload(column, a.view()), "upload: 2 numbers do not fit 2 x 3", argument_error);
    CHECK_THROWS_AS(backend::download(a.view(), column), argument_error);
    CHECK(backend::array<float>().view().rows == 0);
    CHECK_THROWS_AS(backend::hold({.rows = 1, .columns = 1}), argument_error); // without its bytes
}

TEST_CASE("a stored head scores and derives as its numbers do, and so does a stored reference") {
    const std::size_t rows = 3, width = 5, tokens = 700;
    const std::vector<double> numbers = test::normals(tokens * width, 1), other = test::normals(tokens * width, 2);
    const numbers_array head = uploaded(numbers, tokens), other_head = uploaded(other, tokens),
                        hidden = uploaded(test::normals(rows * width, 3), rows);
    const backend::stored stored = backend::hold(stored_numbers(std::vector(numbers), tokens, width));
    const backend::stored stored_other = backend::hold(stored_numbers(std::vector(other), tokens, width));
    const std::vector<token_id> targets = {0, 650, 650};
    const logit_transform<double> transform{.temperature = 2};
    const weight_matrix<backend, double> trained{.trained = head.view()}, frozen{.stored = {&stored, 1}},
        trained_other{.trained = other_head.view()}, frozen_other{.stored = {&stored_other, 1}};
    struct scored {
        std::vector<double> log_probs, normalisers, divergences, d_hidden;
        bool operator==(const scored&) const = default;
    };
    const auto score = [&](const auto& of_policy, const auto& of_reference) {
        scored f{std::vector<double>(3), std::vector<double>(3), std::vector<double>(3), {}};
        numbers_array d_hidden = zeros(rows, width);
        backend::log_probs(hidden.view(), of_policy, transform, targets, {},
                           {.log_probs = f.log_probs, .normalisers = f.normalisers});
        backend::log_probs_backward(hidden.view(), of_policy, transform, targets, {}, f.normalisers, f.log_probs,
                                    d_hidden.view(), numbers_view());
        backend::kl_from_reference(hidden.view(), of_reference, {}, hidden.view(), of_policy, transform, f.divergences,
                                   f.log_probs, d_hidden.view(), numbers_view());
        f.d_hidden = downloaded(d_hidden);
        return f;
    };
    const scored expected = score(trained, trained_other);
    CHECK(expected.divergences[0] > 0);
    CHECK(score(frozen, frozen_other) == expected);
    CHECK(score(frozen, trained_other) == expected);
}
