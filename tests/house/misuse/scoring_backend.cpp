// says: "a transformer learns only on a LearningBackend: this backend scores and samples, but lacks host(view) or the
// backward pass of an operation"
//
// The device's kernels have no backward pass yet.
#include <span>

#include <preflearn/core/requirements.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../policy/opaque_backend.hpp"

using model = preflearn::transformer<float, test::opaque_backend>;

void use() { preflearn::check_trainable<model, std::span<const preflearn::token_completion>>(); }
