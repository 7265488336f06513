// The expected numbers are scipy 1.17's; those of very large arguments mpmath's at 40 digits.
#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/system/error.hpp>

#include "../../agreement/close.hpp"

using namespace preflearn;

TEST_CASE("normal quantiles and tails") {
    CHECK(close(normal_quantile(0.975), 1.959963984540054, 1e-15));
    CHECK(close(normal_quantile(0.9), 1.2815515655446004, 1e-15));
    CHECK(close(normal_quantile(1e-10), -6.361340902404056, 1e-14));
    CHECK(close(normal_quantile(0.3), -0.5244005127080409, 1e-14));
    CHECK(close(normal_quantile(0.999999), 4.753424308817087, 1e-12));
    CHECK(std::abs(normal_quantile(0.5)) < 1e-15);
    CHECK(std::isinf(normal_quantile(1)));
    CHECK(close(normal_critical(0.95), 1.959963984540054, 1e-14));
    CHECK(close(normal_critical(0.5), 0.6744897501960817, 1e-14));
    CHECK(close(normal_critical(1 - 1e-9), 6.109410204869, 1e-8));
    CHECK(close(normal_critical(1 - 0x1p-50), -normal_quantile(0x1p-51), 1e-15)); // all digits of the tail
    CHECK(close(normal_p_value(normal_critical(0.95)), 0.05, 1e-14));
    CHECK_THROWS_AS(normal_quantile(1.5), argument_error);
    CHECK_THROWS_AS(normal_critical(1), argument_error);
    CHECK_THROWS_AS(normal_critical(std::nan("")), argument_error);
}

TEST_CASE("Student's critical values and p-values") {
    const std::pair<double, double> critical[] = {{1, 12.706204736174694},    {2, 4.302652729749462},
                                                  {5, 2.5705818356363146},    {30, 2.0422724563012378},
                                                  {1000, 1.9623390808264083}, {999999, 1.9599663568164791}};
    for (const auto& [degrees, expected] : critical) CHECK(close(student_critical(0.95, degrees), expected, 1e-11));
    CHECK(close(student_p_value(0.1, 3), 0.9266523488008059, 1e-13));
    CHECK(close(student_p_value(-2, 10), 0.07338803477074037, 1e-13));
    CHECK(close(student_p_value(8, 4), 0.0013238969092171672, 1e-13));
    CHECK(close(student_p_value(3, 1e6), 0.002699862541421797, 1e-13));
    CHECK(close(student_p_value(40, 2.5), 0.0001419563429049338, 1e-13));
    CHECK(student_p_value(0, 7) == 1);
}

TEST_CASE("the incomplete beta function from small to very large arguments") {
    CHECK(close(incomplete_beta(2, 3, 0.4), 0.5248, 1e-14));
    CHECK(close(incomplete_beta(0.5, 0.5, 0.01), 0.06376856085851985, 1e-13));
    CHECK(close(incomplete_beta(50, 60, 0.5), 0.8309072939016693, 1e-13));
    CHECK(close(incomplete_beta(1e5, 2e5, 0.333), 0.34940317176601168, 1e-13));
    CHECK(close(incomplete_beta(500000, 0.5, 0.99999), 0.0015653640065981895, 1e-13));
    CHECK(close(incomplete_beta(3, 1e5, 2e-5), 0.32333441073884167, 1e-12));
    CHECK(close(incomplete_beta(200, 3, 0.97), 0.05673453694079385, 1e-12));
    CHECK(incomplete_beta(3, 4, 0) == 0);
    CHECK(incomplete_beta(3, 4, 1) == 1);
    for (const double x : {0.001, 0.2, 0.7, 0.99}) // I_x(a, b) = 1 - I_{1 - x}(b, a)
        CHECK(incomplete_beta(2.5, 11, x) + incomplete_beta(11, 2.5, 1 - x) == doctest::Approx(1).epsilon(1e-13));
    CHECK_THROWS_AS(incomplete_beta(-1, 2, 0.5), argument_error);
    CHECK_THROWS_AS(incomplete_beta(1, 2, std::nan("")), argument_error);
}

TEST_CASE("beta, F and χ² tails and quantiles") {
    CHECK(close(beta_quantile(0.025, 7, 4), 0.3475471499400027, 1e-12));
    CHECK(close(beta_quantile(0.975, 8, 3), 0.9332604888222655, 1e-12));
    CHECK(close(beta_quantile(0.5, 100, 200), 0.3329625066484858, 1e-12));
    CHECK(close(beta_quantile(1e-6, 2, 2), 0.0005774614337920399, 1e-9));
    CHECK(close(f_tail(2.5, 3, 10), 0.11903956265827809, 1e-13));
    CHECK(close(f_tail(11.027, 5, 18), 5.616492469450375e-05, 1e-12));
    CHECK(close(f_tail(0.2, 7, 2), 0.9552006291193825, 1e-13));
    CHECK(close(f_quantile(0.975, 5, 18), 3.381967805875243, 1e-12));
    CHECK(close(f_quantile(0.025, 5, 15), 0.15557596307848703, 1e-12));
    CHECK(close(chi_square_tail(3.84, 1), 0.05004352124870519, 1e-12));
    CHECK(close(chi_square_tail(0.5, 4), 0.9735009788392561, 1e-13));
    CHECK(close(chi_square_tail(30, 3), 1.3800570312932553e-06, 1e-12));
    CHECK(close(chi_square_tail(1100, 1000), 0.014614408126295192, 1e-10));
}

TEST_CASE("the sign test is the exact binomial test of a fair coin") {
    CHECK(close(sign_test(59, 180), 4.4344492637551645e-06, 1e-12));
    CHECK(close(sign_test(3, 10), 0.34375, 1e-13));
    CHECK(sign_test(5, 10) == 1);
    CHECK(sign_test(0, 0) == 1);
    CHECK(close(sign_test(0, 20), 1.9073486328125e-06, 1e-13));
    CHECK(close(sign_test(499000, 1000000), 0.0456082998653896, 1e-10));
    for (std::size_t n = 1; n < 60; ++n)
        for (std::size_t k = 0; k <= n; ++k) CHECK(sign_test(k, n) == sign_test(n - k, n));
    CHECK_THROWS_AS(sign_test(3, 2), argument_error);
}
