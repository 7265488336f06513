#include <doctest/doctest.h>

#include <array>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/operands.hpp>

using namespace preflearn;

TEST_CASE("a weight matrix is as tall as its stored parts together, or as its trained numbers") {
    const std::array<stored_matrix, 2> parts = {stored_matrix{.rows = 3, .columns = 5},
                                                stored_matrix{.rows = 4, .columns = 5}};
    const weight_matrix<host_memory, float> stored{.stored = parts};
    CHECK(stored.rows() == 7);
    CHECK(stored.columns() == 5);
    float number = 0;
    const weight_matrix<host_memory, float> trained{.trained = {&number, 1, 1}};
    CHECK(trained.rows() == 1);
    CHECK(trained.columns() == 1);
    CHECK(weight_matrix<host_memory, float>{}.rows() == 0);
}

TEST_CASE("a norm keeps a number of every part of a row, a layer norm two") {
    CHECK(norm_operands<host_memory, float>{.heads = 3}.statistics() == 3);
    CHECK(norm_operands<host_memory, float>{.kind = norm_kind::layer}.statistics() == 2);
}
