// Value and gradient of every named loss over many pairs: bytes are what the loss reads of each pair and the two
// derivatives. Names: loss/<name>/<float|double>/<pairs>; `dpo` is the list's `sigmoid`, `dpo_with_metrics` adds up the
// rewards, log-probs and counts that trainers report as well.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include <preflearn/loss/by_name/list.hpp>

#include "pair_batches.hpp"

using namespace preflearn;

namespace {

template <class Loss> void add_pair_loss(std::string_view name, const Loss& loss, bool metrics = false) {
    const auto of_type = [&](std::string_view type, auto run) {
        benchmark::RegisterBenchmark(("loss/" + std::string(name) + "/" + std::string(type)).c_str(), run)
            ->Arg(1 << 10)
            ->Arg(1 << 20)
            ->UseRealTime();
    };
    of_type("float", [=](benchmark::State& state) { value_and_gradient<float>(state, loss, metrics); });
    of_type("double", [=](benchmark::State& state) { value_and_gradient<double>(state, loss, metrics); });
}

const bool pair_losses_added = [] {
    add_pair_loss("dpo", dpo{});
    add_pair_loss("dpo_with_metrics", dpo{}, true);
    for_each_named_loss([]<class Loss>(const Loss& loss) { add_pair_loss(description_of<Loss>.name, loss); });
    return true;
}();

} // namespace
