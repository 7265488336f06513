#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/lists.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/objective.hpp>

#include "../files.hpp"
#include "toys.hpp"

using namespace preflearn;

namespace {

/// A kind of data that the library does not know: items with a value each that their strengths are to have.
struct value_sums {
    double loss = 0, largest = 0;
    value_sums& operator+=(const value_sums& other) {
        loss += other.loss;
        largest = std::max(largest, other.largest);
        return *this;
    }
};
struct value_scores {
    using gradients = std::span<double>;
    using sums = value_sums;
    std::span<const double> score, value;
};
struct value_batch {
    using model_type = strengths<double>;
    static constexpr std::string_view kind = "values", place = "value";
    std::vector<double> values;

    std::vector<item_completion> completions{};
    std::vector<double> score{}, value{}, gradient{};

    [[nodiscard]] std::size_t size() const { return values.size(); }
    [[nodiscard]] static double weight(std::size_t) { return 1; }
    [[nodiscard]] static std::string name(std::size_t i) { return message("item ", i); }
    static void begin() {}
    void gather(std::span<const std::size_t> items) {
        completions.clear();
        value.clear();
        for (const std::size_t i : items) {
            completions.push_back({{}, i});
            value.push_back(values[i]);
        }
        gradient.resize(items.size());
    }
    [[nodiscard]] strengths<double>::pass forward(const strengths<double>& model) const {
        return model.forward(completions);
    }
    void take(const strengths<double>::pass& pass, std::span<const std::size_t>) { score = pass.values; }
    [[nodiscard]] value_scores scores() const { return {score, value}; }
    [[nodiscard]] std::span<double> gradients() { return gradient; }
    void backward(strengths<double>& model, strengths<double>::pass&& pass, double factor) const {
        std::vector<double> scaled = gradient;
        for (double& d : scaled) d *= factor;
        model.backward(std::move(pass), scaled);
    }
    static void report(training_step& step, const value_sums& sums) { step.rewards_chosen = sums.largest; }
    void describe(run_description& run) const { run.add("data", fingerprint_of(values)); }
};
static_assert(LossBatch<value_batch>);

/// Σ (score − value − m)² / 2, m the running mean of all score − value so far, which is taken as a constant.
struct distance_from_mean {
    static constexpr loss_about about{"distance_from_mean"};
    struct state {
        running_mean before{};
        double sum = 0, count = 0;
        state& operator+=(const state& other) {
            sum += other.sum;
            count += other.count;
            return *this;
        }
        [[nodiscard]] running_mean after() const {
            running_mean now = before;
            now.add(sum / count, count);
            return now;
        }
    };
    [[nodiscard]] static state reduce(const value_scores& s) {
        state all{.count = static_cast<double>(s.score.size())};
        for (std::size_t i = 0; i < s.score.size(); ++i) all.sum += s.score[i] - s.value[i];
        return all;
    }
    [[nodiscard]] static value_sums map(const value_scores& s, const state& batch, std::span<double> gradient) {
        value_sums sums;
        for (std::size_t i = 0; i < s.score.size(); ++i) {
            const double x = s.score[i] - s.value[i] - batch.after().mean;
            require(s.value[i] < 100, "value ", i, ": is too large");
            sums += {x * x / 2, std::abs(x)};
            if (!gradient.empty()) gradient[i] = x;
        }
        return sums;
    }
    value_sums operator()(const value_scores& s, std::span<double> gradient) const {
        return map(s, reduce(s), gradient);
    }
};
static_assert(CoupledLoss<distance_from_mean, value_scores>);

} // namespace

TEST_CASE("a kind of data of one's own trains by a coupled loss with a running mean, in micro-batches, and goes on") {
    const test::folder here;
    const std::vector<double> values{1, 2, 4, 8, 3, 5, 9};
    const auto run = [&](strengths<double>& model, std::size_t micro, std::size_t steps,
                         const run_keeper& keeper = {}) {
        loss_objective objective(value_batch{values}, distance_from_mean{});
        return train(model, objective, adamw{.rate = 0.1},
                     {.epochs = 4, .max_steps = steps, .batch_size = 4, .micro_batch_size = micro, .keeper = keeper});
    };
    strengths<double> whole(7), parts(7), kept(7);
    const training_history a = run(whole, 0, 8), b = run(parts, 3, 8);
    CHECK(a.steps[3].rewards_chosen == doctest::Approx(b.steps[3].rewards_chosen));
    for (const training_history* h : {&a, &b}) { // what the model computed, a second pass of it not counted
        CHECK(h->steps[0].tokens == 4);
        CHECK(h->steps[1].tokens == 3);
    }
    for (item i = 0; i < 7; ++i) CHECK(parts.theta[i] == doctest::Approx(whole.theta[i]).epsilon(1e-12));
    run(kept, 0, 3, run_file{here / "run.safetensors"});
    kept = strengths<double>(7);
    CHECK(run(kept, 0, 8, run_file{here / "run.safetensors"}).resumed_steps == 3);
    CHECK(kept.theta == whole.theta);
}

TEST_CASE("what a loss throws names the example, whatever its place in the micro-batch") {
    strengths<double> model(3);
    loss_objective objective(value_batch{{1, 100, 2}}, distance_from_mean{});
    const auto run = [&] { one_batch(objective, model, 2); };
    CHECK_THROWS_WITH_AS(run(), "item 1: is too large", argument_error);
}

TEST_CASE("what a model throws over many completions names the list") {
    struct refuses : strengths<double> {
        using strengths<double>::strengths;
        [[nodiscard]] pass forward(std::span<const item_completion> batch) const {
            for (std::size_t i = 0; i < batch.size(); ++i)
                require(batch[i].response != 3, "completion ", i, ": item 3 is unknown");
            return strengths<double>::forward(batch);
        }
    };
    const std::vector<ranked_list<no_prompt, item>> lists{{50, {}, {2, 0, 1}}, {51, {}, {0, 3, 2}}};
    refuses model(4);
    CHECK_THROWS_WITH_AS(train_listwise(model, lists, {}, plackett_luce_loss{}, {}, silent),
                         "list 51: item 3 is unknown", argument_error);
}

TEST_CASE("lengths are asked for once in a run, and only those that the loss reads") {
    struct counting : token_model<double> {
        using token_model<double>::token_model;
        mutable std::size_t asked = 0;
        [[nodiscard]] token_span response_tokens(token_span response) const {
            ++asked;
            return response;
        }
    };
    const token_data data(5);
    label_set hard, soft;
    for (const auto& c : data.comparisons) {
        hard.add({c.id, preference::for_first()});
        soft.add({c.id, 0.75});
    }
    const auto asked = [&](const auto& loss, const label_set& labels) {
        counting model(6, 2);
        train_preferences(model, data.comparisons, labels, {}, loss, {}, {.epochs = 3, .batch_size = 2});
        return model.asked;
    };
    CHECK(asked(bradley_terry{}, soft) == 0);
    CHECK(asked(simpo{}, hard) == 10);
    CHECK(asked(simpo{}, soft) == 10);
}
