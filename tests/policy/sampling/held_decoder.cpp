#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/sampling/held_decoder.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("scores that go on, behind one type, are those of the model, and count what they compute") {
    any_transformer<float> any = any_backend_of<float, cpu_backend>().make(test::grouped(), {});
    initialise(any, generator(3, "weights"));
    const std::vector<token_id> prompt{1, 2}, one{3, 4, 5}, longer{3, 4, 5, 6};
    const std::unique_ptr<continued_calls> scores = any.continued();
    for (const std::vector<token_id>* const response : {&one, &longer}) {
        const token_completion asked{prompt, *response};
        CHECK(scores->log_probs({&asked, 1}).front() == any.log_prob(prompt, *response));
    }
    CHECK(scores->computed() == (1 + 3) + 1);
}
