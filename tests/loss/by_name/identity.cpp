#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/any_divergence.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/parts/divergence.hpp>

using namespace preflearn;

namespace {

struct steep_link {
    double steepness = 2;
};
struct steep_loss {
    double beta = 0.1;
    steep_link link{};
    bool strict = false;
};
struct loss_with_name {
    static constexpr std::string_view name = "mine";
    double tau = 0.25;
};
class closed_loss {
  public:
    [[nodiscard]] double beta() const { return beta_; }

  private:
    double beta_ = 1;
};
class loss_that_says {
  public:
    [[nodiscard]] std::string identity() const { return "says(beta=" + std::to_string(static_cast<int>(beta_)) + ")"; }

  private:
    double beta_ = 3;
};

} // namespace

TEST_CASE("a loss of a user's own is its type and what its members hold, or what it says itself") {
    CHECK(identity_of(steep_loss{}) == "steep_loss(0.1, steep_link(2), 0)");
    CHECK(identity_of(steep_loss{.link = {.steepness = 3}}) != identity_of(steep_loss{}));
    CHECK(identity_of(loss_with_name{}) == "mine(0.25)");
    CHECK(identity_of(loss_that_says{}) == "says(beta=3)");
    CHECK_THROWS_WITH_AS((void)identity_of(closed_loss{}),
                         doctest::Contains("'closed_loss' does not show its parameters"), argument_error);
}

TEST_CASE("a named loss is its name and its parameters in the shortest digits") {
    CHECK(identity_of(dpo{}) == "sigmoid(beta=0.1)");
    CHECK(identity_of(simpo{.beta = 2.5, .simpo_gamma = 1.0 / 3}) == "simpo(beta=2.5, simpo_gamma=0.3333333333333333)");
    CHECK(identity_of(chosen_likelihood{}) == "sft");
    CHECK(identity_of(kto<given_kl>{.estimator = {2}}) ==
          "kto_given_kl(beta=0.1, desirable_weight=1, undesirable_weight=1, given_kl(kl=2))");
    CHECK(identity_of(ld_dpo<>{}) == "ld_dpo(sigmoid(beta=0.1), length_desensitised(ld_alpha=0.5), no_token_weight)");
    CHECK(identity_of(basic_dpo<forward_kl>{}) == "sigmoid(beta=0.1, forward_kl)");
    CHECK(identity_of(basic_dpo<alpha_divergence>{.divergence = {0.25}}) ==
          "sigmoid(beta=0.1, alpha_divergence(0.25))");
    CHECK(identity_of(basic_dpo<any_divergence>{}) == identity_of(dpo{}));
    CHECK(identity_of(basic_dpo<any_divergence>{.divergence = {forward_kl{}}}) == identity_of(basic_dpo<forward_kl>{}));
}

TEST_CASE("a composition without a name is what it is made of") {
    using mine = pairwise<js_divergence, hinge_link, smoothed_target, constant_margin>;
    const std::string whole = identity_of(mine{.beta = 0.5, .target = {0.125}, .margin = {2}});
    CHECK(whole.find("0.5, js_divergence, hinge_link") != std::string::npos);
    CHECK(whole.find("smoothed_target(0.125), constant_margin(2)") != std::string::npos);
    CHECK(identity_of(mine{}) != identity_of(pairwise<js_divergence, hinge_link, smoothed_target>{}));
    const weighted_sum<dpo, ipo_sum> sum{.losses = {}, .weights = {2, 0.5}};
    CHECK(identity_of(sum) == "weighted_sum(sigmoid(beta=0.1), ipo_sum(beta=0.1), 2, 0.5)");
    CHECK(identity_of(from_tokens<simpo>{}) != identity_of(from_tokens<dpo>{}));
}

TEST_CASE("no two listed losses are one, and every parameter counts") {
    std::set<std::string> seen;
    for_each_loss([&]<class Loss>(Loss loss) {
        CHECK(seen.insert(identity_of(loss)).second);
        for (const auto& [name, value] : parameters_of(loss)) {
            *value += 1e-10;
            INFO(description_of<Loss>.name, " ", name);
            CHECK(seen.insert(identity_of(loss)).second);
        }
    });
}
