#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/normalised.hpp>
#include <preflearn/loss/coupled/optimal_transport.hpp>
#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/single/bco.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/loss/tokens/wspo.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/tokens.hpp>
#include <preflearn/training/reference/reference.hpp>
#include <preflearn/training/reference/token_reference.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

namespace {

/// Pairs with soft labels, weights, a reference and a weak pair of policies.
struct setting {
    token_data data;
    label_set labels;
    std::vector<double> weights;
    token_model<double> start{6, 2}, reference{6, 3}, weak{6, 4}, weak_aligned{6, 5};
    frozen_tokens frozen;

    explicit setting(std::size_t pairs) : data(pairs) {
        generator random(8);
        for (const auto& c : data.comparisons) {
            labels.add({c.id, random.uniform()});
            weights.push_back(random.uniform());
        }
        frozen = {reference_token_log_probs(reference, data.comparisons),
                  weak_token_shift(weak_aligned, weak, data.comparisons)};
    }
};

/// The gradient of one batch of all pairs, and what the step reports.
template <class Loss>
std::pair<std::vector<double>, training_step> gradient_of(const setting& s, const Loss& loss, token_model<double> model,
                                                          std::size_t micro) {
    loss_objective objective(token_batch<token_model<double>, token_comparison, token_extra_of<Loss>>(
                                 s.data.comparisons, s.labels, s.frozen, {.weight = s.weights}),
                             loss);
    const training_step step = one_batch(objective, model, micro);
    return {model.gradient, step};
}

} // namespace

TEST_CASE("DPO on tokens trains as DPO on sums does, to the last bits") {
    const setting s(30);
    token_model<double> by_tokens = s.start, by_sums = s.start;
    const auto a = train_token_preferences(by_tokens, s.data.comparisons, s.labels, s.frozen, from_tokens<dpo>{}, {},
                                           {.epochs = 3}, {.weight = s.weights});
    const auto b =
        train_preferences(by_sums, s.data.comparisons, s.labels, reference_log_probs(s.reference, s.data.comparisons),
                          dpo{}, {}, {.epochs = 3}, {.weight = s.weights});
    REQUIRE(a.steps.size() == b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i) {
        CHECK(a.steps[i].loss == doctest::Approx(b.steps[i].loss).epsilon(1e-12));
        CHECK(a.steps[i].rewards_margins == doctest::Approx(b.steps[i].rewards_margins).epsilon(1e-9));
        CHECK(a.steps[i].rewards_accuracies == b.steps[i].rewards_accuracies);
        CHECK(a.steps[i].logps_rejected == doctest::Approx(b.steps[i].logps_rejected).epsilon(1e-12));
    }
    for (std::size_t t = 0; t < 6; ++t) CHECK(by_tokens.logits[t] == doctest::Approx(by_sums.logits[t]).epsilon(1e-10));
}

TEST_CASE("the gradient is the derivative of the reported loss, and micro-batches add up to it") {
    const setting s(11);
    const auto check = [&](const auto& loss) {
        const auto [whole, step] = gradient_of(s, loss, s.start, 11);
        for (const std::size_t micro : {1U, 4U}) {
            const auto [parts, same] = gradient_of(s, loss, s.start, micro);
            CHECK(same.loss == doctest::Approx(step.loss).epsilon(1e-13));
            for (std::size_t t = 0; t < 6; ++t) CHECK(std::abs(parts[t] - whole[t]) < 1e-14);
        }
        for (std::size_t t = 0; t < 6; ++t) {
            const auto loss_at = [&](double shift) {
                token_model<double> model = s.start;
                model.logits[t] += shift;
                return gradient_of(s, loss, model, 11).second.loss;
            };
            CHECK(std::abs((loss_at(1e-5) - loss_at(-1e-5)) / 2e-5 - whole[t]) < 1e-8);
        }
    };
    check(ld_dpo<>{.part = {.ld_alpha = 0.3}});
    check(ld_dpo_policy_only<simpo>{});
    check(humanline<>{});
    check(wspo{.beta = 0.4});
}

TEST_CASE("WPO's weight is the policy's own, without a gradient of its own") {
    const setting s(9);
    const auto [found, step] = gradient_of(s, wpo<>{}, s.start, 9);
    // The same with the weights written into the weight column, and the denominator of the given weights.
    const std::vector<double> log_p = s.start.log_distribution();
    double squares = 0;
    for (const double value : log_p) squares += std::exp(2 * value);
    setting weighted(9);
    double given = 0, policy = 0;
    for (std::size_t i = 0; i < 9; ++i) {
        double exponent = -2 * std::log(squares);
        for (const token_span response : {s.data.comparisons[i].first, s.data.comparisons[i].second}) {
            double sum = 0;
            for (const token_id token : response) sum += log_p[static_cast<std::size_t>(token)];
            exponent += sum / static_cast<double>(response.size());
        }
        given += weighted.weights[i];
        weighted.weights[i] *= std::exp(exponent);
        policy += weighted.weights[i];
    }
    const auto [expected, other] = gradient_of(weighted, from_tokens<dpo>{}, s.start, 9);
    CHECK(step.loss == doctest::Approx(other.loss * policy / given).epsilon(1e-12));
    for (std::size_t t = 0; t < 6; ++t) CHECK(found[t] == doctest::Approx(expected[t] * policy / given).epsilon(1e-10));
}

TEST_CASE("WSPO carries an alignment over: at beta 1, from the weak policy's own start, the student becomes the "
          "aligned one") {
    setting s(60);
    s.frozen.weak_shift = weak_token_shift(s.weak_aligned, s.reference, s.data.comparisons);
    token_model<double> student = s.reference;
    train_token_preferences(student, s.data.comparisons, s.labels, s.frozen, wspo{.beta = 1},
                            {.rate = 0.02, .weight_decay = 0},
                            {.epochs = 1500, .batch_size = 60, .schedule = schedule::cosine});
    const std::vector<double> now = student.log_distribution(), aligned = s.weak_aligned.log_distribution();
    for (std::size_t t = 0; t < 6; ++t) CHECK(now[t] == doctest::Approx(aligned[t]).epsilon(1e-3));
}

TEST_CASE("a run goes on from its checkpoint to the same bits, and not with another loss or reference") {
    const setting s(12);
    const test::folder files;
    const auto run = [&](token_model<double>& model, std::size_t epochs, const auto& loss,
                         const frozen_tokens& frozen) {
        return train_token_preferences(model, s.data.comparisons, s.labels, frozen, loss, {},
                                       {.epochs = 4,
                                        .max_steps = epochs,
                                        .batch_size = 12,
                                        .keeper = run_file{.path = files / "run.safetensors"}});
    };
    token_model<double> straight = s.start, first = s.start;
    train_token_preferences(straight, s.data.comparisons, s.labels, s.frozen, ld_dpo<>{}, {},
                            {.epochs = 4, .max_steps = 3, .batch_size = 12});
    run(first, 3, ld_dpo<>{}, s.frozen);
    CHECK(first.logits == straight.logits);
    token_model<double> again = s.start;
    CHECK(run(again, 3, ld_dpo<>{}, s.frozen).resumed_steps == 3);
    CHECK(again.logits == straight.logits);
    token_model<double> other = s.start;
    CHECK_THROWS_WITH_AS(run(other, 3, ld_dpo<>{.part = {.ld_alpha = 0.25}}, s.frozen), doctest::Contains("loss"),
                         input_error);
    const frozen_tokens another{reference_token_log_probs(s.weak, s.data.comparisons), s.frozen.weak_shift};
    CHECK_THROWS_WITH_AS(run(other, 3, ld_dpo<>{}, another), doctest::Contains("reference log-probs"), input_error);
}

TEST_CASE("a transformer learns from token-level losses, and what it learns is the same in micro-batches") {
    const transformer_config config{.vocabulary_size = 11,
                                    .hidden_size = 8,
                                    .intermediate_size = 12,
                                    .layers = 1,
                                    .heads = 2,
                                    .key_value_heads = 2,
                                    .maximum_length = 16};
    const transformer<double> start(config, generator(1, "weights"));
    const std::vector<token_id> prompt{3, 1}, texts[] = {{4, 5, 6}, {7}, {2, 2}, {9, 8, 1, 0}};
    std::vector<token_comparison> pairs;
    label_set labels;
    for (std::uint64_t id = 0; id < 4; ++id) {
        pairs.push_back({id, prompt, texts[id], texts[(id + 1) % 4]});
        labels.add({id, id < 2 ? preference::for_first() : preference::for_second()});
    }
    const frozen_tokens frozen{reference_token_log_probs(start, pairs), {}};
    const auto learns = [&](const auto& loss) {
        const auto run = [&](std::size_t micro) {
            transformer<double> model = start;
            return train_token_preferences(model, pairs, labels, frozen, loss, {.rate = 3e-3, .weight_decay = 0},
                                           {.epochs = 20, .batch_size = 4, .micro_batch_size = micro});
        };
        const training_history whole = run(0), parts = run(1);
        CHECK(whole.steps.back().loss < 0.9 * whole.steps.front().loss);
        CHECK(whole.steps.back().rewards_accuracies == 1);
        CHECK(parts.steps.back().loss == doctest::Approx(whole.steps.back().loss).epsilon(1e-6));
    };
    learns(ld_dpo<>{.loss = {.beta = 1}});
    learns(wpo<>{.loss = {.beta = 1}});
    learns(wpo_clamped<>{.loss = {.beta = 1}});
}

TEST_CASE("a loss that couples the batch sees all of it, whatever the micro-batches") {
    setting s(11);
    s.labels = label_set();
    for (std::size_t i = 0; i < 11; ++i)
        s.labels.add({100 + i, i % 3 == 0 ? preference::for_second() : preference::for_first()});
    const auto check = [&](const auto& loss) {
        const auto [whole, step] = gradient_of(s, loss, s.start, 11);
        for (const std::size_t micro : {1U, 2U, 5U}) {
            const auto [parts, same] = gradient_of(s, loss, s.start, micro);
            CHECK(same.loss == doctest::Approx(step.loss).epsilon(1e-13));
            CHECK(same.logps_chosen == doctest::Approx(step.logps_chosen).epsilon(1e-14));
            CHECK(same.rewards_accuracies == step.rewards_accuracies);
            for (std::size_t t = 0; t < 6; ++t) CHECK(std::abs(parts[t] - whole[t]) < 1e-14);
        }
    };
    const from_tokens<dr_dpo> robust{};
    check(robust);
    CHECK(gradient_error_of(s.start, [&](const auto& m) { return gradient_of(s, robust, m, 3); }) < 1e-8);
    check(ld_dpo<confidence_weighted_dpo_normalised>{.part = {.ld_alpha = 0.3}});
    check(wpo<dr_dpo>{});
    s.weights.clear(); // a loss that sorts the batch takes no weights
    check(from_tokens<aot>{});
}

TEST_CASE("coupled on tokens is coupled on sums, in micro-batches, and a running mean goes through a checkpoint") {
    const setting s(13);
    const test::folder here;
    const std::vector<double> references = reference_log_probs(s.reference, s.data.comparisons);
    label_set labels;
    for (const auto& c : s.data.comparisons) labels.add({c.id, preference::for_first()});
    training_options options{.epochs = 2, .batch_size = 4, .micro_batch_size = 3, .seed = 3};
    const auto run = [&](token_model<double>& model) {
        return train_token_preferences(model, s.data.comparisons, labels, s.frozen, from_tokens<bco_pair_shifted>{},
                                       {.rate = 0.1}, options);
    };
    token_model<double> by_sums = s.start, by_tokens = s.start, resumed = s.start;
    const auto a =
        train_preferences(by_sums, s.data.comparisons, labels, references, bco_pair_shifted{}, {.rate = 0.1}, options);
    const auto b = run(by_tokens);
    REQUIRE(a.steps.size() == b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i)
        CHECK(b.steps[i].loss == doctest::Approx(a.steps[i].loss).epsilon(1e-12));
    for (std::size_t t = 0; t < 6; ++t) CHECK(by_tokens.logits[t] == doctest::Approx(by_sums.logits[t]).epsilon(1e-9));

    options.keeper = run_file{here / "run.safetensors", 1};
    options.observers = {[](const training_step& now) {
        if (now.step == 3) throw killed("killed");
    }};
    CHECK_THROWS_AS(run(resumed), killed);
    options.observers = {};
    resumed = s.start;
    CHECK(run(resumed).resumed_steps == 3);
    CHECK(resumed.logits == by_tokens.logits);
}

TEST_CASE("what does not fit is refused by name") {
    setting s(4);
    const auto run = [&](const auto& loss, const frozen_tokens& frozen) {
        token_model<double> model = s.start;
        train_token_preferences(model, s.data.comparisons, s.labels, frozen, loss, {}, silent);
    };
    CHECK_NOTHROW(run(from_tokens<simpo>{}, {}));
    CHECK_THROWS_WITH_AS(run(wspo{}, {s.frozen.reference, {}}), doctest::Contains("frozen.weak_shift has 0 rows, 8"),
                         argument_error);
    frozen_tokens cut = s.frozen;
    cut.reference = {};
    for (std::size_t r = 0; r < 8; ++r) cut.reference.push_back(s.frozen.reference[r].first(1));
    CHECK_THROWS_WITH_AS(run(from_tokens<dpo>{}, cut), doctest::Contains("1 log-probs of the reference were found"),
                         argument_error);
    cut.reference.push_back(std::vector<double>{1});
    CHECK_THROWS_WITH_AS(run(from_tokens<dpo>{}, cut), doctest::Contains("frozen.reference has 9 rows, 8"),
                         argument_error);
    frozen_tokens bad = s.frozen;
    bad.reference[0][0] = bad.reference[1][0] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(run(from_tokens<dpo>{}, bad), doctest::Contains("that of token 0 is nan"), numeric_error);
    s.start.logits[0] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(run(from_tokens<dpo>{}, s.frozen), doctest::Contains("step 1 of 1: pair "), numeric_error);
}
