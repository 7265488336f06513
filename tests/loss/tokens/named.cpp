// Named token-level losses: values and gradients of TRL 1.16 and of TDPO's authors (golden/make_tokens.py), finite
// differences, and the limits in which one is another.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/coupled/normalised.hpp>
#include <preflearn/loss/tokens/named.hpp>

#include "../token_pairs.hpp"

using namespace preflearn;

namespace {

token_pairs<double> golden_batch(const nlohmann::json& golden) {
    token_pairs<double> p;
    for (const auto& pair : golden["pairs"]) {
        for (const auto& [side, name] : {std::pair{&p.chosen, "chosen"}, {&p.rejected, "rejected"}}) {
            const auto add = [&](std::vector<double>& column, const char* key) {
                for (const double value : pair[name][key]) column.push_back(value);
            };
            add(side->policy, "policy");
            add(side->reference, "reference");
            add(side->log_sum_squares, "log_sum_squares");
            add(side->divergence, "divergence");
            side->offsets.push_back(side->policy.size());
        }
    }
    return p;
}

/// The sequence-level loss of that name with the case's parameters.
any_loss<double> inner_loss(const std::string& name, const nlohmann::json& entry) {
    any_loss<double> chosen;
    const auto choose = [&]<class Loss>(Loss loss) {
        if (description_of<Loss>.name != name) return;
        for (const auto& [key, value] : parameters_of(loss))
            if (entry.contains(key)) *value = entry[std::string(key)].template get<double>();
        chosen = any_loss<double>(loss);
    };
    std::apply([&](const auto&... losses) { (choose(losses), ...); },
               std::tuple<dpo, hinge, ipo_mean, dpo_mean, robust_dpo, discopop, bco_pair, sppo_hard>{});
    return chosen;
}

/// Calls `use` with the token-level loss of a golden case.
template <class Use> void use_token_case(const nlohmann::json& entry, const Use& use) {
    const double beta = entry["beta"];
    const std::string name = entry["loss"];
    if (name == "tdpo1") return use(tdpo1<>{.loss = {.beta = beta}});
    if (name == "tdpo2") return use(tdpo2<>{.loss = {.beta = beta}, .part = {.alpha = entry["alpha"]}});
    if (name == "sft") return use(from_tokens<chosen_likelihood_token_mean>{});
    const any_loss<double> loss = inner_loss(name, entry);
    const bool weighting = entry["weighting"];
    if (entry.contains("ld_alpha")) {
        const length_desensitised part{.ld_alpha = entry["ld_alpha"]};
        if (weighting)
            use(from_tokens<any_loss<double>, length_desensitised, policy_likelihood>{.loss = loss, .part = part});
        else
            use(ld_dpo<any_loss<double>>{.loss = loss, .part = part});
    } else if (weighting) {
        use(wpo<any_loss<double>>{.loss = loss});
    } else {
        use(from_tokens<any_loss<double>>{.loss = loss});
    }
}

} // namespace

TEST_CASE("values and gradients are those of TRL and of TDPO's authors") {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/tokens.json");
    REQUIRE(file.is_open());
    const nlohmann::json golden = nlohmann::json::parse(file);
    token_pairs<double> p = golden_batch(golden);
    const double pairs = static_cast<double>(golden["pairs"].size());
    std::size_t used = 0;
    for (const nlohmann::json& entry : golden["cases"]) {
        INFO(entry["loss"], " beta ", entry["beta"], " ld_alpha ", entry.value("ld_alpha", -1.0));
        use_token_case(entry, [&](const auto& loss) {
            ++used;
            const loss_sums sums = loss(p.scores(), p.gradients());
            CHECK(sums.loss / pairs == doctest::Approx(entry["value"].get<double>()).epsilon(1e-13));
            if (entry.contains("rewards_chosen") && entry["loss"] != "sft") { // which has no reference here
                CHECK(sums.chosen_rewards / pairs ==
                      doctest::Approx(entry["rewards_chosen"].get<double>()).epsilon(1e-12));
                CHECK(sums.rejected_rewards / pairs ==
                      doctest::Approx(entry["rewards_rejected"].get<double>()).epsilon(1e-12));
            }
            const auto compare = [&](const nlohmann::json& expected, const token_half<double>& side,
                                     const std::vector<double>& found) {
                for (std::size_t i = 0; i < expected.size(); ++i) {
                    for (const auto& [at, which] :
                         {std::pair{side.offsets[i], std::size_t{0}}, {side.offsets[i + 1] - 1, std::size_t{1}}}) {
                        const double value = expected[i][which];
                        CHECK(std::abs(found[at] / pairs - value) <= 1e-12 * std::abs(value) + 1e-17);
                    }
                }
            };
            compare(entry["gradient"]["chosen"], p.chosen, p.chosen.d_policy);
            compare(entry["gradient"]["rejected"], p.rejected, p.rejected.d_policy);
            if (entry.contains("divergence_gradient")) {
                compare(entry["divergence_gradient"]["chosen"], p.chosen, p.chosen.d_divergence);
                compare(entry["divergence_gradient"]["rejected"], p.rejected, p.rejected.d_divergence);
            }
        });
    }
    CHECK(used == golden["cases"].size());
}

TEST_CASE("LD-DPO is DPO at alpha 1, and at alpha 0 it is DPO on responses cut to the shorter length") {
    token_pairs<double> p = random_token_pairs<double>(80, 3), cut = p;
    for (token_half<double>* side : {&cut.chosen, &cut.rejected}) {
        for (std::vector<double>* column : side->all()) column->clear();
        side->offsets = {0};
    }
    for (std::size_t i = 0; i < 80; ++i) {
        const std::size_t shared = std::min(p.chosen.rows().tokens(i), p.rejected.rows().tokens(i));
        for (const auto& [from, to] : {std::pair{&p.chosen, &cut.chosen}, {&p.rejected, &cut.rejected}}) {
            for (std::size_t column = 0; column < 5; ++column) {
                const auto first = from->all()[column]->begin() + static_cast<std::ptrdiff_t>(from->offsets[i]);
                to->all()[column]->insert(to->all()[column]->end(), first, first + static_cast<std::ptrdiff_t>(shared));
            }
            to->offsets.push_back(to->policy.size());
        }
    }
    const loss_sums whole = from_tokens<dpo>{}(p.scores(), {}), truncated = from_tokens<dpo>{}(cut.scores(), {});
    CHECK(ld_dpo<>{.part = {.ld_alpha = 1}}(p.scores(), {}).loss == whole.loss);
    CHECK(ld_dpo_policy_only<>{.part = {.ld_alpha = 1}}(p.scores(), {}).loss == whole.loss);
    CHECK(ld_dpo<>{.part = {.ld_alpha = 0}}(p.scores(), p.gradients()).loss == truncated.loss);
    for (std::size_t i = 0; i < 80; ++i) {
        const std::size_t shared = cut.chosen.offsets[i + 1] - cut.chosen.offsets[i];
        for (std::size_t at = p.chosen.offsets[i] + shared; at < p.chosen.offsets[i + 1]; ++at)
            CHECK(p.chosen.d_policy[at] == 0);
    }
}

TEST_CASE("the two conventions of LD-DPO differ by the reference's tail alone") {
    token_pairs<double> p = random_token_pairs<double>(50, 6);
    CHECK(ld_dpo<>{}(p.scores(), {}).loss != ld_dpo_policy_only<>{}(p.scores(), {}).loss);
    // z of both: beta times the sums with and without the weight on the reference's tail.
    double rewards = 0;
    for (std::size_t i = 0; i < 50; ++i) {
        const std::size_t shared = std::min(p.chosen.rows().tokens(i), p.rejected.rows().tokens(i));
        for (std::size_t at = p.chosen.offsets[i] + shared; at < p.chosen.offsets[i + 1]; ++at)
            rewards += 0.1 * (1 - 0.25) * p.chosen.reference[at];
    }
    const double both = ld_dpo<>{.part = {.ld_alpha = 0.25}}(p.scores(), {}).chosen_rewards;
    const double one = ld_dpo_policy_only<>{.part = {.ld_alpha = 0.25}}(p.scores(), {}).chosen_rewards;
    CHECK(both - one == doctest::Approx(rewards).epsilon(1e-11));
    for (token_half<double>* side : {&p.chosen, &p.rejected}) side->reference.clear();
    CHECK(ld_dpo<>{}(p.scores(), {}).loss == ld_dpo_policy_only<>{}(p.scores(), {}).loss);
}

TEST_CASE("WPO is the loss with the policy's weight in the weight column") {
    token_pairs<double> p = random_token_pairs<double>(60, 4), q = p;
    bool above = false;
    for (const bool clamped : {false, true}) {
        for (std::size_t i = 0; i < 60; ++i) {
            double exponent = 0;
            for (const token_half<double>* side : {&p.chosen, &p.rejected}) {
                double sum = 0;
                for (std::size_t at = side->offsets[i]; at < side->offsets[i + 1]; ++at)
                    sum += side->policy[at] - side->log_sum_squares[at];
                exponent += sum / static_cast<double>(side->offsets[i + 1] - side->offsets[i]);
            }
            above = above || exponent > 0;
            q.weight[i] = p.weight[i] * std::exp(clamped ? std::min(exponent, 0.0) : exponent);
        }
        const loss_sums expected = from_tokens<dpo>{}(q.scores(), q.gradients());
        const loss_sums found =
            clamped ? wpo_clamped<>{}(p.scores(), p.gradients()) : wpo<>{}(p.scores(), p.gradients());
        CHECK(found.loss == doctest::Approx(expected.loss).epsilon(1e-13));
        CHECK(found.weight == from_tokens<dpo>{}(p.scores(), {}).weight); // of the weights given
        CHECK(found.pairs == 60);
        for (std::size_t at = 0; at < p.rejected.d_policy.size(); ++at)
            CHECK(p.rejected.d_policy[at] == doctest::Approx(q.rejected.d_policy[at]).epsilon(1e-12));
    }
    CHECK(above); // else the clamped convention would not have been told from the other
}

TEST_CASE("WPO's weight is 1 for tokens as likely as the policy's own, and too large a weight is named") {
    token_pairs<double> p = random_token_pairs<double>(30);
    for (token_half<double>* side : {&p.chosen, &p.rejected}) side->log_sum_squares = side->policy;
    CHECK(wpo<>{}(p.scores(), {}).loss == from_tokens<dpo>{}(p.scores(), {}).loss);
    CHECK(wpo_clamped<>{}(p.scores(), {}).loss == from_tokens<dpo>{}(p.scores(), {}).loss);
    for (double& value : p.chosen.log_sum_squares) value = -1000;
    CHECK_THROWS_WITH_AS(wpo<>{}(p.scores(), {}), doctest::Contains("pair 0: the weight of its tokens is inf"),
                         numeric_error);
    CHECK(wpo_clamped<>{}(p.scores(), {}).loss == from_tokens<dpo>{}(p.scores(), {}).loss);
}

TEST_CASE("TDPO's gradients are finite differences, but for the divergence that TDPO2 holds still") {
    token_pairs<double> p = random_token_pairs<double>(8, 2, 10);
    CHECK(token_gradient_error(tdpo1<>{.loss = {.beta = 0.3}}, p, true) < 1e-8);
    const tdpo2<> second{.loss = {.beta = 0.3}, .part = {.alpha = 0.7}};
    CHECK(token_gradient_error(second, p) < 1e-8);
    second(p.scores(), p.gradients());
    CHECK(*std::ranges::max_element(p.chosen.d_divergence) == 0);
    CHECK(*std::ranges::min_element(p.chosen.d_divergence) == 0);
    for (std::size_t at = 0; at < p.rejected.d_policy.size(); ++at)
        CHECK(p.rejected.d_divergence[at] == doctest::Approx(0.7 * p.rejected.d_policy[at]).epsilon(1e-14));
}

TEST_CASE("TDPO is DPO where policy and reference agree everywhere, and TDPO2 at alpha 1 has the value of TDPO1") {
    token_pairs<double> p = random_token_pairs<double>(30, 7);
    CHECK(tdpo2<>{.part = {.alpha = 1}}(p.scores(), {}).loss == tdpo1<>{}(p.scores(), {}).loss);
    CHECK(tdpo2<>{.part = {.alpha = 0}}(p.scores(), {}).loss == from_tokens<dpo>{}(p.scores(), {}).loss);
    for (token_half<double>* side : {&p.chosen, &p.rejected}) {
        side->reference = side->policy;
        side->divergence.assign(side->policy.size(), 0);
    }
    p.weight = p.target = p.margin = {};
    CHECK(tdpo1<>{}(p.scores(), {}).loss == doctest::Approx(30 * std::log(2.0)).epsilon(1e-15));
    CHECK(tdpo2<>{}(p.scores(), {}).loss == doctest::Approx(30 * std::log(2.0)).epsilon(1e-15));
}

TEST_CASE("humanline with wide bounds is the plain loss, with narrow ones it is flat") {
    token_pairs<double> p = random_token_pairs<double>(30);
    CHECK(humanline<>{.part = {-100, 100}}(p.scores(), {}).loss ==
          doctest::Approx(from_tokens<dpo>{}(p.scores(), {}).loss).epsilon(1e-13));
    p.weight = p.target = p.margin = {};
    CHECK(humanline<>{.part = {0, 0}}(p.scores(), p.gradients()).loss ==
          doctest::Approx(30 * std::log(2.0)).epsilon(1e-15));
    for (std::size_t at = 0; at < p.chosen.policy.size(); ++at)
        CHECK((p.chosen.d_policy[at] == 0) == (p.chosen.policy[at] != p.chosen.reference[at]));
}
