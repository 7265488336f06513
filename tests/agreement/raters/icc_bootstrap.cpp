#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <preflearn/agreement/raters/icc_bootstrap.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"

using namespace preflearn;

namespace {

struct rated_table {
    std::size_t rows, columns;
    std::vector<double> cells;
    [[nodiscard]] matrix_view<const double> view() const { return {cells.data(), rows, columns}; }
};

rated_table rated(std::size_t units, std::size_t raters, double offset) {
    generator random(3, "rated");
    rated_table table{units, raters, {}};
    for (std::size_t u = 0; u < units; ++u) {
        const double truth = random.normal();
        for (std::size_t r = 0; r < raters; ++r)
            table.cells.push_back(random.bernoulli(0.02) ? std::nan("")
                                                         : offset + truth + static_cast<double>(r) + random.normal());
    }
    return table;
}

/// The naive form: the rows drawn are put into a table and analysed.
double naive_error(const rated_table& table, icc_form form, const bootstrap_options& options) {
    std::vector<std::vector<double>> complete;
    for (std::size_t u = 0; u < table.rows; ++u) {
        const std::vector<double> row(table.view().row(u), table.view().row(u) + table.columns);
        bool missing = false;
        for (const double x : row) missing = missing || std::isnan(x);
        if (!missing) complete.push_back(row);
    }
    using cells = std::vector<double>;
    return bootstrap(
               complete.size(), [] { return cells{}; }, [](cells& drawn) { drawn.clear(); },
               [&](cells& drawn, std::size_t u) { drawn.insert(drawn.end(), complete[u].begin(), complete[u].end()); },
               [&](const cells& drawn) {
                   return icc_value(analyse_variance({drawn.data(), drawn.size() / table.columns, table.columns}), form)
                       .value;
               },
               options)
        .value.standard_error;
}

} // namespace

TEST_CASE("errors from sums over counted units equal those of the tables drawn") {
    const bootstrap_options options{.replicates = 60, .seed = 5};
    for (const double offset : {0.0, 1e6}) {
        const rated_table table = rated(45, 3, offset);
        const auto all = every_icc(table.view(), options);
        for (std::size_t f = 0; f < icc_forms.size(); ++f) {
            CHECK(all[f].value == icc(table.view(), icc_forms[f]).value);
            CHECK(all[f].bounds == icc(table.view(), icc_forms[f]).bounds);
            CHECK(close(all[f].standard_error, naive_error(table, icc_forms[f], options), offset > 0 ? 1e-6 : 1e-10));
        }
    }
}

TEST_CASE("tables without a correlation have no error, and two units that agree exactly have the error 0 or none") {
    const rated_table constant{3, 2, {0.3, 0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2, 0.3}}, none{0, 3, {}}, one{1, 2, {1, 2}};
    for (const estimate& e : every_icc(constant.view())) CHECK(e.status == estimate_status::constant_input);
    for (const estimate& e : every_icc(none.view())) CHECK(e.status == estimate_status::empty);
    for (const estimate& e : every_icc(one.view())) CHECK(e.status == estimate_status::too_few);
    const rated_table equal{4, 2, {1, 1, 2, 2, 3, 3, 5, 5}}; // draws of one unit alone have no correlation
    for (const estimate& e : every_icc(equal.view(), {.replicates = 200})) {
        CHECK(e.value == doctest::Approx(1));
        CHECK(std::abs(e.standard_error) < 1e-14);
    }
}

#if defined(_OPENMP)
TEST_CASE("the errors have the same bits for any number of threads") {
    const rated_table table = rated(50, 4, 0);
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    const auto alone = every_icc(table.view(), {.replicates = 100});
    omp_set_num_threads(3);
    const auto together = every_icc(table.view(), {.replicates = 100});
    omp_set_num_threads(threads);
    for (std::size_t f = 0; f < icc_forms.size(); ++f) CHECK(alone[f].standard_error == together[f].standard_error);
}
#endif
