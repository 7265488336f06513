#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/policy/transformer.hpp>

#include "../../parts.hpp"
#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

TEST_CASE("gradients of every tensor of every family are finite differences, and are added to what is there") {
    for (const transformer_config& config :
         {test::learned_positions(), test::normed_heads(), test::parallel_blocks()}) {
        decoder_model m(config, generator(1, "weights"));
        const std::vector<double> noise = test::normals(m.parameters().size(), 7, 0.2);
        for (std::size_t i = 0; i < noise.size(); ++i) m.parameters()[i] += noise[i];
        const auto c = test::mixed();
        const std::vector<double> weights = test::normals(c.prompts.size(), 4);
        m.backward(m.forward(c.views()), weights);
        const auto value = [&] { return test::dot(m.log_probs(c.views()), weights); };
        for (const auto& tensor : tensors(m)) {
            CAPTURE(config.family.model_type);
            CAPTURE(tensor.name);
            const auto offset = static_cast<std::size_t>(tensor.values.data() - m.parameters().data());
            CHECK(test::gradient_error(tensor.values, m.gradients().subspan(offset, tensor.values.size()), value,
                                       1 + tensor.values.size() / 4) < 1e-6);
        }
        const std::vector<double> once(m.gradients().begin(), m.gradients().end());
        m.backward(m.forward(c.views()), weights);
        for (std::size_t i = 0; i < once.size(); ++i) REQUIRE(m.gradients()[i] == doctest::Approx(2 * once[i]));
    }
}

TEST_CASE("divergences learn through a family's soft cap and factor of the logits") {
    for (const transformer_config& config : {test::normed_heads(), test::parallel_blocks()}) {
        decoder_model m(config, generator(1, "weights"));
        const decoder_model reference(config, generator(2, "weights"));
        const auto c = test::mixed();
        std::size_t tokens = 0;
        for (const auto& response : c.responses) tokens += response.size();
        const std::vector<double> zero(tokens, 0.0), weights = test::normals(tokens, 5);
        m.backward_tokens(m.forward_with_divergence(c.views(), reference), zero, weights);
        const auto value = [&] {
            const auto pass = m.forward_with_divergence(c.views(), reference);
            double sum = 0;
            for (std::size_t i = 0, t = 0; i < c.prompts.size(); ++i)
                for (const double kl : pass.token_divergences(i)) sum += weights[t++] * kl;
            return sum;
        };
        CHECK(test::gradient_error(m.parameters(), m.gradients(), value, 131) < 1e-6);
    }
}
