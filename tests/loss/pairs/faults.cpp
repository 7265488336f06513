#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/named.hpp>

#include "../pairs.hpp"

using namespace preflearn;

namespace {

template <class Error> std::string complaint(pairs<double>& p) {
    try {
        dpo{}(p.scores(), p.gradients());
    } catch (const Error& failure) {
        return failure.what();
    }
    return "no complaint";
}

bool contains(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("NaN and infinities in any column are reported by pair and column") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    using column = std::vector<double> pairs<double>::*;
    const std::pair<const char*, column> columns[] = {{"chosen", &pairs<double>::chosen},
                                                      {"rejected", &pairs<double>::rejected},
                                                      {"reference_chosen", &pairs<double>::reference_chosen},
                                                      {"reference_rejected", &pairs<double>::reference_rejected},
                                                      {"weight", &pairs<double>::weight},
                                                      {"target", &pairs<double>::target},
                                                      {"margin", &pairs<double>::margin}};
    for (const auto& [name, member] : columns) {
        for (const double bad : {nan, inf, -inf}) {
            pairs<double> p = random_pairs<double>(9000);
            (p.*member)[8123] = bad;
            CHECK(contains(complaint<numeric_error>(p), message("pair 8123: ", name, " is ")));
        }
    }
}

TEST_CASE("infinities on both sides of a difference do not cancel into silence") {
    pairs<double> p = random_pairs<double>(20);
    p.chosen[3] = p.rejected[3] = -std::numeric_limits<double>::infinity();
    CHECK(contains(complaint<numeric_error>(p), "pair 3: chosen is -inf"));
}

TEST_CASE("log-ratios whose difference exceeds the type's range are reported as such") {
    pairs<double> p = random_pairs<double>(20);
    p.chosen[5] = 1.5e308;
    p.rejected[5] = -1.5e308;
    CHECK(contains(complaint<numeric_error>(p), "pair 5: the difference of the log-ratios"));
}

TEST_CASE("a score that is infinite for finite columns is reported by its pair") {
    pairs<double> p = random_pairs<double>(20);
    for (std::vector<double>* column : {&p.chosen, &p.rejected}) column->assign(20, -3);
    p.chosen_tokens.assign(20, 3);
    p.rejected_tokens.assign(20, 3);
    p.rejected[7] = 0; // probability 1: infinite odds
    CHECK_THROWS_WITH_AS(orpo{}(p.scores(), p.gradients()),
                         doctest::Contains("pair 7: the rejected response is certain (log-prob 0)"), numeric_error);
}

TEST_CASE("a length of 0 is named where a loss divides by it, and of no account elsewhere") {
    pairs<double> p = random_pairs<double>(20);
    p.rejected_tokens[7] = 0;
    CHECK_THROWS_WITH_AS(simpo{}(p.scores(), p.gradients()), doctest::Contains("pair 7: rejected_tokens is 0"),
                         argument_error);
    CHECK(dpo{}(p.scores(), p.gradients()).pairs == 20);
    std::swap(p.chosen_tokens, p.rejected_tokens);
    CHECK_THROWS_WITH_AS(rpo{}(p.scores(), p.gradients()), doctest::Contains("pair 7: chosen_tokens is 0"),
                         argument_error);
}

TEST_CASE("of several faults the first pair's is reported, whatever the block it lies in") {
    pairs<double> p = random_pairs<double>(50'000);
    p.weight[49'000] = p.weight[30'000] = p.weight[12'345] = -1;
    CHECK(contains(complaint<argument_error>(p), "pair 12345: weight is -1"));
}

TEST_CASE("targets outside [0, 1] and negative weights are refused") {
    pairs<double> p = random_pairs<double>(10);
    p.target[4] = 1.25;
    CHECK(contains(complaint<argument_error>(p), "pair 4: target is 1.25, a probability in [0, 1]"));
    p = random_pairs<double>(10);
    p.target[4] = -0.25;
    CHECK(contains(complaint<argument_error>(p), "pair 4: target is -0.25"));
    p = random_pairs<double>(10);
    p.weight[9] = -0.5;
    CHECK(contains(complaint<argument_error>(p), "pair 9: weight is -0.5"));
}

TEST_CASE("columns of different lengths are refused by name and length") {
    pairs<double> p = random_pairs<double>(10);
    p.rejected.pop_back();
    CHECK(contains(complaint<argument_error>(p), "rejected has 9 entries for 10 pairs"));
    p = random_pairs<double>(10);
    p.weight.resize(11);
    CHECK(contains(complaint<argument_error>(p), "weight has 11 entries for 10 pairs"));
    p = random_pairs<double>(10);
    p.reference_rejected.clear();
    CHECK(contains(complaint<argument_error>(p), "both be given or both be empty"));
    p = random_pairs<double>(10);
    std::vector<double> too_few(9), enough(10);
    CHECK_THROWS_AS(dpo{}(p.scores(), pair_gradients<double>{too_few, enough}), argument_error);
    CHECK_THROWS_AS(dpo{}(p.scores(), pair_gradients<double>{enough, {}}), argument_error);
}

TEST_CASE("a β that is not a positive number is refused") {
    pairs<double> p = random_pairs<double>(2);
    for (const double beta : {0.0, -0.1, std::numeric_limits<double>::quiet_NaN()})
        CHECK_THROWS_AS(dpo{.beta = beta}(p.scores(), p.gradients()), argument_error);
}

TEST_CASE("a column that a loss does not read is not checked, whatever it holds") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    pairs<double> p = random_pairs<double>(20);
    pairs<double> clean = p;
    p.chosen_tokens.assign(20, 0);
    p.rejected_tokens.assign(20, 0);
    CHECK(dpo{}(p.scores(), p.gradients()).loss == dpo{}(clean.scores(), clean.gradients()).loss);
    p.reference_chosen.assign(20, nan);
    p.reference_rejected.assign(20, nan);
    CHECK(bradley_terry{}(p.scores(), {}).loss == bradley_terry{}(clean.scores(), {}).loss);
    // the rejected response's length, where only the chosen one's likelihood counts
    p.chosen_tokens = clean.chosen_tokens;
    CHECK(cpo{}(p.scores(), {}).loss == cpo{}(clean.scores(), {}).loss);
    for (std::vector<double>* column : {&p.target, &clean.target, &p.margin, &clean.margin}) column->clear();
    CHECK(chosen_likelihood{}(p.scores(), {}).loss == chosen_likelihood{}(clean.scores(), {}).loss);
    p.rejected_tokens.clear();
    CHECK(chosen_likelihood{}(p.scores(), {}).loss == chosen_likelihood{}(clean.scores(), {}).loss);
    p.target.assign(20, 0.75); // soft labels read it
    CHECK_THROWS_AS(chosen_likelihood{}(p.scores(), {}), argument_error);
    p.target.assign(20, nan);
    using deaf = pairwise<reference_free, logistic, as_labelled>; // to targets
    CHECK(deaf{}(p.scores(), {}).loss == deaf{}(clean.scores(), {}).loss);
    // and a fault elsewhere is not blamed on it
    p.weight[3] = -1;
    CHECK_THROWS_WITH_AS(deaf{}(p.scores(), {}), doctest::Contains("pair 3: weight is -1"), argument_error);
}
