// What computes: options of the programs that run a model and do not train it.
// SPDX-License-Identifier: MIT
#pragma once

#include "../command_line/command_line.hpp"
#include "models.hpp"

inline void add_device_options(command_line& line, model_choice& on) {
    const option backend =
        line.add("--backend", on.backend, "what computes: cpu, onednn (the default where it is built in) or cuda")
            .one_of(backend_names());
    line.add("--device", on.device, "of --backend cuda: which of the GPUs, from 0 on").non_negative().needs(backend);
    line.add("--dtype", on.type, "numbers that products multiply; float16 on a GPU")
        .one_of({"float32", "bfloat16", "float16"})
        .shows_default();
}
