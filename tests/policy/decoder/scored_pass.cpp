#include <doctest/doctest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include <preflearn/policy/decoder/scored_pass.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

TEST_CASE("a pass gives each completion its own tokens, also after it was moved") {
    const decoder_model m(test::grouped(), generator(1, "weights")),
        reference(test::grouped(), generator(2, "weights"));
    const test::completions some = test::mixed();
    auto made = m.forward_with_divergence(some.views(), reference);
    const scored_pass<decoder_model> pass = std::move(made);
    std::size_t tokens = 0;
    for (std::size_t c = 0; c < some.prompts.size(); ++c) {
        CHECK(pass.token_scores(c).size() == some.responses[c].size());
        CHECK(pass.token_divergences(c).size() == some.responses[c].size());
        double sum = 0;
        for (const double score : pass.token_scores(c)) sum += score;
        CHECK(sum == pass.scores()[c]);
        tokens += some.responses[c].size();
    }
    CHECK(pass.token_scores(some.prompts.size() - 1).end() - pass.token_scores(0).begin() ==
          static_cast<std::ptrdiff_t>(tokens));
}

TEST_CASE("a hidden pass has a row for every completion, also for an empty response") {
    const decoder_model m(test::grouped(), generator(1, "weights"));
    const test::completions some = test::mixed();
    const hidden_pass<decoder_model> pass = m.forward_hidden(some.views());
    CHECK(pass.hidden().rows == some.prompts.size());
    CHECK(pass.hidden().columns == m.config().hidden_size);
}
