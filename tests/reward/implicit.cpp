#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/reward/implicit.hpp>

using namespace preflearn;

namespace {

/// A distribution over the items 0 … n − 1, the same for every prompt.
struct categorical {
    std::vector<double> log_p;
    explicit categorical(std::vector<double> logits) : log_p(std::move(logits)) {
        const double sum = log_sum_exp(std::span<const double>(log_p));
        for (double& value : log_p) value -= sum;
    }
    [[nodiscard]] double log_prob(no_prompt, int item) const { return log_p[static_cast<std::size_t>(item)]; }
};

/// A user's policy over texts, single precision, with no batch of its own.
struct by_length {
    float nats_per_byte;
    [[nodiscard]] float log_prob(const std::string&, const std::string& response) const {
        return -nats_per_byte * static_cast<float>(response.size());
    }
};

using item_pair = comparison<no_prompt, int>;
constexpr no_prompt without_prompt;
using by_reference = implicit_reward<const categorical&, const categorical&>;
static_assert(RewardModel<by_reference, item_pair>);
static_assert(RewardModel<implicit_reward<by_length>, comparison<std::string>>);
static_assert(RewardModel<implicit_reward<transformer<float>>, token_comparison>);
static_assert(RewardModel<implicit_reward<const transformer<float>&>, comparison<std::vector<token_id>>>);
static_assert(!RewardModel<implicit_reward<by_length>, item_pair>);
static_assert(!RewardModel<implicit_reward<by_length, categorical>, comparison<std::string>>);

const transformer_config tiny_implicit{
    .vocabulary_size = 11, .hidden_size = 8, .intermediate_size = 8, .layers = 1, .heads = 2, .key_value_heads = 1};

} // namespace

TEST_CASE("the implicit reward of the optimal policy of a reward differs from it by a constant") {
    // π ∝ π_ref e^{r / β} maximises E[r] − β KL(π, π_ref) (Rafailov et al. 2023, equation 4).
    const std::vector<double> reference_logits{0.3, -1.2, 2, 0, -0.4}, reward{1.5, -0.25, 0.5, 3, 2};
    for (const double beta : {0.05, 0.1, 2.0}) {
        std::vector<double> logits(5);
        for (std::size_t i = 0; i < 5; ++i) logits[i] = reference_logits[i] + reward[i] / beta;
        const categorical policy(logits), reference(reference_logits);
        const implicit_reward implied{policy, reference, beta};
        for (int a = 0; a < 5; ++a)
            for (int b = 0; b < 5; ++b)
                CHECK(implied(without_prompt, a) - implied(without_prompt, b) ==
                      doctest::Approx(reward[static_cast<std::size_t>(a)] - reward[static_cast<std::size_t>(b)]));
    }
}

TEST_CASE("it is the reward that the DPO loss compares") {
    const categorical policy({0.5, -0.5, 1}), reference({0, 0.25, -1});
    const implicit_reward implied{policy, reference, 0.3};
    const std::vector<double> chosen{policy.log_p[0]}, rejected{policy.log_p[2]}, reference_chosen{reference.log_p[0]},
        reference_rejected{reference.log_p[2]};
    const loss_sums sums =
        dpo{.beta = 0.3}(pair_scores<double>{chosen, rejected, reference_chosen, reference_rejected}, {});
    CHECK(sums.chosen_rewards == doctest::Approx(implied(without_prompt, 0)));
    CHECK(sums.rejected_rewards == doctest::Approx(implied(without_prompt, 2)));
    CHECK(sums.loss == doctest::Approx(-log_sigmoid(implied(without_prompt, 0) - implied(without_prompt, 2))));
}

TEST_CASE("a policy is its own reference: every reward is zero; beta only scales") {
    const categorical policy({0.5, -0.5, 1}), reference({0, 0.25, -1});
    CHECK(implicit_reward{policy, policy}(without_prompt, 1) == 0);
    CHECK(implicit_reward{policy, reference, 4}(without_prompt, 1) ==
          doctest::Approx(40 * implicit_reward{policy, reference}(without_prompt, 1)));
}

TEST_CASE("policies are referred to when they have a name and owned when moved in") {
    categorical policy({0.5, -0.5}), reference({0, 0});
    const implicit_reward refers{policy, std::as_const(reference)};
    static_assert(std::is_same_v<decltype(refers), const by_reference>);
    const double before = refers(without_prompt, 0);
    policy.log_p[0] = -20;
    CHECK(refers(without_prompt, 0) < before - 1);

    std::optional<categorical> gone(std::vector<double>{0.5, -0.5});
    const implicit_reward owns{std::move(*gone), reference};
    static_assert(std::is_same_v<decltype(owns), const implicit_reward<categorical, const categorical&>>);
    gone.reset();
    CHECK(owns(without_prompt, 0) == before);
    const auto copy = owns;
    CHECK(copy(without_prompt, 1) == owns(without_prompt, 1));
}

TEST_CASE("policies over texts of different types") {
    const implicit_reward reward{by_length{0.5F}, by_length{0.25F}, 0.1};
    CHECK(reward(std::string("hi"), std::string("abcd")) == doctest::Approx(-0.1));
    const std::vector<completion<std::string>> completions{{"hi", "abcd"}, {"hi", ""}};
    const auto all = rewards(reward, std::span<const completion<std::string>>(completions));
    CHECK(all[0] == doctest::Approx(-0.1));
    CHECK(all[1] == 0);
}

TEST_CASE("language models: batches give what single calls give, and cached log-probs the same") {
    const transformer<double> policy(tiny_implicit, generator(1, "policy")),
        reference(tiny_implicit, generator(2, "reference"));
    const std::vector<token_id> prompt{1, 2, 3}, a{4, 5}, b{6}, c{7, 8, 9};
    const std::vector<token_completion> completions{{prompt, a}, {prompt, b}, {b, c}};
    const std::span<const token_completion> batch(completions);
    const implicit_reward reward{policy, reference, 0.1};
    const auto all = rewards(reward, batch);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& [x, y] = completions[i];
        CHECK(all[i] == doctest::Approx(reward(x, y)));
        CHECK(all[i] == doctest::Approx(0.1 * (policy.log_prob(x, y) - reference.log_prob(x, y))));
    }
    CHECK(implicit_rewards(policy.log_probs(batch), reference.log_probs(batch), 0.1) == all);
}

TEST_CASE("what has no finite reward is reported with both log-probs; bad arguments are refused") {
    const double infinity = std::numeric_limits<double>::infinity();
    categorical impossible({0, -infinity}), reference({0, 0});
    CHECK_THROWS_WITH_AS(implicit_reward(impossible, reference)(no_prompt{}, 1),
                         doctest::Contains("completion 0: its implicit reward is -inf (log-prob -inf under the policy"),
                         numeric_error);
    CHECK_THROWS_AS(implicit_reward(impossible, impossible)(no_prompt{}, 1), numeric_error); // −∞ − −∞
    const std::vector<double> log_probs{-1, -2}, one{-1};
    CHECK_THROWS_WITH_AS(implicit_rewards(log_probs, one, 1), doctest::Contains("2 log-probs of the policy and 1"),
                         argument_error);
    for (const double beta : {0.0, -0.1, infinity, std::nan("")}) {
        CHECK_THROWS_AS(implicit_reward(reference, reference, beta), argument_error);
        CHECK_THROWS_AS(implicit_rewards(one, one, beta), argument_error);
    }
}
