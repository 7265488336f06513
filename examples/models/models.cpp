// SPDX-License-Identifier: MIT
#include "models.hpp"

#include <string>
#include <vector>

#include "../command_line/command_line.hpp"

std::vector<std::string> backend_names() { return {"cpu", "onednn", "cuda"}; }

namespace {

/// What is wrong with --dtype; empty: nothing.
std::string type_fault(const model_choice& chosen) {
    const bool on_device = chosen.backend == "cuda";
    if (chosen.type == "bfloat16" && chosen.backend == "cpu")
        return "products in bfloat16 are oneDNN's or a GPU's: --backend onednn or cuda";
    if (chosen.type == "bfloat16" && chosen.backend.empty() && !has_onednn())
        return "products in bfloat16 are oneDNN's, which this program was built without (Debian: libdnnl-dev), or a "
               "GPU's (--backend cuda)";
    if (chosen.type == "float16" && !on_device) return "products in float16 are a GPU's: --backend cuda";
    if (chosen.type == "double" && !chosen.backend.empty() && chosen.backend != "cpu")
        return "products in double are the processor's own: --backend cpu";
    return {};
}

} // namespace

void check(const model_choice& chosen) {
    if (const std::string fault = type_fault(chosen); !fault.empty()) throw usage_error("--dtype", fault);
    if (chosen.device != 0 && chosen.backend != "cuda")
        throw usage_error("--device", "the GPU is one of --backend cuda");
}

void check_trains(const model_choice& chosen) {
    if (chosen.backend == "cuda")
        throw usage_error("--backend", "training stays on the processor (cpu, onednn); label and log_probs take cuda");
    check(chosen);
}

preflearn::any_backend<float> models_of(const model_choice& chosen) {
    if (chosen.backend == "cuda") return cuda_models(chosen.type, chosen.device);
    if (chosen.backend == "cpu" || (chosen.backend.empty() && !has_onednn())) return cpu_models();
    return onednn_models(chosen.type);
}
