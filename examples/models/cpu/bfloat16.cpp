// SPDX-License-Identifier: MIT
#include "../models.hpp"

preflearn::any_backend<float> bfloat16_models() {
    return float32_models();
} // which no_bfloat16() keeps from being used
std::string no_bfloat16() {
    return "products in bfloat16 are oneDNN's, which this program was built without (Debian: libdnnl-dev)";
}
std::string about_bfloat16() { return {}; }
