#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/programs/labelling/length_debiasing.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Scores that rise with length by `slope`, and noise.
std::vector<scored_lengths> biased_scores(std::size_t count, std::size_t responses, double slope) {
    generator random(6, "lengths");
    std::vector<scored_lengths> all(count);
    for (scored_lengths& one : all)
        for (std::size_t r = 0; r < responses; ++r) {
            one.lengths.push_back(static_cast<double>(1 + random.below(200)));
            one.scores.push_back(slope * one.lengths.back() + random.normal());
        }
    return all;
}

double mean_difference(const std::vector<scored_lengths>& all, double alpha) {
    double sum = 0;
    for (const scored_lengths& one : all) sum += detail::length_difference(one, alpha);
    return sum / static_cast<double>(all.size());
}

} // namespace

TEST_CASE("no alpha of a fine grid is better than the one that is found, for two and for more responses") {
    for (const std::size_t responses : {2U, 4U}) {
        for (const double slope : {0.02, -0.01}) {
            const auto all = biased_scores(60, responses, slope);
            const length_debiasing found = find_length_debiasing(all);
            CHECK(std::abs(found.alpha - slope) < 0.01);
            CHECK(found.records == 60);
            CHECK(std::abs(found.before) > 20);
            CHECK(found.before == doctest::Approx(mean_difference(all, 0)));
            CHECK(found.after == doctest::Approx(mean_difference(all, found.alpha)));
            double best = std::numeric_limits<double>::infinity();
            for (int step = -4000; step <= 4000; ++step)
                best = std::min(best, std::abs(mean_difference(all, step * 1e-5)));
            CHECK(std::abs(found.after) <= best + 1e-12);
        }
    }
}

TEST_CASE("where lengths are balanced or equal nothing is taken off") {
    const std::vector<scored_lengths> balanced{{{1, 0}, {10, 5}}, {{1, 0}, {5, 10}}};
    CHECK(find_length_debiasing(balanced).alpha == 0);
    const std::vector<scored_lengths> equal{{{1, 0}, {7, 7}}};
    CHECK(find_length_debiasing(equal).alpha == 0);
    CHECK(find_length_debiasing(equal).records == 0);
    CHECK(find_length_debiasing({}).alpha == 0);
    const std::vector<scored_lengths> one{{{3, 1}, {10, 8}}}; // either side of 1 is as far from 0
    CHECK(std::abs(find_length_debiasing(one).after) == 2);
    CHECK(test::contains(test::error_of([] {
                             (void)find_length_debiasing(std::vector<scored_lengths>{{{1, std::nan("")}, {1, 2}}});
                         }),
                         "a score of record 0"));
}

TEST_CASE("the lengths of a file's records are taken off their judgements, in the order in which they were shown") {
    std::vector<judgement> said(5);
    std::vector<record_facts> records(5);
    for (std::size_t i = 0; i < 5; ++i) {
        records[i] = {.id = i, .responses = 2, .lengths = {10, 4}};
        const double longer = i < 4 ? 6 : -6; // what the teacher says of the longer one
        const bool swapped = shown_order(1, i, 2)[0] == 1;
        said[i].scores = {swapped ? 0.0 : longer, swapped ? longer : 0.0};
    }
    said[3].verdict = preference::from_margin(said[3].scores[0] - said[3].scores[1]);
    said[3].scores.clear();
    const length_debiasing found = find_length_debiasing(said, records, 1);
    CHECK(found.before == doctest::Approx(6 * 3.0 / 5));
    debias(said, records, 1, 0.5);
    for (std::size_t i = 0; i < 5; ++i) {
        const double sign = shown_order(1, i, 2)[0] == 1 ? -1 : 1;
        CHECK(*said[i].margin() == doctest::Approx(sign * ((i < 4 ? 6 : -6) - 3)));
    }
    said[3].verdict = preference::for_first();
    CHECK(
        test::contains(test::error_of([&] { (void)find_length_debiasing(said, records, 1); }), "pair 3 has no margin"));
}
