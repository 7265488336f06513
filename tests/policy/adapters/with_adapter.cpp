#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <preflearn/loss/named.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/loop/run_description.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../../files.hpp"
#include "../families.hpp"
#include "../models.hpp"
#include "adapters.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

/// The worst error of all tensors' gradients; `m` may have begun a step.
void check_gradients(decoder_model& m, std::size_t every) {
    const auto c = test::mixed();
    const std::vector<double> weights = test::normals(c.prompts.size(), 4);
    m.backward(m.forward(c.views()), weights);
    const auto value = [&] {
        const auto pass = m.forward(c.views()); // with what is left out in this step
        return test::dot(pass.scores(), weights);
    };
    for (const auto& tensor : tensors(m)) {
        CAPTURE(tensor.name);
        const auto offset = static_cast<std::size_t>(tensor.values.data() - m.parameters().data());
        CHECK(test::gradient_error(tensor.values, m.gradients().subspan(offset, tensor.values.size()), value,
                                   1 + tensor.values.size() / every) < 1e-6);
    }
}

std::string run_text(const decoder_model& m) {
    run_description run;
    m.describe(run);
    std::string text;
    for (const auto& [name, value] : run.fields()) text += name + "=" + value + "\n";
    return text;
}

} // namespace

TEST_CASE("gradients of every A and B of every family are finite differences, with dropout and without") {
    for (const transformer_config& config :
         {validated(test::grouped()), test::learned_positions(), test::normed_heads(), test::parallel_blocks()}) {
        CAPTURE(config.family.model_type);
        decoder_model m = test::adapted_model(config, {.rank = 2, .alpha = 3, .dropout = 0.3});
        check_gradients(m, 1);
        std::ranges::fill(m.gradients(), 0.0);
        m.begin_step(5);
        check_gradients(m, 1);
    }
}

TEST_CASE("a fresh adapter changes nothing, learns by B first, and leaves the weights where they are") {
    const decoder_model base(test::grouped(), generator(1, "weights"));
    decoder_model m = with_adapter(base, {.rank = 3, .targets = {"q_proj", "v_proj", "down_proj"}}, 4);
    const auto c = test::mixed();
    CHECK(m.log_probs(c.views()) == base.log_probs(c.views()));
    CHECK(m.parameters().size() == 2 * (3 * (12 + 24) + 3 * (12 + 12) + 3 * (10 + 12)));
    const decoder_model same = with_adapter(base, {.rank = 3, .targets = {"q_proj", "v_proj", "down_proj"}}, 4);
    CHECK(std::ranges::equal(m.parameters(), same.parameters()));
    m.backward(m.forward(c.views()), std::vector<double>(c.prompts.size(), 1.0));
    double of_a = 0, of_b = 0, largest = 0;
    for (const auto& tensor : tensors(m)) {
        const auto offset = static_cast<std::size_t>(tensor.values.data() - m.parameters().data());
        for (std::size_t i = 0; i < tensor.values.size(); ++i) {
            const bool a = tensor.name.ends_with("lora_A.weight");
            (a ? of_a : of_b) += std::abs(m.gradients()[offset + i]);
            if (a) largest = std::max(largest, std::abs(tensor.values[i]) * std::sqrt(tensor.shape[1]));
        }
    }
    CHECK(of_a == 0);
    CHECK(of_b > 0.1);
    CHECK(largest > 0.9);
    CHECK(largest <= 1);
    CHECK(tensors(m)[0].name == "model.layers.0.self_attn.q_proj.lora_A.weight");
    CHECK(tensors(m)[1].name == "model.layers.0.self_attn.v_proj.lora_A.weight");
    CHECK(tensors(m)[2].name == "model.layers.0.self_attn.q_proj.lora_B.weight");
    CHECK(tensors(m)[2].shape == std::vector<std::size_t>{24, 3});
}

TEST_CASE("with the adapter off a model is its own reference and shares its weights") {
    const decoder_model base(test::grouped(), generator(1, "weights"));
    decoder_model m = with_adapter(base, {.rank = 3});
    for (double& value : m.parameters()) value += 0.1;
    const auto c = test::mixed();
    CHECK(m.log_probs(c.views()) != base.log_probs(c.views()));
    const decoder_model reference = m.without_adapter();
    CHECK(reference.log_probs(c.views()) == base.log_probs(c.views()));
    CHECK(reference.parameters().empty());
    CHECK(reference.weights().frozen(0).bytes.data() == m.weights().frozen(0).bytes.data());
    const auto pass = m.forward_with_divergence(c.views(), reference);
    CHECK(pass.token_divergences(0)[0] > 0);
    const decoder_model copy = m;
    CHECK(copy.weights().frozen(0).bytes.data() == m.weights().frozen(0).bytes.data());
    CHECK(copy.parameters().data() != m.parameters().data());
}

TEST_CASE("what is left out of a completion follows from the step and its tokens, not from the batch") {
    decoder_model m = test::adapted_model(test::grouped(), {.rank = 2, .dropout = 0.5});
    const auto c = test::mixed();
    const auto scored = m.log_probs(c.views());
    const auto of_pass = [&](auto&& completions) {
        const auto pass = m.forward(completions);
        return std::vector<double>(pass.scores().begin(), pass.scores().end());
    };
    CHECK(of_pass(c.views()) == scored); // no step is made
    m.begin_step(1);
    const auto dropped = of_pass(c.views());
    CHECK(dropped != scored);
    CHECK(of_pass(c.views()) == dropped);
    CHECK(m.log_probs(c.views()) == scored);
    for (std::size_t i = 0; i < dropped.size(); ++i) {
        const token_completion one = c.views()[i];
        CHECK(of_pass(std::span(&one, 1)) == std::vector<double>{dropped[i]});
    }
    m.begin_step(2);
    CHECK(of_pass(c.views()) != dropped);
    m.end_step();
    CHECK(of_pass(c.views()) == scored);
    decoder_model certain = test::adapted_model(test::grouped(), {.rank = 2});
    certain.begin_step(1);
    CHECK(of_pass(c.views()) == certain.log_probs(c.views()));
}

TEST_CASE("dropout keeps the expected value of what the adapter adds") {
    decoder_model m = test::adapted_model(test::grouped(), {.rank = 2, .alpha = 0.02, .dropout = 0.25});
    const auto c = test::mixed();
    const double expected = m.log_probs(c.views())[5], off = m.without_adapter().log_probs(c.views())[5];
    double sum = 0;
    constexpr int steps = 250;
    for (int step = 0; step < steps; ++step) {
        m.begin_step(static_cast<std::uint64_t>(step));
        sum += m.forward(std::span(&c.views()[5], 1)).scores()[0];
    }
    CHECK(sum / steps - off == doctest::Approx(expected - off).epsilon(0.3));
}

TEST_CASE("training by an adapter with dropout that was killed goes on to the same bits") {
    const decoder_model base(test::grouped(), generator(1, "weights"));
    const std::vector<token_id> prompt{1, 5, 2}, good{3, 3, 7}, bad{8, 1};
    std::vector<token_comparison> pairs;
    label_set labels;
    for (std::uint64_t id = 0; id < 6; ++id) {
        pairs.push_back({id, token_span(prompt).first(1 + id % 3), good, bad});
        labels.add({id, id == 2 ? 0.0 : 1.0});
    }
    const test::folder folder;
    const auto train = [&](decoder_model& m, double dropout, std::size_t stop, std::uint64_t seed = 3) {
        m = with_adapter(base, {.rank = 2, .dropout = dropout}, 4);
        training_options options{.epochs = 4, .batch_size = 2, .micro_batch_size = 1, .seed = seed};
        options.keeper = run_file{.path = folder / "run.safetensors", .every = 1};
        options.observers = {[&](const training_step& step) { return step.step != stop; }};
        const std::vector<double> references = reference_log_probs(m.without_adapter(), pairs);
        return train_preferences(m, pairs, labels, references, dpo{.beta = 0.5}, adamw{.rate = 0.05}, options);
    };
    decoder_model whole = base, resumed = base, other = base;
    const auto history = train(whole, 0.5, 0);
    CHECK(history.steps.back().loss < history.steps.front().loss);
    std::filesystem::remove(folder / "run.safetensors");
    CHECK(train(resumed, 0.5, 5).steps.size() == 5);
    CHECK_THROWS_WITH_AS(train(other, 0.4, 0), doctest::Contains("adapter: rank 2, alpha 32, dropout 0.5, 14 matrices"),
                         input_error);
    CHECK(train(resumed, 0.5, 0).resumed_steps == 5);
    CHECK(std::memcmp(resumed.parameters().data(), whole.parameters().data(), whole.parameters().size_bytes()) == 0);
    std::filesystem::remove(folder / "run.safetensors");
    train(other, 0.5, 0, 4); // another seed, another order and other dropout
    CHECK(!std::ranges::equal(other.parameters(), whole.parameters()));
    CHECK(std::ranges::equal(whole.weights().frozen(2).bytes, resumed.weights().frozen(2).bytes));
}

TEST_CASE("dropout is on in a step and nowhere else in training") {
    const decoder_model base(test::grouped(), generator(1, "weights"));
    decoder_model m = with_adapter(base, {.rank = 2, .dropout = 0.5});
    for (double& value : m.parameters()) value += 0.1;
    const std::vector<token_id> prompt{1, 5, 2}, good{3, 3, 7};
    const std::vector<token_completion> one{{prompt, good}};
    std::vector<double> between;
    training_options options{.epochs = 3};
    options.observers = {
        [&](const training_step&) { between.push_back(m.forward(one).scores()[0] - m.log_probs(one)[0]); }};
    const training_history history = train_supervised(m, one, adamw{.rate = 0}, options);
    CHECK(between == std::vector<double>(3, 0.0));
    CHECK(history.steps[0].loss != history.steps[1].loss); // though nothing changed but what is left out
}

TEST_CASE("a description tells adapters apart") {
    const decoder_model base(test::grouped(), generator(1, "weights"));
    const std::string bare = run_text(base), one = run_text(with_adapter(base, {.rank = 2}));
    CHECK(bare.find("adapter=") == std::string::npos);
    CHECK(one == run_text(with_adapter(base, {.rank = 2}, 9)));
    CHECK(one != run_text(with_adapter(base, {.rank = 2, .alpha = 1})));
    CHECK(one != run_text(with_adapter(base, {.rank = 2, .dropout = 0.1})));
    CHECK(one != run_text(with_adapter(base, {.rank = 2, .targets = {"q_proj"}})));
}

TEST_CASE("a second adapter is refused") {
    const decoder_model base(test::grouped(), generator(1, "weights"));
    CHECK_THROWS_WITH_AS(with_adapter(with_adapter(base, {.rank = 2})),
                         "the model has an adapter already: merged(model) is one "
                         "that can have another",
                         argument_error);
}
