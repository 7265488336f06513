#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/icc.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

namespace {

constexpr icc_form six_forms[] = {icc_form::icc_1_1, icc_form::icc_2_1, icc_form::icc_3_1,
                                  icc_form::icc_1_k, icc_form::icc_2_k, icc_form::icc_3_k};

struct score_table {
    std::vector<double> values;
    std::size_t units, raters;
    [[nodiscard]] matrix_view<const double> view() const { return {values.data(), units, raters}; }
};

score_table table_of(const nlohmann::json& rows) {
    score_table table{{}, rows.size(), rows[0].size()};
    for (const auto& row : rows)
        for (const double x : numbers(row)) table.values.push_back(x);
    return table;
}

const score_table shrout_fleiss{{9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7}, 6, 4};

} // namespace

TEST_CASE("Shrout & Fleiss (1979), table 4: .17 .29 .71 .44 .62 .91") {
    const double printed[] = {0.17, 0.29, 0.71, 0.44, 0.62, 0.91};
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(std::abs(icc(shrout_fleiss.view(), six_forms[i]).value - printed[i]) < 0.005);
}

TEST_CASE("values and intervals equal pingouin's") {
    const nlohmann::json peers = golden("peers.json")["icc"];
    for (const auto& [name, peer] : peers.items()) {
        CAPTURE(name);
        const score_table table = table_of(peer["ratings"]);
        for (std::size_t i = 0; i < 6; ++i) {
            const estimate e = icc(table.view(), six_forms[i]);
            CHECK(close(e.value, peer["values"][i], 1e-9));
            CHECK(std::abs(e.bounds.low - peer["bounds"][i][0].get<double>()) < 0.00501); // printed with two digits
            CHECK(std::abs(e.bounds.high - peer["bounds"][i][1].get<double>()) < 0.00501);
        }
    }
}

TEST_CASE("shift and scale of all ratings change nothing; a rater's own shift leaves consistency") {
    score_table moved = shrout_fleiss, biased = shrout_fleiss;
    for (double& x : moved.values) x = 100 - 3 * x;
    for (std::size_t u = 0; u < 6; ++u) biased.values[4 * u + 2] += 50;
    for (const icc_form form : six_forms)
        CHECK(close(icc(moved.view(), form).value, icc(shrout_fleiss.view(), form).value, 1e-10));
    CHECK(
        close(icc(biased.view(), icc_form::icc_3_1).value, icc(shrout_fleiss.view(), icc_form::icc_3_1).value, 1e-10));
    CHECK(icc(biased.view(), icc_form::icc_2_1).value < 0.1);
}

TEST_CASE("units with a missing rating are left out and counted") {
    score_table with = shrout_fleiss;
    with.values.insert(with.values.end(), {3, std::nan(""), 4, 5});
    with.units = 7;
    CHECK(analyse_variance(with.view()).incomplete == 1);
    for (const icc_form form : six_forms) CHECK(icc(with.view(), form).value == icc(shrout_fleiss.view(), form).value);
    with.values[0] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(analyse_variance(with.view()), doctest::Contains("unit 0, rater 0"), numeric_error);
}

TEST_CASE("an interval holds its value, and large ratings lose no digits") {
    const score_table low{{0, 1, 2, 2, 1, 0, 2, 0, 1, 1, 0, 2, 1, 1, 1, 0}, 4, 4};
    const estimate averaged = icc(low.view(), icc_form::icc_2_k);
    CHECK(averaged.value == doctest::Approx(-8));
    CHECK(averaged.bounds.low == -std::numeric_limits<double>::infinity());
    CHECK(averaged.bounds.high > averaged.value);
    score_table far = shrout_fleiss;
    for (double& rating : far.values) rating += 1e15;
    for (const icc_form form : six_forms)
        CHECK(icc(far.view(), form).value == doctest::Approx(icc(shrout_fleiss.view(), form).value).epsilon(1e-12));
    // Negative estimates of the raters' variance may outweigh what is left: there is no ratio then.
    const score_table odd{{2, 0, 2, 0, 2, 1, 0, 2, 1}, 3, 3};
    CHECK(icc(odd.view(), icc_form::icc_2_k).status == estimate_status::constant_input);
}

TEST_CASE("tables without variance, with one unit or one rater have a status") {
    const score_table constant{std::vector<double>(12, 0.1), 4, 3}, one{{1, 2, 3}, 1, 3}, alone{{1, 2, 3}, 3, 1},
        equal{{1, 1, 2, 2, 5, 5}, 3, 2}, none{{}, 0, 3};
    for (const icc_form form : six_forms) {
        CHECK(icc(constant.view(), form).status == estimate_status::constant_input);
        CHECK(icc(one.view(), form).status == estimate_status::too_few);
        CHECK(icc(alone.view(), form).status == estimate_status::too_few);
        CHECK(icc(none.view(), form).status == estimate_status::empty);
        CHECK(icc(equal.view(), form).value == doctest::Approx(1));
        CHECK(icc(equal.view(), form).bounds.low == doctest::Approx(1));
    }
}

TEST_CASE("ratings that differ by rounding do not vary, and raters who differ by rounding agree exactly") {
    const double other = 0.1 + 0.2;
    const score_table rounded{{0.3, other, other, 0.3, 0.3, 0.3}, 3, 2};
    score_table agreeing{{0.3, other, 0.7, 0.1 + 0.6, 3.3, 1.1 + 2.2}, 3, 2};
    for (const icc_form form : six_forms) {
        CHECK(icc(rounded.view(), form).status == estimate_status::constant_input);
        CHECK(icc(agreeing.view(), form).value == doctest::Approx(1));
        CHECK(icc(agreeing.view(), form).bounds == interval{1, 1});
    }
    agreeing.values[0] = 1e200;
    CHECK_THROWS_WITH_AS(analyse_variance(agreeing.view()), doctest::Contains("overflow"), numeric_error);
}
