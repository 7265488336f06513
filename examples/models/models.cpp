// SPDX-License-Identifier: MIT
#include "models.hpp"

#include <string>
#include <vector>

std::vector<std::string> backend_names() { return {"cpu", "onednn", "cuda"}; }

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

preflearn::any_backend<float> models_of(const model_choice& chosen) {
    if (chosen.backend == "cuda") return cuda_models(chosen.type, chosen.device);
    if (chosen.backend == "cpu" || (chosen.backend.empty() && !has_onednn())) return cpu_models();
    return onednn_models(chosen.type);
}
