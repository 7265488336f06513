#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <preflearn/policy/decoder/initialise.hpp>

using namespace preflearn;

namespace {

const transformer_config initialised_config = validated(transformer_config{.vocabulary_size = 200,
                                                                           .hidden_size = 64,
                                                                           .intermediate_size = 300,
                                                                           .layers = 4,
                                                                           .heads = 8,
                                                                           .key_value_heads = 2,
                                                                           .tied_embeddings = false});

template <class Scalar> std::vector<Scalar> weights(const transformer_config& c, std::uint64_t seed) {
    const decoder_layout layout(c);
    std::vector<Scalar> values(layout.size(), Scalar(7));
    initialise(std::span(values), layout, c, seed);
    return values;
}

double deviation(std::span<const double> values) {
    double square = 0;
    for (const double value : values) square += value * value;
    return std::sqrt(square / static_cast<double>(values.size()));
}

} // namespace

TEST_CASE("matrices are scaled by their inputs, what writes to the residual stream by the depth as well") {
    for (const double range : {0.0, 0.02}) {
        transformer_config c = initialised_config;
        c.initializer_range = range;
        const std::vector<double> values = weights<double>(c, 1);
        const decoder_layout layout(c);
        for (const tensor_place& place : layout.tensors()) {
            const std::span<const double> tensor = std::span(values).subspan(place.offset, place.size());
            if (place.is_vector()) {
                CHECK(std::vector<double>(tensor.begin(), tensor.end()) == std::vector<double>(place.size(), 7));
                continue;
            }
            double expected = range != 0 ? range : 1 / std::sqrt(static_cast<double>(place.columns));
            const bool residual =
                place.entry.role == tensor_role::attention_output || place.entry.role == tensor_role::down;
            if (residual) expected /= std::sqrt(8.0);
            CHECK(deviation(tensor) == doctest::Approx(expected).epsilon(0.1));
        }
    }
}

TEST_CASE("a seed gives the same weights for any number of threads, and another seed others") {
    const std::vector<float> once = weights<float>(initialised_config, 1);
    CHECK(once != weights<float>(initialised_config, 2));
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    for (const int threads : {1, 3}) {
        omp_set_num_threads(threads);
        CHECK(weights<float>(initialised_config, 1) == once);
    }
    omp_set_num_threads(before);
#endif
    const std::vector<double> wide = weights<double>(initialised_config, 1);
    for (std::size_t i = 0; i < once.size(); ++i) REQUIRE(static_cast<float>(wide[i]) == once[i]);
}
