#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/tokens.hpp>
#include <preflearn/training/reference/learns_beside.hpp>
#include <preflearn/training/reference/token_reference.hpp>

using namespace preflearn;

namespace {

using policy_model = transformer<double>;
static_assert(TokenTrainable<learns_beside<policy_model>, batch_of<token_comparison>>);
static_assert(KnowsItsDivergence<learns_beside<policy_model>, batch_of<token_comparison>>);
static_assert(!KnowsItsDivergence<policy_model, batch_of<token_comparison>>);

struct beside_setting {
    std::vector<token_id> prompt{3, 1}, texts[4] = {{4, 5, 6}, {7}, {2, 2}, {9, 8, 1, 0}};
    std::vector<token_comparison> pairs;
    label_set labels;
    policy_model start{{.vocabulary_size = 11,
                        .hidden_size = 8,
                        .intermediate_size = 12,
                        .layers = 1,
                        .heads = 2,
                        .key_value_heads = 2,
                        .maximum_length = 16},
                       generator(1, "weights")};
    frozen_tokens frozen;

    beside_setting() {
        for (std::uint64_t id = 0; id < 4; ++id) {
            pairs.push_back({id, prompt, texts[id], texts[(id + 1) % 4]});
            labels.add({id, id < 2 ? preference::for_first() : preference::for_second()});
        }
        frozen.reference = reference_token_log_probs(start, pairs);
    }
    template <class Loss> training_history train(const Loss& loss, policy_model& student, std::size_t micro = 0) const {
        learns_beside beside{student, start};
        return train_token_preferences(beside, pairs, labels, frozen, loss, {.rate = 3e-3, .weight_decay = 0},
                                       {.epochs = 20, .batch_size = 4, .micro_batch_size = micro});
    }
};

} // namespace

TEST_CASE("TDPO trains, and its micro-batches add up") {
    const beside_setting s;
    const auto learns = [&](const auto& loss) {
        policy_model whole = s.start, parts = s.start;
        const training_history a = s.train(loss, whole), b = s.train(loss, parts, 1);
        CHECK(a.steps.back().loss < 0.9 * a.steps.front().loss);
        CHECK(a.steps.back().rewards_accuracies == 1);
        CHECK(b.steps.back().loss == doctest::Approx(a.steps.back().loss).epsilon(1e-6));
    };
    learns(tdpo1<>{.loss = {.beta = 1}});
    learns(tdpo2<>{.loss = {.beta = 1}});
}

TEST_CASE("TDPO2 without weight on the divergence is DPO") {
    const beside_setting s;
    policy_model a = s.start, b = s.start;
    const training_history first = s.train(tdpo2<>{.part = {.alpha = 0}}, a), second = s.train(from_tokens<dpo>{}, b);
    for (std::size_t i = 0; i < first.steps.size(); ++i)
        CHECK(first.steps[i].loss == doctest::Approx(second.steps[i].loss).epsilon(1e-12));
}
