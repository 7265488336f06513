#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/optimal_transport.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../toys.hpp"

using namespace preflearn;

namespace {

struct held_out_data {
    token_data data{11};
    label_set labels;
    std::vector<double> references;
    token_model<double> model{6, 2};

    held_out_data() {
        generator random(4);
        for (const auto& c : data.comparisons) labels.add({c.id, random.uniform()});
        references = reference_log_probs(token_model<double>(6, 3), data.comparisons);
    }
    template <class Loss> [[nodiscard]] held_out_result found(const Loss& loss, std::size_t together) const {
        return held_out_pairs(model, data.comparisons, labels, references, loss, together)();
    }
    /// What a step of training on all of them reports.
    template <class Loss> [[nodiscard]] training_step trained(const Loss& loss) const {
        token_model<double> copy = model;
        return train_preferences(copy, data.comparisons, labels, references, loss, {}, {.batch_size = 11}).steps[0];
    }
};

} // namespace

TEST_CASE("held-out pairs have the loss and accuracy that a step on all of them would report, however many at once") {
    const held_out_data d;
    const training_step step = d.trained(dpo{.beta = 0.3});
    for (const std::size_t together : {1UL, 4UL, 100UL}) {
        CHECK(d.found(dpo{.beta = 0.3}, together).loss == doctest::Approx(step.loss).epsilon(1e-13));
        CHECK(d.found(dpo{.beta = 0.3}, together).accuracy == step.rewards_accuracies);
    }
}

TEST_CASE("a loss that couples a batch sees all held-out pairs") {
    held_out_data d;
    label_set hard; // these take no targets
    for (const label& l : d.labels) hard.add({l.id, l.verdict.first() > 0.5 ? 1.0 : 0.0});
    d.labels = hard;
    CHECK(d.found(aot{.beta = 0.3}, 2).loss == doctest::Approx(d.trained(aot{.beta = 0.3}).loss).epsilon(1e-13));
}

TEST_CASE("an evaluation follows the model as it learns, and leaves it alone") {
    held_out_data d;
    const auto evaluate = held_out_pairs(d.model, d.data.comparisons, d.labels, d.references, dpo{});
    const std::vector<double> before = d.model.logits;
    const double first = evaluate().loss;
    CHECK(evaluate().loss == first);
    CHECK(d.model.logits == before);
    CHECK(d.model.gradient == std::vector<double>(6));
    d.model.logits[0] += 1;
    CHECK(evaluate().loss != first);
}

TEST_CASE("what is evaluated is said: other pairs, labels, references or another loss say something else") {
    const auto said = [](const held_out_data& d, const dpo& loss) {
        run_description run;
        held_out_pairs(d.model, d.data.comparisons, d.labels, d.references, loss).describe(run);
        std::string text;
        for (const auto& [name, value] : run.fields()) text += name + "=" + value + " ";
        return text;
    };
    held_out_data d, other_labels, other_references;
    const std::string text = said(d, dpo{});
    CHECK(said(d, dpo{}) == text);
    CHECK(said(d, dpo{.beta = 0.3}) != text);
    for (const auto& c : d.data.comparisons) other_labels.labels.add({c.id + 1000, 1.0});
    CHECK(said(other_labels, dpo{}) == text); // labels that no pair has
    other_references.references[3] += 1e-9;
    CHECK(said(other_references, dpo{}) != text);
    d.data.comparisons[0].first = d.data.comparisons[1].first;
    CHECK(said(d, dpo{}) != text);
}
