#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss/named.hpp>

using namespace preflearn;

TEST_CASE("NAME=VALUE is two, and nothing else is") {
    CHECK(parse_named_value("beta=0.2").name == "beta");
    CHECK(parse_named_value("a=b=c").value == "b=c");
    CHECK_THROWS_AS(parse_named_value("beta"), argument_error);
    CHECK_THROWS_AS(parse_named_value("=1"), argument_error);
}

TEST_CASE("a loss by name is the loss of that name, its parameters set") {
    const std::vector<double> chosen{-3}, rejected{-1};
    const pair_scores<double> pair{.chosen = chosen, .rejected = rejected};
    const std::vector<named_value> beta{{"beta", "0.7"}};
    CHECK(loss_named("sigmoid", beta)(pair, {}).loss == dpo{.beta = 0.7}(pair, pair_gradients<double>{}).loss);
    CHECK(loss_has_parameter("simpo", "simpo_gamma"));
    CHECK(!loss_has_parameter("sft", "beta"));
    CHECK(loss_has_parameter("dr_dpo", "beta_prime"));
    CHECK(loss_named("aot", beta).couples_pairs());
    CHECK(!loss_named("sigmoid", beta).couples_pairs());
    CHECK(loss_named("sigmoid")(pair, {}).loss == dpo{}(pair, pair_gradients<double>{}).loss);
}

TEST_CASE("losses of any kind go by their names, and those on tokens are no losses on pairs") {
    std::string used;
    const auto use = [&]<class Loss>(const Loss& loss) {
        used = description_of<Loss>.name;
        if constexpr (std::same_as<Loss, ld_dpo<>>) {
            CHECK(loss.loss.beta == 0.7);
            CHECK(loss.part.ld_alpha == 0.25);
        }
        if constexpr (std::same_as<Loss, kto<given_kl>>) CHECK(loss.estimator.value == 2.5);
    };
    use_loss_of_any_kind("ld_dpo", std::vector<named_value>{{"ld_alpha", "0.25"}, {"beta", "0.7"}}, use);
    CHECK(used == "ld_dpo");
    use_loss_of_any_kind("kto_given_kl", std::vector<named_value>{{"kl", "2.5"}}, use);
    CHECK(used == "kto_given_kl");
    use_loss_of_any_kind("ipo", {}, use);
    CHECK(used == "ipo");
    CHECK_THROWS_WITH_AS(use_loss_of_any_kind("humanline", std::vector<named_value>{{"alpha", "1"}}, use),
                         "loss 'humanline' has no parameter 'alpha'; it has: beta, log_least, log_most",
                         argument_error);
    CHECK_THROWS_WITH_AS(
        loss_named("ld_dpo", {}),
        doctest::Contains("there is no loss 'ld_dpo' here, it is one on pairs' tokens; there are: sigmoid"),
        argument_error);
}

TEST_CASE("other tools' names are aliases, wherever a loss goes by its name") {
    const std::vector<double> chosen{-3}, rejected{-1};
    const pair_scores<double> pair{.chosen = chosen, .rejected = rejected};
    const std::vector<named_value> beta{{"beta", "0.7"}};
    CHECK(loss_named("dpo", beta)(pair, {}).loss == dpo{.beta = 0.7}(pair, pair_gradients<double>{}).loss);
    CHECK(loss_has_parameter("DPO", "beta"));
    CHECK(loss_name("SimPO") == "simpo");
    CHECK(loss_name("rso") == "hinge");
    CHECK(loss_name("hinge") == "hinge"); // a name of the list is never ambiguous
    CHECK_THROWS_WITH_AS(loss_named("tdpo", {}), doctest::Contains("tdpo1, tdpo2"), argument_error);
    CHECK_THROWS_WITH_AS(loss_named("KTO", {}), doctest::Contains("it is one on single completions"), argument_error);
}

TEST_CASE("divergences go by TRL's names") {
    const std::vector<double> chosen{-12.5}, rejected{-14}, reference_chosen{-13}, reference_rejected{-13.5};
    const auto value_of = [&](const std::string& name, const std::string& divergence) {
        const std::vector<named_value> parameters{{"f_divergence_type", divergence}};
        return loss_named(name, parameters)(pair_scores<double>{.chosen = chosen,
                                                                .rejected = rejected,
                                                                .reference_chosen = reference_chosen,
                                                                .reference_rejected = reference_rejected},
                                            pair_gradients<double>{})
            .loss;
    };
    const double z = 0.1 * (std::exp(0.5) - std::exp(-0.5)), half = 0.1 * 2 * (std::exp(0.25) - std::exp(-0.25));
    CHECK(value_of("sigmoid", "forward_kl") == doctest::Approx(std::log1p(std::exp(-z))));
    CHECK(value_of("sigmoid", "alpha_divergence") == doctest::Approx(std::log1p(std::exp(-half))));
    CHECK(value_of("sigmoid", "chi_squared_kl") == doctest::Approx(std::log1p(std::exp(-z - 0.1))));
    CHECK_THROWS_AS(value_of("sigmoid", "total_variation"), argument_error);
    CHECK_THROWS_AS(value_of("nca_pair", "forward_kl"), argument_error);
}

TEST_CASE("unknown names are answered with the known ones") {
    CHECK_THROWS_WITH_AS(
        loss_named("ipo", std::vector<named_value>{{"gamma", "1"}}),
        "loss 'ipo' has no parameter 'gamma'; it has: beta, f_alpha_divergence_coef, f_divergence_type",
        argument_error);
    CHECK_THROWS_WITH_AS(loss_named("no such loss", {}), doctest::Contains("there are: sigmoid, "), argument_error);
    CHECK_THROWS_WITH_AS(loss_named("sigmoid", std::vector<named_value>{{"beta", "1"}, {"beta", "2"}}),
                         "loss 'sigmoid': its parameter 'beta' is given twice", argument_error);
    CHECK_THROWS_WITH_AS(loss_named("ipo", std::vector<named_value>{{"beta", "1x"}}), doctest::Contains("'1x'"),
                         argument_error);
}
