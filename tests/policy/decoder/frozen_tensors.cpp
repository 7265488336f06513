#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../parts.hpp"
#include "../families.hpp"
#include "../models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

/// All tensors of a model but those that are to be trained, as stored numbers.
frozen_tensors frozen_of(const decoder_model& m, const trained_tensors& trained) {
    frozen_tensors frozen;
    for (std::size_t t = 0; t < m.layout().tensors().size(); ++t) {
        const tensor_place& place = m.layout().tensors()[t];
        if (trained.contains(place)) continue;
        const auto values = m.parameters().subspan(place.offset, place.size());
        frozen.emplace(t, stored_numbers(std::vector<double>(values.begin(), values.end()), place.rows, place.columns));
    }
    return frozen;
}

/// The same model with some tensors frozen.
decoder_model partly_frozen(const decoder_model& whole, const trained_tensors& trained) {
    decoder_model m(whole.config(), frozen_of(whole, trained));
    for (const tensor_place& place : whole.layout().tensors())
        if (const auto at = m.weights().trained_offset(place))
            std::ranges::copy(whole.parameters().subspan(place.offset, place.size()),
                              m.parameters().subspan(*at).begin());
    return m;
}

struct text_run {
    std::vector<std::pair<std::string, std::string>> fields;
    void add(std::string name, std::string value) { fields.emplace_back(std::move(name), std::move(value)); }
};

} // namespace

TEST_CASE("frozen weights give the same scores, and the trained ones the gradients that they have among all") {
    const test::completions some = test::mixed();
    const std::vector<double> weights = test::normals(some.prompts.size(), 4);
    for (const transformer_config& config :
         {validated(test::grouped()), validated(test::multi_query()), test::learned_positions(), test::normed_heads(),
          test::parallel_blocks()}) {
        decoder_model whole(config, generator(1, "weights"));
        whole.backward(whole.forward(some.views()), weights);
        for (const trained_tensors& trained :
             {trained_tensors{.embedding = false, .head = false}, trained_tensors{.attention = false},
              trained_tensors{.mlp = false, .norms = false}, trained_tensors{.embedding = false, .first_layer = 1},
              trained_tensors{.embedding = false, .attention = false, .mlp = false, .norms = false},
              trained_tensors::none()}) {
            decoder_model m = partly_frozen(whole, trained);
            CHECK(m.log_probs(some.views()) == whole.log_probs(some.views()));
            m.backward(m.forward(some.views()), weights);
            std::size_t count = 0;
            for (const tensor_place& place :
                 config.layers != 0 ? whole.layout().tensors() : std::vector<tensor_place>{}) {
                const auto at = m.weights().trained_offset(place);
                REQUIRE(at.has_value() == trained.contains(place));
                if (!at) continue;
                count += place.size();
                for (std::size_t i = 0; i < place.size(); ++i)
                    REQUIRE(m.gradients()[*at + i] == whole.gradients()[place.offset + i]);
            }
            CHECK(m.parameters().size() == count);
        }
    }
}

TEST_CASE("copies share what is frozen and have trained numbers of their own") {
    const decoder_model whole(test::grouped(), generator(1, "weights"));
    const decoder_model m = partly_frozen(whole, {.mlp = false});
    decoder_model copy = m;
    CHECK(copy.weights().frozen(8).bytes.data() == m.weights().frozen(8).bytes.data());
    CHECK(copy.parameters().data() != m.parameters().data());
    copy.parameters()[0] += 1;
    CHECK(m.parameters()[0] == whole.parameters()[0]);
}

TEST_CASE("a run's description knows frozen weights by their numbers and their place") {
    const auto described = [](const decoder_model& m) {
        text_run run;
        m.describe(run);
        return run.fields;
    };
    const decoder_model whole(test::grouped(), generator(1, "weights")),
        other(test::grouped(), generator(2, "weights"));
    REQUIRE(described(whole).size() == 1); // which computation it is
    CHECK(described(whole) == described(other));
    const auto fields = described(partly_frozen(whole, {.mlp = false}));
    REQUIRE(fields.size() == 2);
    CHECK(fields[0] == described(whole)[0]);
    CHECK(fields[1].first == "frozen weights");
    transformer_config finer = test::grouped();
    finer.norm_epsilon /= 2;
    CHECK(described(decoder_model(finer, generator(1, "weights"))) != described(whole));
    CHECK(described(partly_frozen(whole, {.mlp = false})) == fields);
    CHECK(described(partly_frozen(other, {.mlp = false})) != fields);
    CHECK(described(partly_frozen(whole, {.mlp = false, .head = false})) != fields);
}

TEST_CASE("frozen tensors that do not fit are refused in words") {
    const decoder_model whole(test::grouped(), generator(1, "weights"));
    frozen_tensors frozen = frozen_of(whole, {.attention = false});
    frozen.erase(3); // the first layer's keys
    CHECK_THROWS_WITH_AS(decoder_model(whole.config(), frozen), doctest::Contains("are frozen or trained together"),
                         argument_error);
    CHECK_THROWS_WITH_AS(decoder_model(whole.config(), {{0, stored_numbers(std::vector<double>(24), 2, 12)}}),
                         doctest::Contains("the frozen tensor 0: 19 x 12 was expected, found 2 x 12"), argument_error);
    CHECK_THROWS_WITH_AS(decoder_model(whole.config(), {{99, stored_numbers(std::vector<double>(24), 2, 12)}}),
                         doctest::Contains("tensor 99 is to be frozen"), argument_error);
}
