#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/error.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/loss_by_name.hpp>

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
}

TEST_CASE("unknown names are answered with the known ones") {
    CHECK_THROWS_WITH_AS(
        loss_named("ipo", std::vector<named_value>{{"gamma", "1"}}),
        "loss 'ipo' has no parameter 'gamma'; it has: beta, f_divergence_type, f_alpha_divergence_coef",
        argument_error);
    CHECK_THROWS_AS(loss_named("no such loss", {}), argument_error);
    CHECK_THROWS_AS(loss_named("ipo", std::vector<named_value>{{"beta", "much"}}), argument_error);
}

TEST_CASE("numbers are printed in the shortest digits that read back the same") {
    for (const double value : {0.1, 1.0 / 3, -2.5e-300, 1e30, 5e-324})
        CHECK(std::strtod(shortest_digits(value).c_str(), nullptr) == value);
}

TEST_CASE("the list names every loss with its parameters' defaults") {
    const std::string list = loss_list();
    for_each_pair_loss([&]<class Loss>(const Loss&) {
        CHECK(list.find(std::string(description_of<Loss>.name) + "\n  formula: ") != std::string::npos);
    });
    CHECK(list.find("source: AOT paired") > list.find("batch: all pairs count as one batch"));
    CHECK(list.find("parameters: beta=0.1 discopop_tau=0.05 f_divergence_type=reverse_kl") != std::string::npos);
}
