#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/single/bco.hpp>
#include <preflearn/loss/single/kto.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/completions.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

namespace {

/// Completions, flags and weights over a policy that draws tokens from one distribution.
struct flagged_data {
    token_data data;
    std::vector<token_completion> completions;
    std::vector<std::uint8_t> desirable;
    std::vector<double> weights;

    explicit flagged_data(std::size_t n) : data((n + 1) / 2) {
        generator random(6, "flags");
        for (std::size_t i = 0; i < n; ++i) {
            completions.push_back({{}, data.sequences[i]});
            desirable.push_back(random.uniform() < 0.5 ? 1 : 0);
            weights.push_back(2 * random.uniform());
        }
    }
};

/// Gradient and metrics of one batch of all examples, in micro-batches.
template <class Loss>
std::pair<std::vector<double>, training_step>
one_batch_of_completions(const flagged_data& d, const token_model<double>& start, const token_model<double>& reference,
                         const Loss& loss, std::size_t micro) {
    loss_objective objective(
        completion_batch<token_model<double>, token_completion, token_model<double>, loss_uses_mismatched<Loss>>(
            d.completions, d.desirable, reference, d.weights, CoupledUnpairedLoss<Loss>),
        loss);
    token_model<double> model = start;
    const training_step step = one_batch(objective, model, micro);
    return {model.gradient, step};
}

} // namespace

TEST_CASE("KTO's estimate scores every prompt with the response before it, under policy and reference") {
    const flagged_data d(7);
    const token_model<double> policy(6, 2), reference(6, 3);
    double mean = 0;
    for (const token_completion& c : d.completions) // one distribution for all prompts: the same responses, once each
        mean += (policy.log_prob({}, c.response) - reference.log_prob({}, c.response)) / 7;
    const training_step step =
        one_batch_of_completions(d, policy, reference, kto<mismatched_kl<unclamped>>{}, 7).second;
    CHECK(step.kl == doctest::Approx(mean).epsilon(1e-13));
    const auto [gradient, given] =
        one_batch_of_completions(d, policy, reference, kto<given_kl>{.estimator = {mean}}, 7);
    CHECK(step.loss == doctest::Approx(given.loss).epsilon(1e-13));
    CHECK(step.rewards_chosen == given.rewards_chosen);
    CHECK(step.rewards_margins == step.rewards_chosen - step.rewards_rejected);
}

TEST_CASE("which prompt meets which response: the first of the batch meets the last, one alone the next of the data") {
    // A model over items whose score tells prompt and response apart.
    struct recorder {
        using real = double;
        using example = completion<int>;
        struct pass {
            std::vector<double> values;
            [[nodiscard]] std::span<const double> scores() const { return values; }
        };
        std::vector<double> weights = std::vector<double>(1);
        [[nodiscard]] pass forward(std::span<const example> batch) const {
            pass p;
            for (const example& e : batch) p.values.push_back(log_prob(e.prompt, e.response));
            return p;
        }
        void backward(pass&&, std::span<const double>) {}
        std::span<double> parameters() { return weights; }
        std::span<double> gradients() { return weights; }
        [[nodiscard]] double log_prob(int prompt, int response) const { return -(prompt * 10.0 + response); }
    };
    struct zero {
        [[nodiscard]] double log_prob(int, int) const { return 0; }
    };
    const std::vector<completion<int>> data{{1, 1}, {2, 2}, {3, 4}};
    const std::vector<std::uint8_t> flags{1, 0, 1};
    const zero reference;
    loss_objective objective(completion_batch<recorder, completion<int>, zero, true>(data, flags, reference, {}, true),
                             kto<mismatched_kl<unclamped>>{});
    const auto kl_of = [&](std::vector<std::size_t> batch, std::size_t micro) {
        recorder model;
        objective.begin(1);
        objective.prepare(model, batch, micro);
        for (std::size_t i = 0; i < batch.size(); ++i) objective.accumulate(model, std::span(batch).subspan(i, 1));
        training_step step;
        objective.finish(step);
        return step.kl;
    };
    for (const std::size_t micro : {1U, 2U, 3U})
        CHECK(kl_of({0, 1, 2}, micro) == doctest::Approx(-((10 + 4) + (20 + 1) + (30 + 2)) / 3.0));
    CHECK(kl_of({2, 0}, 2) == doctest::Approx(-((30 + 1) + (10 + 4)) / 2.0));
    CHECK(kl_of({2}, 1) == -(30 + 1));
}

TEST_CASE("the gradient of accumulated micro-batches is that of the whole batch, coupled or not") {
    const flagged_data d(11);
    const token_model<double> policy(6, 2), reference(6, 3);
    const auto check = [&](const auto& loss) {
        const auto [whole, step] = one_batch_of_completions(d, policy, reference, loss, 11);
        for (const std::size_t micro : {1U, 2U, 5U}) {
            const auto [parts, same] = one_batch_of_completions(d, policy, reference, loss, micro);
            CHECK(same.loss == doctest::Approx(step.loss).epsilon(1e-14));
            CHECK(same.rewards_rejected == doctest::Approx(step.rewards_rejected).epsilon(1e-14));
            for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(parts[i] - whole[i]) < 1e-15);
        }
    };
    check(apo_zero_unpaired{});
    check(kto<>{.desirable_weight = 1.5});
    check(kto<class_mean_kl<>>{});
    check(bco{});
}

TEST_CASE("the gradient is the derivative of the reported loss") {
    const flagged_data d(9);
    const token_model<double> policy(6, 2), reference(6, 3);
    const apo_zero_unpaired loss{.beta = 0.5};
    CHECK(gradient_error_of(policy, [&](const auto& model) {
              return one_batch_of_completions(d, model, reference, loss, 9);
          }) < 1e-9);
}

TEST_CASE("training makes desirable responses likelier than undesirable ones, under every loss") {
    const std::vector<token_id> good{0, 1}, bad{2, 3}, third{4};
    const std::vector<token_completion> data{{{}, good}, {{}, bad}, {{}, third}};
    const std::vector<std::uint8_t> flags{1, 0, 0};
    const auto check = [&](const auto& loss) {
        token_model<double> policy(5);
        const token_model<double> reference = policy;
        const training_history history = train_unpaired(
            policy, data, flags, reference, loss, {.rate = 0.05, .weight_decay = 0}, {.epochs = 100, .batch_size = 3});
        CHECK(policy.log_prob({}, good) > reference.log_prob({}, good) + 1);
        CHECK(policy.log_prob({}, bad) < reference.log_prob({}, bad) - 1);
        CHECK(history.steps.back().rewards_margins > 0);
        CHECK(history.steps.back().loss < history.steps.front().loss);
    };
    check(kto<>{});
    check(kto<class_mean_kl<>>{});
    check(apo_zero_unpaired{});
    check(bco{});
}

TEST_CASE("log-probs of the reference computed once do as well, where no other responses are scored") {
    const flagged_data d(12);
    const token_model<double> reference(6, 3);
    std::vector<double> known;
    for (const token_completion& c : d.completions) known.push_back(reference.log_prob({}, c.response));
    token_model<double> a(6, 2), b = a;
    train_unpaired(a, d.completions, d.desirable, reference, bco{}, {}, silent, d.weights);
    train_unpaired(b, d.completions, d.desirable, known, bco{}, {}, silent, d.weights);
    CHECK(a.logits == b.logits);
}

TEST_CASE("a run with a running mean that is killed after any step and resumed has the bits of one never stopped") {
    const test::folder here;
    const flagged_data d(23);
    const token_model<float> reference(6, 3);
    training_options options{.epochs = 2, .batch_size = 5, .micro_batch_size = 2, .seed = 12};
    token_model<float> expected(6, 2);
    const training_history whole =
        train_unpaired(expected, d.completions, d.desirable, reference, bco{}, {.rate = 0.1}, options, d.weights);
    REQUIRE(whole.steps.size() == 10);
    for (std::uint64_t stop = 1; stop <= 10; ++stop) {
        for (const std::size_t every : {1U, 3U}) {
            options.keeper = run_file{here / "run.safetensors", every};
            options.observers = {[stop](const training_step& now) {
                if (now.step == stop) throw killed("killed");
            }};
            token_model<float> model(6, 2);
            CHECK_THROWS_AS(
                train_unpaired(model, d.completions, d.desirable, reference, bco{}, {.rate = 0.1}, options, d.weights),
                killed);
            options.observers = {};
            token_model<float> resumed(6, 2);
            const training_history history = train_unpaired(resumed, d.completions, d.desirable, reference, bco{},
                                                            {.rate = 0.1}, options, d.weights);
            CHECK(history.resumed_steps == stop / every * every + (stop == 10 ? 10 - stop / every * every : 0));
            CHECK(std::memcmp(resumed.logits.data(), expected.logits.data(), 6 * sizeof(float)) == 0);
            CHECK(std::memcmp(&history.steps.back(), &whole.steps.back(), sizeof(training_step)) == 0);
            std::filesystem::remove(here / "run.safetensors");
        }
    }
    // Another loss, or other flags, are another run.
    token_model<float> model(6, 2);
    options.keeper = run_file{here / "run.safetensors", 0};
    train_unpaired(model, d.completions, d.desirable, reference, bco{}, {.rate = 0.1}, options, d.weights);
    CHECK_THROWS_WITH_AS(
        train_unpaired(model, d.completions, d.desirable, reference, bco{.beta = 0.2}, {.rate = 0.1}, options),
        doctest::Contains("loss: "), input_error);
    std::vector<std::uint8_t> turned = d.desirable;
    turned[4] = turned[4] != 0 ? 0 : 1;
    CHECK_THROWS_WITH_AS(train_unpaired(model, d.completions, turned, reference, bco{}, {.rate = 0.1}, options),
                         doctest::Contains("labels: "), input_error);
}

TEST_CASE("pairs become completions by their labels") {
    const token_data data(4);
    label_set labels;
    labels.add({100, 0.9});
    labels.add({101, preference::for_second()});
    labels.add({102, preference::tied()});
    labels.add({103, preference::abstention()});
    const auto flagged = flagged_by_labels(data.comparisons, labels);
    CHECK(flagged.desirable == std::vector<std::uint8_t>{1, 0, 0, 1});
    CHECK(flagged.completions[3].response.data() == data.comparisons[1].second.data());
}

TEST_CASE("what does not fit is named") {
    const flagged_data d(5);
    token_model<double> policy(6, 2);
    const token_model<double> reference(6, 3);
    const std::vector<std::uint8_t> few(4, 1);
    const std::vector<double> three(3, 1), negative{1, 1, -1, 1, 1};
    CHECK_THROWS_WITH_AS(train_unpaired(policy, d.completions, few, reference, kto<>{}, {}, silent),
                         doctest::Contains("desirable has 4 entries for 5 completions"), argument_error);
    CHECK_THROWS_WITH_AS(train_unpaired(policy, d.completions, d.desirable, three, bco{}, {}, silent),
                         doctest::Contains("the reference has 3 log-probs for 5 completions"), argument_error);
    CHECK_THROWS_WITH_AS(train_unpaired(policy, d.completions, d.desirable, reference, bco{}, {}, silent, negative),
                         doctest::Contains("completion 2: weight is -1"), argument_error);
    const std::vector<token_completion> one{d.completions[0]};
    const std::vector<std::uint8_t> flag{1};
    CHECK_THROWS_WITH_AS(train_unpaired(policy, one, flag, reference, kto<>{}, {}, silent),
                         doctest::Contains("there is one completion"), argument_error);
    policy.logits[2] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(train_unpaired(policy, d.completions, d.desirable, reference, bco{}, {}, silent),
                         doctest::Contains("step 1 of 1: completion "), numeric_error);
}
