// Decoding (generate.hpp) by oneDNN's products, weights packed once: policy/decode/onednn in float, and /bfloat16.
// of_products: how many times as fast a step would be if it were its products alone.
#include <cstddef>
#include <string>

#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/onednn.hpp>

#include "generate.hpp"
#include "products_alone.hpp"

using namespace decoding;

namespace {

template <class Factor> void add_packed(const std::string& name) {
    add_decoding(name, [](benchmark::State& state) {
        using backend = onednn_backend<Factor>;
        static const transformer<float, backend> model = frozen_model<backend>();
        const double seconds = decode(state, model, sizeof(Factor));
        const auto count = static_cast<std::size_t>(state.range(0));
        products_alone<backend> alone(model, count, count);
        alone.run();
        state.counters["of_products"] = quickest(5, [&] { alone.run(); }) / seconds;
    });
}

const bool packed_added = [] {
    add_packed<float>("onednn");
    add_packed<bfloat16>("bfloat16");
    return true;
}();

} // namespace
