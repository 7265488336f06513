#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/groups/tpo.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/align.hpp>

#include "toy_study.hpp"

using namespace preflearn;

TEST_CASE("alignment leaves the reference alone and raises the preferred responses above it") {
    const test::toy_data data(30);
    const test::toy_policy start(8);
    const training_options options{.epochs = 5};
    const auto aligned =
        align(copy_of(start), start, data.pairs, data.human, dpo{.beta = 0.5}, adamw{.rate = 0.05}, options);
    CHECK(start.logits == std::vector<double>(8));
    CHECK(aligned.history.steps.front().loss == doctest::Approx(std::log(2.0))); // no margin before the first update
    CHECK(aligned.history.steps.back().loss < aligned.history.steps.front().loss);
    CHECK(aligned.model.logits[2] + aligned.model.logits[4] > aligned.model.logits[1] + aligned.model.logits[3]);

    const std::vector<double> references = reference_log_probs(start, data.pairs);
    const auto same = align(copy_of(start), std::span<const double>(references), data.pairs, data.human,
                            dpo{.beta = 0.5}, adamw{.rate = 0.05}, options);
    CHECK(same.model.logits == aligned.model.logits);
}

TEST_CASE("alignment to rankings puts responses into their order, against a reference or its log-probs") {
    const std::vector<token_id> best{1, 1}, middle{2, 3}, worst{4, 4};
    const std::vector<ranked_list<token_span>> lists{{7, {}, {best, middle, worst}}};
    const test::toy_policy start(8);
    const training_options options{.epochs = 20};
    const auto aligned =
        align(copy_of(start), start, lists, plackett_luce_loss{.beta = 0.5}, adamw{.rate = 0.05}, options);
    CHECK(start.logits == std::vector<double>(8));
    CHECK(aligned.history.steps.front().loss == doctest::Approx(std::log(6.0))); // all orders alike before the first
    CHECK(aligned.history.steps.back().loss < 1.5);
    CHECK(aligned.model.log_prob({}, best) > aligned.model.log_prob({}, middle));
    CHECK(aligned.model.log_prob({}, middle) > aligned.model.log_prob({}, worst));

    const std::vector<double> references = reference_log_probs(start, lists);
    const auto same =
        align(copy_of(start), references, lists, plackett_luce_loss{.beta = 0.5}, adamw{.rate = 0.05}, options);
    CHECK(same.model.logits == aligned.model.logits);
}

TEST_CASE("alignment to triples makes the gold response likelier, too, with or without a reference") {
    const std::vector<token_id> first{1, 1}, second{2, 3}, gold{4, 4};
    const std::vector<triple<token_span>> triples{{7, {}, first, second, gold}};
    label_set labels;
    labels.add({7, preference::for_second()});
    const test::toy_policy start(8);
    const training_options options{.epochs = 20};
    const std::span<const double> none;
    const auto check = [&](const auto& aligned) {
        CHECK(aligned.model.log_prob({}, gold) > start.log_prob({}, gold) + 0.5);
        CHECK(aligned.model.log_prob({}, second) > aligned.model.log_prob({}, first) + 0.5);
    };
    check(align(copy_of(start), none, triples, labels, tpo{.beta = 0.5}, adamw{.rate = 0.05}, options));
    check(align(copy_of(start), start, triples, labels, with_gold_likelihood<dpo>{.contrast = {.beta = 0.5}},
                adamw{.rate = 0.05}, options));
    // To a loss on pairs a triple is a pair.
    const auto pairs = align(copy_of(start), none, triples, labels, simpo{}, adamw{.rate = 0.05}, options);
    CHECK(pairs.model.log_prob({}, gold) < start.log_prob({}, gold));
}

TEST_CASE("what training hands back gave the memory of its gradients back, where it can, and learns on") {
    struct releasing : test::toy_policy {
        using test::toy_policy::toy_policy;
        std::size_t released = 0;
        std::span<double> gradients() {
            gradient.resize(logits.size());
            return gradient;
        }
        void release_gradients() {
            gradient = {};
            ++released;
        }
    };
    const test::toy_data data(10);
    const releasing start(8);
    const auto aligned = align(copy_of(start), start, data.pairs, data.human, dpo{}, adamw{.rate = 0.05});
    CHECK(aligned.model.released == 1);
    CHECK(aligned.model.gradient.empty());
    const auto further = align(copy_of(aligned.model), start, data.pairs, data.human, dpo{}, adamw{.rate = 0.05});
    CHECK(further.history.steps.front().loss == doctest::Approx(aligned.history.steps.back().loss).epsilon(0.5));
    CHECK(further.model.logits != aligned.model.logits);
}

TEST_CASE("fine-tuning raises the likelihood of the demonstrations") {
    const std::vector<token_id> response{3, 3, 5, 0};
    const std::vector<token_completion> demonstrations{{{}, response}};
    const test::toy_policy start(8);
    const auto tuned = fine_tune(copy_of(start), demonstrations, adamw{.rate = 0.1}, {.epochs = 20});
    CHECK(tuned.model.log_prob({}, response) > start.log_prob({}, response) + 1);
}
