#include <doctest/doctest.h>

#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/training/kinds/tokens.hpp>

using namespace preflearn;

TEST_CASE("a token-level loss behind one type says which columns of a pass it needs, and is still itself") {
    static_assert(TokenLoss<any_token_loss<true, false>>);
    static_assert(token_extra_of<any_token_loss<true, false>> == token_extra_of<wpo<>>);
    static_assert(token_extra_of<any_token_loss<false, true>> == token_extra_of<tdpo1<>>);
    static_assert(token_extra_of<any_token_loss<false, false>> == token_extra_of<ld_dpo<>>);
    const any_token_loss<false, false> held{any_loss_of<token_scores<double>>(ld_dpo<>{})};
    CHECK(identity_of(held) == identity_of(ld_dpo<>{}));
}

TEST_CASE("the rate of wrong labels has a place in the losses that correct for it alone") {
    CHECK(noise_parameter(loss_listed_as("robust")) == "label_smoothing");
    CHECK(noise_parameter(loss_listed_as("cdpo")) == "label_smoothing");
    CHECK(noise_parameter(loss_listed_as("dpo")).empty());
    CHECK(noise_parameter(loss_listed_as("ropo")).empty()); // tolerates any rate by its alpha, which is none
}
