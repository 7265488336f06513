// The fused head (fused_head.hpp) by oneDNN's products, in float32 and with factors in bfloat16.
#include <benchmark/benchmark.h>

#include <preflearn/backend/cpu/onednn.hpp>

#include "fused_head.hpp"

namespace {

const bool onednn_vocabulary_added = [] {
    using namespace fused_head;
    add_vocabulary("fused_linear/onednn", fused_linear<float, onednn_backend<>, false>);
    add_vocabulary("fused_linear/onednn_bfloat16", fused_linear<float, onednn_backend<bfloat16>, false>);
    add_vocabulary("fused_linear_recomputed/onednn", fused_linear<float, onednn_backend<>, true>);
    return true;
}();

} // namespace
