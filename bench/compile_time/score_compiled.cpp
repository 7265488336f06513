// A model from disk scores a response, through the compiled twin.
#include <cstdio>

#include <preflearn/compiled/models.hpp>

int main(int /*argc*/, char** argv) {
    const auto policy = preflearn::load_text_policy<float>(argv[1]);
    std::printf("%g\n", policy.log_prob("The capital of France is", " Paris."));
}
