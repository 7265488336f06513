#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../parts.hpp"
#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

/// The numbers of what trained_tensors{embedding: no, first_layer} freezes.
frozen_tensors frozen_below(const decoder_model& m, std::size_t first_layer) {
    frozen_tensors frozen;
    const std::vector<tensor_place>& places = m.layout().tensors();
    for (std::size_t t = 0; t < places.size(); ++t) {
        if (trained_tensors{.embedding = false, .first_layer = first_layer}.contains(places[t])) continue;
        const auto numbers = m.parameters().subspan(places[t].offset, places[t].size());
        frozen.emplace(
            t, stored_numbers(std::vector<double>(numbers.begin(), numbers.end()), places[t].rows, places[t].columns));
    }
    return frozen;
}

} // namespace

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

TEST_CASE("layers that are run again give the bits of those that were kept, whatever is trained") {
    for (transformer_config config :
         {validated(test::grouped()), test::learned_positions(), test::normed_heads(), test::parallel_blocks()}) {
        CAPTURE(config.family.model_type);
        const decoder_model all(config, generator(1, "weights"));
        decoder_model upper(config, frozen_below(all, 1)), adapted = with_adapter(all, {.rank = 2, .dropout = 0.3});
        for (std::size_t i = 0; i < adapted.parameters().size(); ++i)
            adapted.parameters()[i] += 0.01 * static_cast<double>(i % 7);
        for (decoder_model m : {all, upper, adapted}) {
            const auto c = test::mixed();
            const std::vector<double> weights = test::normals(c.prompts.size(), 4);
            std::vector<double> kept, scores;
            m.begin_step(3);
            for (const bool again : {false, true}) {
                m.recompute_activations(again);
                std::ranges::fill(m.gradients(), 0.0);
                auto pass = m.forward(c.views());
                const std::vector<double> found(pass.scores().begin(), pass.scores().end());
                m.backward(std::move(pass), weights);
                if (again) {
                    CHECK(found == scores);
                    CHECK(std::memcmp(m.gradients().data(), kept.data(), kept.size() * sizeof(double)) == 0);
                }
                kept.assign(m.gradients().begin(), m.gradients().end());
                scores = found;
            }
            CHECK(test::dot(kept, kept) > 0);
        }
    }
}

TEST_CASE("layers below the trained ones are forgotten, and the others have the gradients of a model that trains all") {
    const transformer_config config = validated(test::grouped());
    decoder_model all(config, generator(1, "weights"));
    decoder_model upper(config, frozen_below(all, 1));
    upper.write_parameters([&](std::span<double> numbers) {
        for (const tensor_place& place : all.layout().tensors())
            if (const auto at = upper.weights().trained_offset(place))
                std::ranges::copy(all.parameters().subspan(place.offset, place.size()), numbers.subspan(*at).begin());
    });
    const auto c = test::mixed();
    const std::vector<double> weights = test::normals(c.prompts.size(), 4);
    all.backward(all.forward(c.views()), weights);
    upper.backward(upper.forward(c.views()), weights);
    for (const tensor_place& place : all.layout().tensors())
        if (const auto at = upper.weights().trained_offset(place))
            CHECK(std::ranges::equal(all.gradients().subspan(place.offset, place.size()),
                                     upper.gradients().subspan(*at, place.size())));
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
