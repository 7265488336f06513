// says: "this backend rounds activations to 8 bits: it decodes, but neither scores nor learns; a model on cpu_backend
// does"
//
// A model for decoding alone is asked for log-probs.
#include <preflearn/backend/cpu/eight_bit.hpp>
#include <preflearn/policy/transformer.hpp>

double score(const preflearn::transformer<float, preflearn::eight_bit_backend>& model, preflearn::token_span tokens) {
    return model.log_prob(tokens, tokens);
}
