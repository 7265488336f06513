#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <preflearn/pipeline/scoring/text_model.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

TEST_CASE("what learns is what was asked for: an adapter alone, which begins as the model without it") {
    const test::folder f;
    test::write_tiny_model(f / "model");
    const auto load = [&](const text_model_options& options) {
        return detail::load_text_model(test::on_processor(), f / "model", options);
    };
    const text_model whole = load({}), frozen = load({.trained = trained_tensors::none()});
    text_model adapted = load({.adapter = adapter_options{.rank = 2}, .seed = 1});
    CHECK(frozen.parameters().empty());
    CHECK_FALSE(adapted.parameters().empty());
    CHECK(adapted.parameters().size() < whole.parameters().size());
    const double base = whole.log_prob("abc", "da");
    CHECK(adapted.log_prob("abc", "da") == doctest::Approx(base));
    for (float& parameter : adapted.parameters()) parameter += 0.5F;
    CHECK(std::abs(adapted.log_prob("abc", "da") - base) > 1e-3);
    CHECK(adapted.without_adapter().log_prob("abc", "da") == doctest::Approx(base));
    const auto numbers = [&](std::uint64_t seed) {
        const text_model model = load({.adapter = adapter_options{.rank = 2}, .seed = seed});
        return std::vector<float>(model.parameters().begin(), model.parameters().end());
    };
    CHECK(numbers(1) == numbers(1));
    CHECK(numbers(1) != numbers(2));
}

TEST_CASE("responses end with the model's end token, and with nothing where it has none") {
    const test::folder f;
    test::write_tiny_model(f / "model");
    const auto response = [&] {
        const text_model model = detail::load_text_model(test::on_processor(), f / "model", {});
        const token_span ids = model.tokens("ab", "cd").response;
        return std::vector<token_id>(ids.begin(), ids.end());
    };
    CHECK(response() == std::vector<token_id>{2, 3, 4});
    f.write("model/tokenizer_config.json", "{}");
    CHECK(response() == std::vector<token_id>{2, 3});
}

TEST_CASE("what is preferred is learned, of ties the first; errors call pairs by their names") {
    const std::vector<text_comparison> pairs{
        {1, "p", "a", "b"}, {2, "p", "c", "d"}, {3, "q", "e", "f"}, {4, "q", "g", "h"}};
    const label_set labels(
        {{4, preference(0.25)}, {1, preference(0.75)}, {2, preference::abstention()}, {3, preference::tied()}});
    std::string preferred;
    for (const auto& one : detail::preferred_responses(pairs, labels))
        preferred += std::string(one.prompt) + std::string(one.response);
    CHECK(preferred == "paqeqh");
    pair_names names("d.jsonl");
    names.insert(2, {.form = id_form::text, .text = "two"}, 5);
    CHECK(detail::with_names(names, [] { return 3; }) == 3);
    const auto renamed = [&]<class Error>(const Error& thrown) {
        CHECK_THROWS_WITH_AS(detail::with_names(names, [&] { throw thrown; }), "pair 'two' (d.jsonl:5) is odd", Error);
    };
    renamed(input_error("pair 2 is odd"));
    renamed(argument_error("pair 2 is odd"));
    renamed(numeric_error("pair 2 is odd"));
}
