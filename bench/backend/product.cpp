// Matrix products in the shapes of a 135M-parameter Llama (hidden 576, MLP 1536, vocabulary in tiles of 4096): forward
// x Wᵀ, and for backward dy W and dyᵀ x. Names: backend/<what>/<rows>, and eigen/<what>/<rows> for Eigen's product of
// the same factors with its own threads, whose bits depend on rows and threads: what equal bits cost.
#include <chrono>
#include <cstddef>
#include <string>
#include <type_traits>

#include <benchmark/benchmark.h>

#include <Eigen/Core>

#include <preflearn/backend/cpu/backend.hpp>

#include "peak.hpp"

using namespace preflearn;

namespace {

void fill(matrix_view<float> values) {
    for (std::size_t i = 0; i < values.rows * values.columns; ++i) values.data[i] = 0.01F * static_cast<float>(i % 97);
}

/// The backend's product, or Eigen's.
struct by_backend {
    static void product(transpose op_a, matrix_view<const float> a, transpose op_b, matrix_view<const float> b,
                        matrix_view<float> c) {
        cpu_backend::multiply<float>(op_a, a, op_b, b, c, store::replace);
    }
};
struct by_eigen {
    using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    template <class M> static auto map(M m) {
        using mapped = std::conditional_t<std::is_same_v<M, matrix_view<float>>, matrix, const matrix>;
        return Eigen::Map<mapped>(m.data, static_cast<Eigen::Index>(m.rows), static_cast<Eigen::Index>(m.columns));
    }
    static void product(transpose op_a, matrix_view<const float> a, transpose op_b, matrix_view<const float> b,
                        matrix_view<float> c) {
        if (op_a == transpose::yes)
            map(c).noalias() = map(a).transpose() * map(b);
        else if (op_b == transpose::yes)
            map(c).noalias() = map(a) * map(b).transpose();
        else
            map(c).noalias() = map(a) * map(b);
    }
};

/// rows × inputs times the weights outputs × inputs, or its two gradients.
enum class kind { forward, to_input, to_weight };

template <class By> void product(benchmark::State& state, kind what, std::size_t inputs, std::size_t outputs) {
    const auto rows = static_cast<std::size_t>(state.range(0));
    cpu_backend::matrix<float> x(rows, inputs), w(outputs, inputs), y(rows, outputs);
    for (const auto view : {x.view(), w.view(), y.view()}) fill(view);
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        if (what == kind::forward) By::product(transpose::no, x.view(), transpose::yes, w.view(), y.view());
        if (what == kind::to_input) By::product(transpose::no, y.view(), transpose::no, w.view(), x.view());
        if (what == kind::to_weight) By::product(transpose::yes, y.view(), transpose::no, x.view(), w.view());
        benchmark::ClobberMemory();
    }
    count_operations(state, 2.0 * static_cast<double>(rows * inputs * outputs), start);
}

template <class By>
void add(const std::string& who, const std::string& name, kind what, std::size_t inputs, std::size_t outputs) {
    auto* const made = benchmark::RegisterBenchmark(
        (who + "/" + name).c_str(), [=](benchmark::State& state) { product<By>(state, what, inputs, outputs); });
    made->Arg(512)->UseRealTime();
    if (what == kind::forward) made->Arg(1)->Arg(16)->Arg(128);
}

/// In turn.
void add(const std::string& name, kind what, std::size_t inputs, std::size_t outputs) {
    add<by_backend>("backend", name, what, inputs, outputs);
    add<by_eigen>("eigen", name, what, inputs, outputs);
}

const bool added = [] {
    add("query_key_value", kind::forward, 576, 960);
    add("gate_up", kind::forward, 576, 3072);
    add("down", kind::forward, 1536, 576);
    add("vocabulary_tile", kind::forward, 576, 4096);
    add("gate_up_to_input", kind::to_input, 576, 3072);
    add("gate_up_to_weight", kind::to_weight, 576, 3072);
    add("vocabulary_tile_to_weight", kind::to_weight, 576, 4096);
    return true;
}();

} // namespace
