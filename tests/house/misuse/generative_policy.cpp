// says: "a GenerativePolicy has a const member sample(prompt, sampling_options, generator&) that returns a response"
//
// The policy draws from randomness of its own.
#include <string>

#include <preflearn/core/requirements.hpp>

struct my_policy {
    double log_prob(const std::string&, const std::string&) const { return -1; }
    std::string sample(const std::string& prompt) const { return prompt; }
};

void use() { preflearn::check_generative_policy<my_policy, preflearn::comparison<std::string>>(); }
