#include <doctest/doctest.h>

#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>
#include <preflearn/loss/parts/pair_parts.hpp>

using namespace preflearn;

TEST_CASE("the lengths that parts read together are the most that one of them reads") {
    using detail::lengths_of_parts;
    using means = per_token<reference_free>;
    CHECK(lengths_of_parts<log_ratio, logistic, given_margin, no_term>() == lengths_read::none);
    CHECK(lengths_of_parts<log_ratio, logistic, given_margin, chosen_nll>() == lengths_read::chosen);
    CHECK(lengths_of_parts<log_ratio, logistic, given_margin, preferred_nll>() == lengths_read::preferred);
    CHECK(lengths_of_parts<means, chosen_only, given_margin, no_term>() == lengths_read::preferred);
    CHECK(lengths_of_parts<means, logistic, given_margin, chosen_nll>() == lengths_read::both);
    CHECK(lengths_of_parts<log_ratio, logistic, length_margin, no_term>() == lengths_read::both);
}

TEST_CASE("targets matter unless no part looks at them") {
    using detail::target_matters;
    CHECK(!target_matters<logistic, as_labelled, given_weight, no_term>());
    CHECK(!target_matters<logistic, as_labelled, given_weight, chosen_nll>());
    CHECK(target_matters<logistic, given_target, given_weight, no_term>());
    CHECK(target_matters<logistic, as_labelled, confidence_weight, no_term>());
    CHECK(target_matters<logistic, as_labelled, given_weight, preferred_nll>());
}
