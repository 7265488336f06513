#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/reference/token_reference.hpp>

#include "../toys.hpp"

using namespace preflearn;

TEST_CASE("rows are the tokens' log-probs of the first and the second response of each pair") {
    const token_data data(7);
    const token_model<double> policy(6, 3);
    const ragged<double> rows = reference_token_log_probs(policy, data.comparisons);
    REQUIRE(rows.size() == 14);
    const std::vector<double> log_p = policy.log_distribution();
    for (std::size_t i = 0; i < 7; ++i) {
        const auto check = [&](std::span<const double> row, token_span response) {
            REQUIRE(row.size() == response.size());
            for (std::size_t t = 0; t < row.size(); ++t) CHECK(row[t] == log_p[static_cast<std::size_t>(response[t])]);
        };
        check(rows[2 * i], data.comparisons[i].first);
        check(rows[2 * i + 1], data.comparisons[i].second);
    }
}

TEST_CASE("a weak shift is the difference of two policies' rows") {
    const token_data data(5);
    const token_model<double> aligned(6, 3), before(6, 4);
    const ragged<double> shift = weak_token_shift(aligned, before, data.comparisons);
    const ragged<double> a = reference_token_log_probs(aligned, data.comparisons),
                         b = reference_token_log_probs(before, data.comparisons);
    REQUIRE(shift.values().size() == a.values().size());
    for (std::size_t i = 0; i < shift.values().size(); ++i) CHECK(shift.values()[i] == a.values()[i] - b.values()[i]);
    const ragged<double> none = weak_token_shift(before, before, data.comparisons);
    for (const double value : none.values()) CHECK(value == 0);
}

TEST_CASE("a log-prob that is not finite is named by pair and token, and tokens that do not match by pair") {
    std::vector<token_id> tokens{0, 1, 2};
    const std::vector<token_comparison> one{{42, {}, token_span(tokens).first(1), tokens}};
    token_model<double> policy(3);
    policy.logits[2] = -std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(reference_token_log_probs(policy, one),
                         doctest::Contains("pair 42: the log-prob of token 2 of its second response is -inf"),
                         numeric_error);
    struct characters { // another tokenizer: one token whatever the response
        [[nodiscard]] ragged<double> token_log_probs(std::span<const token_completion> batch) const {
            ragged<double> rows;
            for (std::size_t i = 0; i < batch.size(); ++i) rows.push_back(std::vector<double>{-1});
            return rows;
        }
    };
    CHECK_THROWS_WITH_AS(weak_token_shift(token_model<double>(3), characters{}, one),
                         doctest::Contains("pair 42: its second response has 3 tokens"), argument_error);
}
