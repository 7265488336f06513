#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/lists.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

namespace {

using token_list = ranked_list<token_span>;

/// Lists of 2 to 5 responses of a few tokens, with all columns.
struct list_data {
    token_data data{40};
    std::vector<token_list> lists;
    std::vector<std::uint32_t> ranked;
    std::vector<double> weights;

    explicit list_data(std::size_t n, std::size_t least = 2, std::size_t most = 5) {
        generator random(9, "lists");
        for (std::size_t i = 0, next = 0; i < n; ++i) {
            const std::size_t size = least + random.below(most - least + 1);
            lists.push_back({500 + i, {}, {}});
            for (std::size_t k = 0; k < size; ++k, ++next)
                lists.back().responses.push_back(data.sequences[next % data.sequences.size()]);
            ranked.push_back(static_cast<std::uint32_t>(1 + random.below(size)));
            weights.push_back(2 * random.uniform());
        }
    }
    [[nodiscard]] list_columns columns() const { return {ranked, weights}; }
};

/// Σ over responses of (reward − that of the one below − 1)², a listwise loss of a user's own.
struct ladder {
    double beta = 1;
    template <class Real> ranked_sums operator()(const ranked_scores<Real>& s, std::span<Real> gradient) const {
        ranked_sums sums{.weight = static_cast<double>(s.groups()), .groups = s.groups()};
        std::ranges::fill(gradient, Real(0));
        for (std::size_t g = 0; g < s.groups(); ++g) {
            for (std::size_t i = s.offsets[g]; i + 1 < s.offsets[g + 1]; ++i) {
                const double x = beta * static_cast<double>(s.score[i] - s.score[i + 1]) - 1;
                sums.loss += x * x;
                gradient[i] += static_cast<Real>(2 * beta * x);
                gradient[i + 1] -= static_cast<Real>(2 * beta * x);
            }
        }
        return sums;
    }
};

/// Gradient and metrics of one batch of all lists, in micro-batches.
std::pair<std::vector<double>, training_step> one_batch_of_lists(const list_data& d, const token_model<double>& start,
                                                                 std::span<const double> references,
                                                                 std::size_t micro) {
    loss_objective objective(list_batch<token_model<double>, token_list>(d.lists, references, d.columns()),
                             plackett_luce_loss{.beta = 0.5});
    token_model<double> model = start;
    const training_step step = one_batch(objective, model, micro);
    return {model.gradient, step};
}

} // namespace

TEST_CASE("lists of two are DPO: updates and metrics of every step") {
    const list_data d(14, 2, 2);
    std::vector<token_comparison> pairs;
    label_set labels;
    for (const token_list& list : d.lists) {
        pairs.push_back({list.id, {}, list.responses[0], list.responses[1]});
        labels.add({list.id, preference::for_first()});
    }
    const token_model<double> reference(6, 3);
    const auto references = reference_log_probs(reference, d.lists);
    CHECK(references == reference_log_probs(reference, pairs));
    const training_options options{.epochs = 3, .batch_size = 4};
    token_model<double> by_pairs(6, 2), by_lists = by_pairs;
    const training_history a = train_preferences(by_pairs, pairs, labels, references, dpo{.beta = 0.3}, {.rate = 0.05},
                                                 options, {.weight = d.weights}),
                           b = train_listwise(by_lists, d.lists, references, plackett_luce_loss{.beta = 0.3},
                                              {.rate = 0.05}, options, {.weight = d.weights});
    REQUIRE(a.steps.size() == b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i) {
        for (const auto& [name, member] : step_metrics) {
            INFO("step ", i, " ", name);
            CHECK(std::isnan(a.steps[i].*member) == std::isnan(b.steps[i].*member));
            if (!std::isnan(a.steps[i].*member))
                CHECK(std::abs(b.steps[i].*member - a.steps[i].*member) <= 1e-12 * (1 + std::abs(a.steps[i].*member)));
        }
    }
    for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(by_lists.logits[i] - by_pairs.logits[i]) < 1e-12);
}

TEST_CASE("the gradient is the derivative of the reported loss, whatever the micro-batches") {
    const list_data d(11);
    const token_model<double> policy(6, 2);
    const auto references = reference_log_probs(token_model<double>(6, 3), d.lists);
    const auto [gradient, step] = one_batch_of_lists(d, policy, references, 11);
    CHECK(gradient_error_of(policy, [&](const auto& model) { return one_batch_of_lists(d, model, references, 11); }) <
          1e-9);
    for (const std::size_t micro : {1U, 2U, 5U}) {
        const auto [parts, same] = one_batch_of_lists(d, policy, references, micro);
        CHECK(same.loss == doctest::Approx(step.loss).epsilon(1e-14));
        CHECK(same.rewards_rejected == doctest::Approx(step.rewards_rejected).epsilon(1e-14));
        CHECK(same.rewards_accuracies == step.rewards_accuracies);
        for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(parts[i] - gradient[i]) < 1e-15);
    }
}

TEST_CASE("training puts responses into their order, by any listwise loss, and reward models learn without reference") {
    std::vector<ranked_list<no_prompt, item>> lists{{1, {}, {2, 0, 1}}, {2, {}, {0, 1}}, {3, {}, {2, 0, 1, 3}}};
    const auto check = [&](const auto& loss) {
        strengths<double> table(4);
        const training_history history =
            train_listwise(table, lists, {}, loss, {.rate = 0.05, .weight_decay = 0}, {.epochs = 60, .batch_size = 3});
        CHECK(history.steps.back().loss < history.steps.front().loss);
        CHECK(table.theta[2] > table.theta[0]);
        CHECK(table.theta[0] > table.theta[1]);
        CHECK(table.theta[1] > table.theta[3]);
    };
    check(plackett_luce_loss{});
    check(ladder{});
}

TEST_CASE("a listwise run that is killed after any step and resumed has the bits of one never stopped") {
    const test::folder here;
    const list_data d(9);
    const auto references = reference_log_probs(token_model<float>(6, 3), d.lists);
    training_options options{.epochs = 2, .batch_size = 4, .micro_batch_size = 3, .seed = 12};
    const auto run = [&](token_model<float>& model, double beta = 0.4) {
        return train_listwise(model, d.lists, references, plackett_luce_loss{.beta = beta}, {.rate = 0.1}, options,
                              d.columns());
    };
    token_model<float> expected(6, 2);
    const training_history whole = run(expected);
    REQUIRE(whole.steps.size() == 6);
    for (std::uint64_t stop = 1; stop <= 6; ++stop) {
        options.keeper = run_file{here / "run.safetensors", 1};
        options.observers = {[stop](const training_step& now) {
            if (now.step == stop) throw killed("killed");
        }};
        token_model<float> model(6, 2), resumed = model;
        CHECK_THROWS_AS(run(model), killed);
        options.observers = {};
        const training_history history = run(resumed);
        CHECK(history.resumed_steps == stop);
        CHECK(std::memcmp(resumed.logits.data(), expected.logits.data(), 6 * sizeof(float)) == 0);
        CHECK(std::memcmp(&history.steps.back(), &whole.steps.back(), sizeof(training_step)) == 0);
        if (stop < 6) std::filesystem::remove(here / "run.safetensors");
    }
    // Another loss, other lists or other ranks are another run.
    token_model<float> model(6, 2);
    CHECK_THROWS_WITH_AS(run(model, 0.5), doctest::Contains("loss: "), input_error);
    list_data turned(9);
    std::swap(turned.lists[4].responses[0], turned.lists[4].responses[1]);
    const auto resume = [&](const list_data& other, const list_columns& columns) {
        train_listwise(model, other.lists, references, plackett_luce_loss{.beta = 0.4}, {.rate = 0.1}, options,
                       columns);
    };
    CHECK_THROWS_WITH_AS(resume(turned, d.columns()), doctest::Contains("data: "), input_error);
    CHECK_THROWS_WITH_AS(resume(d, {.weight = d.weights}), doctest::Contains("labels: "), input_error);
}

TEST_CASE("lists and columns that do not fit are named") {
    list_data d(3, 3, 3);
    token_model<double> policy(6, 2);
    const auto run = [&](std::span<const double> references = {}, const list_columns& columns = {}) {
        train_listwise(policy, d.lists, references, plackett_luce_loss{}, {}, silent, columns);
    };
    const std::vector<double> eight(8), bad{1, -1, 1},
        infinite{0, 0, 0, 0, 0, std::numeric_limits<double>::infinity(), 0, 0, 0};
    const std::vector<std::uint32_t> many{3, 4, 0};
    CHECK_THROWS_WITH_AS(run(eight), "reference_log_probs has 8 entries for 9 responses", argument_error);
    CHECK_THROWS_WITH_AS(run(infinite), doctest::Contains("list 501, response 2: its reference log-prob is inf"),
                         numeric_error);
    CHECK_THROWS_WITH_AS(run({}, {.weight = eight}), "weight has 8 entries for 3 lists", argument_error);
    CHECK_THROWS_WITH_AS(run({}, {.weight = bad}), doctest::Contains("list 501: weight is -1"), argument_error);
    CHECK_THROWS_WITH_AS(run({}, {.ranked = many}), "list 501: 4 of its 3 responses are ranked", argument_error);
    d.lists[2].responses.resize(1);
    CHECK_THROWS_WITH_AS(run(), "list 502: it has 1 responses, at least 2 were expected", argument_error);
    d.lists.pop_back();
    policy.logits[1] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(run(), doctest::Contains("step 1 of 1: list 50"), numeric_error);
}
