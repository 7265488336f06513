#include <cmath>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/dawid_skene.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

/// Dawid & Skene (1979), table 1: fitness for anaesthesia of 45 patients, 1 to 4; observer 1 three times, 2 to 5 once.
constexpr std::string_view anaesthesia[] = {
    "1111111", "3334334", "1122122", "2223121", "2223222", "2223322", "1122111", "3333433", "2222223",
    "2322223", "4444444", "2223343", "1111111", "2223212", "1211111", "1112111", "1111111", "1111111",
    "2222221", "2221322", "2222222", "2222221", "2223222", "2212222", "1111111", "1111111", "2322222",
    "1111111", "1111111", "1121121", "1111111", "3333233", "1111111", "2222222", "2223232", "4334343",
    "2212232", "2323233", "3333432", "1111111", "1111111", "1212111", "2322222", "1211111", "2222222"};

rating_counts patients() {
    rating_counts ratings(7, 4);
    for (const std::string_view patient : anaesthesia) {
        std::vector<category> row;
        for (const char c : patient) row.push_back(c - '1');
        ratings.add(row);
    }
    return ratings;
}

const std::vector<std::size_t> observers{0, 0, 0, 1, 2, 3, 4};

} // namespace

TEST_CASE("the example of Dawid & Skene (1979): class shares .40 .42 .11 .07") {
    const dawid_skene_fit fit = fit_dawid_skene(patients(), {.rater_of_column = observers});
    CHECK(fit.status == estimate_status::ok);
    const double shares[] = {0.4000, 0.4216, 0.1118, 0.0667};
    for (std::size_t k = 0; k < 4; ++k) CHECK(std::abs(fit.prior[k] - shares[k]) < 0.00006);
    CHECK(fit.log_likelihood == doctest::Approx(-190.730997).epsilon(1e-8));
    CHECK(fit.confusion.size() == 5 * 16);
    for (std::size_t row = 0; row < 20; ++row) {
        double sum = 0;
        for (std::size_t l = 0; l < 4; ++l) sum += fit.confusion[4 * row + l];
        CHECK(sum == doctest::Approx(1));
    }
    std::vector<double> posterior(4);
    const std::vector<category> first{0, 0, 0, 0, 0, 0, 0};
    fit.posterior_of(first, posterior);
    CHECK(posterior[0] > 0.999);
}

TEST_CASE("the likelihood rises at every step") {
    double previous = -1e300;
    for (std::size_t steps = 1; steps < 12; ++steps) {
        const dawid_skene_fit fit =
            fit_dawid_skene(patients(), {.max_iterations = steps, .rater_of_column = observers});
        CHECK(fit.status == estimate_status::not_converged);
        CHECK(fit.log_likelihood > previous);
        previous = fit.log_likelihood;
    }
}

TEST_CASE("with smoothing the penalised likelihood rises, and its fixed point is reached") {
    rating_counts counts(3, 2);
    const std::vector<std::vector<category>> rows{{-1, 0, 0}, {-1, 1, -1}, {-1, 0, -1},
                                                  {1, 0, 0},  {1, -1, 0},  {-1, 1, 1}};
    for (const auto& row : rows) counts.add(row);
    const dawid_skene_fit fit = fit_dawid_skene(counts, {.smoothing = 1}); // 20,000 plain steps of numpy
    CHECK(fit.status == estimate_status::ok);
    CHECK(std::abs(fit.prior[1] - 0.4772779) < 1e-7);
    CHECK(fit.log_likelihood == doctest::Approx(-6.580532774950).epsilon(1e-8));
    CHECK(fit.objective == doctest::Approx(-16.680515576949).epsilon(1e-11));
    CHECK(fit.iterations < 200);
    double next = 1, objective = -1e300;
    for (const auto& row : rows) {
        std::vector<double> posterior(2);
        fit.posterior_of(row, posterior);
        next += posterior[1] / 8;
    }
    CHECK(std::abs(next - 1 + 1.0 / 8 - fit.prior[1]) < 1e-8);
    for (std::size_t steps = 1; steps < 60; ++steps) {
        const dawid_skene_fit stopped = fit_dawid_skene(counts, {.max_iterations = steps, .smoothing = 1});
        CHECK(stopped.objective >= objective);
        CHECK((stopped.status == estimate_status::ok) == (std::abs(stopped.prior[1] - fit.prior[1]) < 1e-7));
        objective = stopped.objective;
    }
}

TEST_CASE("categories that nobody uses die out, and what is flat converges") {
    rating_counts counts(2, 4); // two raters do not identify the model: EM stops somewhere on a ridge
    for (const auto& row : std::vector<std::vector<category>>{{0, 0}, {0, 1}, {1, 1}, {2, 2}, {2, 0}, {1, 1}})
        counts.add(row, 5);
    for (const double smoothing : {0.0, 0.01, 1.0}) {
        const dawid_skene_fit fit = fit_dawid_skene(counts, {.smoothing = smoothing});
        CAPTURE(smoothing);
        CHECK(fit.status == estimate_status::ok);
        CHECK(fit.prior[3] < 0.1);
        const dawid_skene_fit longer = fit_dawid_skene(counts, {.tolerance = 1e-13, .smoothing = smoothing});
        for (std::size_t k = 0; k < 4; ++k) CHECK(std::abs(longer.prior[k] - fit.prior[k]) < 1e-5);
    }
}

TEST_CASE("raters' reliabilities are recovered, whatever the order of the rows and however they are merged") {
    const double reliability[] = {0.95, 0.8, 0.7, 0.6};
    generator random(21, "crowd");
    rating_counts all(4, 2), left(4, 2), right(4, 2);
    for (std::size_t u = 0; u < 20'000; ++u) {
        const category truth = random.bernoulli(0.3);
        std::vector<category> row(4);
        for (std::size_t r = 0; r < 4; ++r)
            row[r] = random.bernoulli(0.2) ? no_rating : random.bernoulli(reliability[r]) ? truth : 1 - truth;
        all.add(row);
        (u % 3 == 0 ? left : right).add(row);
    }
    right += left;
    const dawid_skene_fit fit = fit_dawid_skene(all), merged = fit_dawid_skene(right);
    CHECK(fit.prior[1] == doctest::Approx(0.3).epsilon(0.06));
    for (std::size_t r = 0; r < 4; ++r) {
        CHECK(fit.confusion[4 * r] == doctest::Approx(reliability[r]).epsilon(0.05));
        CHECK(fit.confusion[4 * r + 3] == doctest::Approx(reliability[r]).epsilon(0.05));
    }
    CHECK(merged.log_likelihood == fit.log_likelihood);
}

TEST_CASE("nothing rated, owners that do not fit, and ratings held impossible") {
    rating_counts empty_counts(2, 2);
    empty_counts.add(std::vector<category>{no_rating, no_rating});
    CHECK(fit_dawid_skene(empty_counts).status == estimate_status::empty);
    CHECK_THROWS_AS(fit_dawid_skene(patients(), {.rater_of_column = {0, 1}}), argument_error);
    CHECK_THROWS_AS(fit_dawid_skene(patients(), {.smoothing = -1}), argument_error);
    rating_counts constant(2, 2);
    constant.add(std::vector<category>{0, 0}, 5);
    const dawid_skene_fit fit = fit_dawid_skene(constant);
    CHECK(fit.prior[0] == 1);
    std::vector<double> posterior(2);
    CHECK(std::isinf(fit.posterior_of(std::vector<category>{1, 1}, posterior)));
    CHECK(posterior[0] == 1);
}
