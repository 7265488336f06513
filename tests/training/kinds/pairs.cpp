#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/reward/linear.hpp>
#include <preflearn/teacher/from_reward.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

namespace {

/// A whole-batch run long enough to converge.
training_options to_the_optimum(std::size_t pairs) {
    return {.epochs = 3000, .batch_size = pairs, .schedule = schedule::cosine};
}

/// Every pair of `items` items once per copy, with a preference of σ(i - j) / 2 + ¼ for the lower one.
struct tournament {
    std::vector<item_comparison> comparisons;
    label_set labels;
    explicit tournament(std::size_t items) {
        for (item i = 0; i < items; ++i) {
            for (item j = 0; j < items; ++j) {
                if (i == j) continue;
                const std::uint64_t id = comparisons.size() + 7;
                comparisons.push_back({id, {}, i, j});
                labels.add({id, sigmoid(0.8 * (static_cast<double>(i) - static_cast<double>(j))) / 2 + 0.25});
            }
        }
    }
};

// A user's own loss, which knows nothing of ours: the squared distance of the margin from one (IPO at τ = ½).
struct own_loss {
    loss_sums operator()(const pair_scores<double>& s, const pair_gradients<double>& d) const {
        loss_sums sums{.pairs = s.size()};
        for (std::size_t i = 0; i < s.size(); ++i) {
            const double x = s.chosen[i] - s.rejected[i] - 1;
            sums.loss += x * x;
            if (!d.chosen.empty()) d.rejected[i] = -(d.chosen[i] = 2 * x);
        }
        return sums;
    }
};

} // namespace

TEST_CASE("a table of strengths reaches the Bradley-Terry maximum: expected wins equal the wins that were labelled") {
    const tournament t(5);
    strengths<double> table(5);
    train_preferences(table, t.comparisons, t.labels, {}, bradley_terry{}, {.rate = 0.05, .weight_decay = 0},
                      to_the_optimum(t.comparisons.size()));
    std::vector<double> labelled(5), expected(5);
    for (const auto& c : t.comparisons) {
        const double q = t.labels.at(c.id).first(), p = sigmoid(table.theta[c.first] - table.theta[c.second]);
        labelled[c.first] += q;
        labelled[c.second] += 1 - q;
        expected[c.first] += p;
        expected[c.second] += 1 - p;
    }
    for (item i = 0; i < 5; ++i) CHECK(expected[i] == doctest::Approx(labelled[i]).epsilon(1e-6));
}

TEST_CASE("DPO on one pair with a soft label brings β times the change of log-odds to the label's log-odds") {
    const std::vector<token_id> first{0}, second{1};
    const std::vector<token_comparison> one{{3, {}, first, second}};
    token_model<double> policy(2, 9);
    const token_model<double> reference = policy;
    label_set labels;
    labels.add({3, 0.2}); // the second response is the likelier one: it becomes the chosen one with target 0.8
    const auto references = reference_log_probs(reference, one);
    const auto history = train_preferences(policy, one, labels, references, dpo{.beta = 0.5},
                                           {.rate = 0.02, .weight_decay = 0}, to_the_optimum(1));
    const double change = (policy.log_prob({}, second) - policy.log_prob({}, first)) -
                          (reference.log_prob({}, second) - reference.log_prob({}, first));
    CHECK(0.5 * change == doctest::Approx(std::log(0.8 / 0.2)).epsilon(1e-5));
    CHECK(history.steps.front().loss == doctest::Approx(std::log(2.0)));
    CHECK(history.steps.front().rewards_ties == 1);
    CHECK(history.steps.back().rewards_accuracies == 1);
    CHECK(history.steps.back().rewards_margins == doctest::Approx(std::log(4.0)).epsilon(1e-5));
    CHECK(history.steps.back().logps_chosen == doctest::Approx(policy.log_prob({}, second)).epsilon(1e-6));
}

TEST_CASE("which response comes first in a pair does not matter, nor does the order of its references") {
    const token_data data(30);
    std::vector<token_comparison> turned = data.comparisons;
    label_set labels, turned_labels;
    generator random(4);
    for (std::size_t i = 0; i < 30; ++i) {
        const preference verdict{random.uniform()};
        labels.add({data.comparisons[i].id, verdict});
        if (i % 3 == 0) std::swap(turned[i].first, turned[i].second);
        turned_labels.add({turned[i].id, i % 3 == 0 ? verdict.mirrored() : verdict});
    }
    token_model<double> a(6, 2), b = a;
    const token_model<double> reference(6, 3);
    train_preferences(a, data.comparisons, labels, reference_log_probs(reference, data.comparisons), dpo{}, {}, silent);
    train_preferences(b, turned, turned_labels, reference_log_probs(reference, turned), dpo{}, {}, silent);
    for (std::size_t i = 0; i < 6; ++i) CHECK(a.logits[i] == doctest::Approx(b.logits[i]).epsilon(1e-12));
}

TEST_CASE("abstained pairs are left out and counted; an exact tie pulls the margin to zero") {
    const std::vector<item_comparison> pairs{{1, {}, 0, 1}, {2, {}, 2, 3}};
    label_set labels;
    labels.add({1, preference::abstention()});
    labels.add({2, preference::tied()});
    strengths<double> table(4);
    table.theta = {1, 0, 3, 1};
    const auto history = train_preferences(table, pairs, labels, {}, bradley_terry{}, {.rate = 0.05, .weight_decay = 0},
                                           to_the_optimum(1));
    CHECK(history.abstained == 1);
    CHECK(table.theta[0] == 1);
    CHECK(table.theta[1] == 0);
    CHECK(std::abs(table.theta[2] - table.theta[3]) < 1e-6);
}

TEST_CASE("weights scale a pair's share, a pair of weight zero teaches nothing, and equal weights change nothing") {
    const tournament t(4);
    const std::size_t n = t.comparisons.size();
    const auto run = [&](std::span<const double> weights, std::span<const item_comparison> comparisons) {
        strengths<double> table(4);
        train_preferences(table, comparisons, t.labels, {}, bradley_terry{}, {}, {.batch_size = 100},
                          {.weight = weights});
        return table.theta;
    };
    const std::vector<double> twos(n, 2);
    CHECK(run(twos, t.comparisons) == run({}, t.comparisons));
    std::vector<double> mask(n, 0);
    mask[0] = 1;
    CHECK(run(mask, t.comparisons) == run({}, std::span(t.comparisons).first(1)));
    const std::vector<double> nothing(n, 0);
    CHECK(run(nothing, t.comparisons) == std::vector<double>(4, 0));
}

TEST_CASE("a margin asks for a larger difference of the chosen response") {
    const std::vector<item_comparison> pairs{{1, {}, 0, 1}};
    label_set labels;
    labels.add({1, 0.75});
    strengths<double> table(2);
    const std::vector<double> margin{1.5};
    train_preferences(table, pairs, labels, {}, bradley_terry{}, {.rate = 0.05, .weight_decay = 0}, to_the_optimum(1),
                      {.margin = margin});
    CHECK(table.theta[0] - table.theta[1] == doctest::Approx(1.5 + std::log(3.0)).epsilon(1e-6));
}

TEST_CASE("a user's own ten-line loss trains") {
    static_assert(PreferenceLoss<own_loss, double> && !PreferenceLoss<own_loss, float>);
    const std::vector<item_comparison> pairs{{1, {}, 0, 1}};
    label_set labels;
    labels.add({1, preference::for_second()});
    strengths<float> table(2);
    train_preferences(table, pairs, labels, {}, own_loss{}, {.rate = 0.05, .weight_decay = 0}, to_the_optimum(1));
    CHECK(table.theta[1] - table.theta[0] == doctest::Approx(1).epsilon(1e-4));
}

TEST_CASE("the gradient of accumulated micro-batches is that of the whole batch, with weights too") {
    const token_data data(11);
    label_set labels;
    std::vector<double> weights;
    generator random(8);
    for (const auto& c : data.comparisons) {
        labels.add({c.id, random.uniform()});
        weights.push_back(random.uniform());
    }
    const token_model<double> start(6, 2), reference(6, 3);
    const auto references = reference_log_probs(reference, data.comparisons);
    const auto gradient = [&](std::size_t micro) {
        token_model<double> model = start;
        loss_objective objective(
            pair_batch(model, std::span(data.comparisons), labels, references, {.weight = weights}), dpo{});
        const double loss = one_batch(objective, model, micro).loss;
        return std::pair(model.gradient, loss);
    };
    const auto [whole, loss] = gradient(11);
    for (const std::size_t micro : {1U, 2U, 5U}) {
        const auto [parts, same_loss] = gradient(micro);
        CHECK(same_loss == doctest::Approx(loss).epsilon(1e-14));
        for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(parts[i] - whole[i]) < 1e-15);
    }
    // and it is the derivative of the reported loss
    for (std::size_t i = 0; i < 6; ++i) {
        const auto loss_at = [&](double shift) {
            double sum = 0, total = 0;
            token_model<double> model = start;
            model.logits[i] += shift;
            for (std::size_t k = 0; k < 11; ++k) {
                const auto& c = data.comparisons[k];
                const double q = labels.at(c.id).first(),
                             z = 0.1 * (model.log_prob({}, c.first) - model.log_prob({}, c.second) - references[2 * k] +
                                        references[2 * k + 1]);
                sum += weights[k] * (q * softplus(-z) + (1 - q) * softplus(z));
                total += weights[k];
            }
            return sum / total;
        };
        CHECK(loss_at(0) == doctest::Approx(loss).epsilon(1e-13));
        CHECK(std::abs((loss_at(1e-5) - loss_at(-1e-5)) / 2e-5 - whole[i]) < 1e-9);
    }
}

TEST_CASE("a loss that couples the batch sees all of it, whatever the micro-batches") {
    const token_data data(11);
    label_set labels;
    for (std::size_t i = 0; i < 11; ++i)
        labels.add({100 + i, i % 3 == 0 ? preference::for_second() : preference::for_first()});
    const token_model<double> start(6, 2), reference(6, 3);
    const auto references = reference_log_probs(reference, data.comparisons);
    for_each_coupled_loss([&]<class Loss>(const Loss& loss) {
        const auto gradient = [&]<class Chosen>(const Chosen& chosen, std::size_t micro) {
            token_model<double> model = start;
            loss_objective objective(pair_batch(model, std::span(data.comparisons), labels, references, {}), chosen);
            const std::vector<std::size_t> examples{4, 0, 9, 2, 7, 1, 10, 3, 8, 5, 6};
            objective.begin(11);
            objective.prepare(model, examples, micro);
            for (std::size_t i = 0; i < 11; i += micro)
                objective.accumulate(model, std::span(examples).subspan(i, std::min<std::size_t>(micro, 11 - i)));
            training_step step;
            objective.finish(step);
            return std::pair(model.gradient, step);
        };
        INFO(description_of<Loss>.name);
        const auto [whole, step] = gradient(loss, 11);
        for (const std::size_t micro : {1U, 2U, 5U}) {
            const auto [parts, same] = gradient(loss, micro);
            CHECK(same.loss == doctest::Approx(step.loss).epsilon(1e-13));
            CHECK(same.logps_chosen == doctest::Approx(step.logps_chosen).epsilon(1e-14));
            CHECK(same.rewards_accuracies == step.rewards_accuracies);
            for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(parts[i] - whole[i]) < 1e-14);
            CHECK(gradient(any_loss<double>(loss), micro).first == parts);
        }
        // and it is the derivative of the reported loss, but for BCO's shift, which is a constant
        if (std::is_same_v<Loss, bco_pair_shifted>) return;
        for (std::size_t i = 0; i < 6; ++i) {
            const auto loss_at = [&](double shift) {
                token_model<double> model = start;
                model.logits[i] += shift;
                loss_objective objective(pair_batch(model, std::span(data.comparisons), labels, references, {}), loss);
                std::vector<std::size_t> examples{4, 0, 9, 2, 7, 1, 10, 3, 8, 5, 6};
                objective.begin(11);
                objective.accumulate(model, examples);
                training_step now;
                objective.finish(now);
                return now.loss;
            };
            CHECK(std::abs((loss_at(1e-5) - loss_at(-1e-5)) / 2e-5 - whole[i]) < 1e-8);
        }
    });
}

TEST_CASE("a running mean of rewards goes from step to step and through a checkpoint") {
    const test::folder here;
    const token_data data(13);
    label_set labels;
    for (const auto& c : data.comparisons) labels.add({c.id, preference::for_first()});
    const auto references = reference_log_probs(token_model<double>(6, 3), data.comparisons);
    training_options options{.epochs = 2, .batch_size = 4, .seed = 3};
    const auto run = [&](token_model<double>& model) {
        return train_preferences(model, data.comparisons, labels, references, bco_pair_shifted{}, {.rate = 0.1},
                                 options);
    };
    token_model<double> expected(6, 2), resumed(6, 2);
    run(expected);
    options.keeper = run_file{here / "run.safetensors", 1};
    options.observers = {[](const training_step& now) {
        if (now.step == 3) throw numeric_error("killed");
    }};
    CHECK_THROWS_AS(run(resumed), numeric_error);
    options.observers = {};
    resumed = token_model<double>(6, 2);
    CHECK(run(resumed).resumed_steps == 3);
    CHECK(resumed.logits == expected.logits);
}

TEST_CASE("what does not fit together is refused by name") {
    const tournament t(3);
    strengths<double> table(3);
    const auto run = [&](const label_set& labels, std::span<const double> references, pair_columns columns) {
        train_preferences(table, t.comparisons, labels, references, bradley_terry{}, {}, silent, columns);
    };
    const std::vector<double> five(5, 1), negative{1, 1, 1, 1, 1, -1};
    CHECK_THROWS_WITH_AS(run({}, {}, {}), doctest::Contains("pair 7 has no label"), argument_error);
    CHECK_THROWS_WITH_AS(run(t.labels, five, {}), doctest::Contains("reference_log_probs has 5 entries, 12"),
                         argument_error);
    CHECK_THROWS_WITH_AS(run(t.labels, {}, {.weight = five}), doctest::Contains("weight has 5 entries"),
                         argument_error);
    CHECK_THROWS_WITH_AS(run(t.labels, {}, {.weight = negative}), doctest::Contains("pair 12: weight is -1"),
                         argument_error);
    label_set nobody;
    for (const auto& c : t.comparisons) nobody.add({c.id, preference::abstention()});
    CHECK_THROWS_WITH_AS(run(nobody, {}, {}), doctest::Contains("did not abstain"), argument_error);
    table.theta[1] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(run(t.labels, {}, {}), doctest::Contains("step 1 of 1: pair "), numeric_error);
}

namespace {

/// r(y) = wᵀ y, written with Eigen throughout.
struct own_linear {
    using real = double;
    struct pass {
        Eigen::MatrixXd features;
        std::vector<double> values;
        [[nodiscard]] std::span<const double> scores() const { return values; }
    };
    Eigen::VectorXd w = Eigen::VectorXd::Zero(2), g = Eigen::VectorXd::Zero(2);

    [[nodiscard]] pass forward(std::span<const completion<no_prompt, Eigen::VectorXd>> batch) const {
        pass done{Eigen::MatrixXd(2, static_cast<Eigen::Index>(batch.size())), {}};
        for (std::size_t i = 0; i < batch.size(); ++i) {
            done.features.col(static_cast<Eigen::Index>(i)) = batch[i].response;
            done.values.push_back(w.dot(batch[i].response));
        }
        return done;
    }
    void backward(pass&& done, std::span<const double> d) {
        g += done.features * Eigen::Map<const Eigen::VectorXd>(d.data(), static_cast<Eigen::Index>(d.size()));
    }
    Eigen::VectorXd& parameters() { return w; }
    Eigen::VectorXd& gradients() { return g; }
};

} // namespace

TEST_CASE("pairs of Eigen vectors train our linear reward and a user's own of Eigen vectors alike") {
    std::vector<comparison<no_prompt, Eigen::VectorXd>> pairs; // not const
    for (std::uint64_t id = 0; id < 20; ++id) {
        const double x = std::sin(static_cast<double>(id));
        pairs.push_back({id, {}, Eigen::Vector2d(x, 1), Eigen::Vector2d(0.3, x * x)});
    }
    const label_set labels = label_all(pairs, [](const auto& c) { return sigmoid(2 * c.first[0] - c.second[1]); });
    linear_reward<> ours(2);
    own_linear own;
    const training_options options{.epochs = 5, .batch_size = 4};
    train_preferences(ours, pairs, labels, {}, bradley_terry{}, {.rate = 0.1}, options);
    train_preferences(own, pairs, labels, {}, bradley_terry{}, {.rate = 0.1}, options);
    CHECK(own.w.norm() > 0.1);
    for (Eigen::Index i = 0; i < 2; ++i)
        CHECK(ours.parameters()[static_cast<std::size_t>(i)] == doctest::Approx(own.w[i]).epsilon(1e-12));
    CHECK(label_all(pairs, reward_teacher{ours}).size() == 20);
}

TEST_CASE("a step's loss is the value of the loss at the batch's scores, also where the loss itself weighs") {
    const tournament t(5);
    strengths<double> model(5);
    model.theta = {0.3, -1, 0.5, 2, -0.25};
    std::vector<double> weight(t.comparisons.size());
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 0.5 + 0.25 * static_cast<double>(i % 4);
    const auto agrees = [&](const auto& loss, const pair_columns& columns) {
        const labelled_pairs all = orient(std::span(t.comparisons), t.labels, columns);
        std::vector<double> chosen, rejected, target;
        for (const labelled_pair& p : all.pairs) {
            const item_comparison& c = t.comparisons[p.index];
            chosen.push_back(model.theta[p.swapped ? c.second : c.first]);
            rejected.push_back(model.theta[p.swapped ? c.first : c.second]);
            target.push_back(p.target);
        }
        loss_objective objective(pair_batch(model, std::span(t.comparisons), t.labels, {}, columns), loss);
        const double expected = reduced_loss(
            loss,
            pair_scores<double>{.chosen = chosen, .rejected = rejected, .weight = columns.weight, .target = target});
        model.gradient.assign(5, 0);
        CHECK(one_batch(objective, model, 7).loss == doctest::Approx(expected).epsilon(1e-13));
    };
    for (const pair_columns& columns : {pair_columns{}, pair_columns{.weight = weight}}) {
        agrees(confidence_weighted_dpo{.beta = 1}, columns);
        agrees(confidence_weighted_dpo_normalised{.beta = 1}, columns);
        agrees(dr_dpo{.beta = 1}, columns);
        agrees(bradley_terry{}, columns);
    }
}

TEST_CASE("ORPO goes on when a response becomes certain, and an infinite loss names the pair by its id") {
    const std::vector<token_id> yes{0}, no{1};
    using C = comparison<token_span, token_span>;
    std::vector<C> comparisons{{70, {}, yes, no}, {71, {}, yes, no}, {72, {}, yes, no}};
    const label_set labels({{70, 1.0}, {71, 1.0}, {72, 1.0}});
    token_model<double> model(2);
    const training_history history = train_preferences(
        model, comparisons, labels, {}, orpo{}, adamw{.rate = 10, .weight_decay = 0}, {.epochs = 60, .batch_size = 3});
    CHECK(model.log_distribution()[0] == 0); // certain
    CHECK(history.steps.back().loss == 0);
    CHECK(history.steps.back().rewards_accuracies == 1);
    comparisons[1] = {71, {}, no, yes};
    CHECK_THROWS_WITH_AS(train_preferences(model, comparisons, labels, {}, orpo{}, adamw{}, silent),
                         doctest::Contains("step 1 of 1: pair 71: the rejected response is certain"), numeric_error);
}
