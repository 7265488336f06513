#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/groups/tpo.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/kinds/triples.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

namespace {

using token_triple = triple<token_span>;

/// Triples of a few tokens with soft labels, one of them an abstention, weights and margins.
struct triple_data {
    token_data data{40};
    std::vector<token_triple> triples;
    label_set labels;
    std::vector<double> weights, margins;

    explicit triple_data(std::size_t n) {
        generator random(5, "triples");
        for (std::size_t i = 0; i < n; ++i) {
            const token_comparison& c = data.comparisons[i];
            triples.push_back({c.id, c.prompt, c.first, c.second, data.sequences[79 - i]});
            labels.add({c.id, i == 2 ? preference::abstention() : preference{random.uniform()}});
            weights.push_back(2 * random.uniform());
            margins.push_back(random.uniform());
        }
    }
    [[nodiscard]] pair_columns columns() const { return {weights, margins}; }
};

/// Gradient and metrics of one batch of all triples, in micro-batches.
template <class Loss>
std::pair<std::vector<double>, training_step>
one_batch_of_triples(const triple_data& d, const token_model<double>& start, std::span<const double> references,
                     const Loss& loss, std::size_t micro) {
    token_model<double> model = start;
    loss_objective objective(triple_batch(model, std::span(d.triples), d.labels, references, d.columns()), loss);
    const training_step step = one_batch(objective, model, micro);
    return {model.gradient, step};
}

} // namespace

TEST_CASE("triples whose gold responses count for nothing are pairs, to the bit") {
    const triple_data d(14);
    const std::vector<double> references = reference_log_probs(token_model<double>(6, 3), d.triples);
    const training_options options{.epochs = 3, .batch_size = 4, .micro_batch_size = 3};
    token_model<double> by_pairs(6, 2), by_triples = by_pairs;
    const dpo contrast{.beta = 0.3};
    const training_history a = train_preferences(by_pairs, std::span(d.data.comparisons).first(14), d.labels,
                                                 references, contrast, {.rate = 0.05}, options, d.columns());
    const training_history b = train_triples(by_triples, d.triples, d.labels, references,
                                             with_gold_likelihood<dpo>{.contrast = contrast, .alpha = 0},
                                             {.rate = 0.05}, options, d.columns());
    CHECK(by_triples.logits == by_pairs.logits);
    CHECK(b.abstained == 1);
    REQUIRE(a.steps.size() == b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i)
        CHECK(std::memcmp(&a.steps[i], &b.steps[i], sizeof(training_step)) == 0);
}

TEST_CASE("triples whose pairs count for nothing are demonstrations: the mean of the means over tokens") {
    std::vector<std::vector<token_id>> gold{{3, 3, 5, 0}, {3, 1, 1, 2}};
    const std::vector<token_id> other{4};
    label_set labels;
    std::vector<token_triple> triples;
    std::vector<token_completion> demonstrations;
    for (const auto& response : gold) {
        triples.push_back({triples.size(), {}, other, other, response});
        demonstrations.push_back({{}, response});
        labels.add({triples.back().id, preference::for_first()});
    }
    token_model<double> tuned(6, 2), aligned = tuned;
    const training_options options{.epochs = 8, .batch_size = 2};
    train_supervised(tuned, demonstrations, {.rate = 0.05}, options);
    train_triples(aligned, triples, labels, {}, tpo{}, {.rate = 0.05}, options); // chosen and rejected are one
    for (std::size_t i = 0; i < 6; ++i) CHECK(aligned.logits[i] == doctest::Approx(tuned.logits[i]).epsilon(1e-12));
}

TEST_CASE("the gradient of triples is the derivative of the reported loss, whatever the micro-batches") {
    const triple_data d(11);
    const token_model<double> policy(6, 2);
    const std::vector<double> references = reference_log_probs(token_model<double>(6, 3), d.triples);
    const auto check = [&](const auto& loss) {
        const auto [gradient, step] = one_batch_of_triples(d, policy, references, loss, 10);
        CHECK(gradient_error_of(policy, [&](const auto& model) {
                  return one_batch_of_triples(d, model, references, loss, 10);
              }) < 1e-9);
        for (const std::size_t micro : {1U, 3U}) {
            const auto [parts, same] = one_batch_of_triples(d, policy, references, loss, micro);
            CHECK(same.loss == doctest::Approx(step.loss).epsilon(1e-14));
            CHECK(same.rewards_accuracies == step.rewards_accuracies);
            for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(parts[i] - gradient[i]) < 1e-14);
        }
    };
    check(tpo{.beta = 0.5, .tpo_alpha = 0.7});
    check(tpo_l{.beta = 2});
    check(with_gold_likelihood<dpo>{.contrast = {.beta = 0.5}, .alpha = 2});
}

TEST_CASE("a run on triples that is killed after any step and resumed has the bits of one never stopped") {
    const test::folder here;
    const triple_data d(10);
    training_options options{.epochs = 2, .batch_size = 4, .micro_batch_size = 3, .seed = 12};
    const auto run = [&](token_model<float>& model, const triple_data& of, double alpha = 1) {
        return train_triples(model, of.triples, of.labels, {}, tpo{.beta = 0.4, .tpo_alpha = alpha}, {.rate = 0.1},
                             options, of.columns());
    };
    token_model<float> expected(6, 2);
    const training_history whole = run(expected, d);
    REQUIRE(whole.steps.size() == 6);
    for (std::uint64_t stop = 1; stop <= 6; ++stop) {
        options.keeper = run_file{here / "run.safetensors", 1};
        options.observers = {[stop](const training_step& now) {
            if (now.step == stop) throw killed("killed");
        }};
        token_model<float> model(6, 2), resumed = model;
        CHECK_THROWS_AS(run(model, d), killed);
        options.observers = {};
        const training_history history = run(resumed, d);
        CHECK(history.resumed_steps == stop);
        CHECK(std::memcmp(resumed.logits.data(), expected.logits.data(), 6 * sizeof(float)) == 0);
        CHECK(std::memcmp(&history.steps.back(), &whole.steps.back(), sizeof(training_step)) == 0);
        if (stop < 6) std::filesystem::remove(here / "run.safetensors");
    }
    // Another weight of the likelihood or another gold response is another run.
    token_model<float> model(6, 2);
    CHECK_THROWS_WITH_AS(run(model, d, 0.5), doctest::Contains("loss: "), input_error);
    triple_data turned(10);
    std::swap(turned.triples[3].gold, turned.triples[4].gold);
    CHECK_THROWS_WITH_AS(run(model, turned), doctest::Contains("data: "), input_error);
}

TEST_CASE("a bad triple is named") {
    triple_data d(3);
    token_model<double> policy(6, 2);
    const auto run = [&](std::span<const double> references = {}) {
        train_triples(policy, d.triples, d.labels, references, tpo{}, {}, silent, d.columns());
    };
    CHECK_THROWS_WITH_AS(run(std::vector<double>(5)),
                         "reference_log_probs has 5 entries, 6 were expected for 3 comparisons", argument_error);
    d.triples[1].gold = {};
    CHECK_THROWS_WITH_AS(run(), "pair 101: its gold response has 0 tokens, at least 1 was expected", argument_error);
    const std::vector<token_id> possible{1}, impossible{5};
    for (token_triple& t : d.triples) t.first = t.second = t.gold = possible;
    d.triples[1].gold = impossible;
    policy.logits[5] = -std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(run(), "step 1 of 1: pair 101: the score of its gold response is -inf", numeric_error);
}
