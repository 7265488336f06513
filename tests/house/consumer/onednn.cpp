// A product by oneDNN, and a model's type on its backend.
#include <cstdio>

#include <preflearn/backend/cpu/onednn.hpp>

int main() {
    using namespace preflearn;
    static_assert(LearningBackend<onednn_backend<bfloat16>>);
    const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8}; // NOLINT
    float c[4];                                         // NOLINT
    onednn_backend<>::multiply<float>(transpose::no, {a, 2, 2}, transpose::no, {b, 2, 2}, {c, 2, 2}, store::replace);
    std::printf("%g %g %g %g\n", c[0], c[1], c[2], c[3]);
}
