#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/kind_named.hpp>

using namespace preflearn;

TEST_CASE("every listed loss is held as one of its kind and says which it is") {
    for (const listed_loss& listed : listed_losses) {
        CAPTURE(listed.about.name);
        const kind_of_loss held = kind_of_loss_named(listed.about.name);
        CHECK(held.kind() == listed.kind);
        CHECK(held.identity().starts_with(held.name()));
        CHECK(std::holds_alternative<any_loss<double>>(held.loss) == (listed.kind == loss_kind::pairs));
    }
}

TEST_CASE("losses say what of labels and policies they read") {
    const auto reads = [](const char* name) { return kind_of_loss_named(name).reads; };
    CHECK_FALSE(reads("simpo").reference);
    CHECK(reads("simpo").lengths);
    CHECK(reads("dpo").reference);
    CHECK(reads("dpo").target);
    CHECK_FALSE(reads("aot").weight);
    CHECK_FALSE(reads("kto").target);
    CHECK_FALSE(reads("plackett_luce").margin);
    CHECK_FALSE(reads("bco_pair").margin);
    CHECK(reads("wspo").weak_shift);
    CHECK(kind_of_loss_named("odpo").is_of_margins());
    CHECK_FALSE(kind_of_loss_named("dpo").is_of_margins());
}

TEST_CASE("behind one type losses of single completions keep their bits, their state and their running mean") {
    const std::array log_prob{-3.0, -1.0, -2.5, -7.0}, reference{-2.0, -2.0, -2.0, -2.0};
    const std::array<std::uint8_t, 4> desirable{1, 0, 1, 0};
    const completion_scores<double> scores{.log_prob = log_prob, .desirable = desirable, .reference = reference};
    const auto check = [&](const char* name, const auto& direct, bool couples) {
        CAPTURE(name);
        const std::array<named_value, 1> beta{named_value{"beta", "0.3"}};
        const kind_of_loss held = kind_of_loss_named(name, beta);
        const auto& loss = std::get<any_loss_of<completion_scores<double>>>(held.loss);
        std::vector<double> expected(4), found(4);
        const auto sums = direct(scores, std::span<double>(expected));
        CHECK(loss(scores, std::span<double>(found)).loss == sums.loss);
        CHECK(found == expected);
        CHECK(loss.couples_pairs() == couples);
        if (!couples) return;
        CHECK(loss.map(scores, loss.reduce(scores), std::span<double>(found)).loss == sums.loss);
        CHECK(found == expected);
    };
    check("bco", bco{.beta = 0.3}, true);
    check("kto_class_mean", kto<class_mean_kl<>>{.beta = 0.3}, true);
    check("kto_given_kl", kto<given_kl>{.beta = 0.3}, false);
    check("apo_zero_unpaired", apo_zero_unpaired{.beta = 0.3}, false);
    CHECK(std::holds_alternative<kto<>>(kind_of_loss_named("kto").loss));
}

TEST_CASE("a name or a parameter that does not exist is refused") {
    CHECK_THROWS_AS(kind_of_loss_named("no such loss"), argument_error);
    const std::array<named_value, 1> wrong{named_value{"gamma", "1"}};
    CHECK_THROWS_AS(kind_of_loss_named("dpo", wrong), argument_error);
}
