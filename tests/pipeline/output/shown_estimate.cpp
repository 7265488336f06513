#include <doctest/doctest.h>

#include <cmath>

#include <preflearn/pipeline/output/shown_estimate.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("an estimate shows what of it is defined, and a small p-value its own digits") {
    const estimate whole{
        .value = 0.25, .standard_error = 0.1, .bounds = {0.1, 0.5}, .count = 4, .status = estimate_status::ok};
    CHECK(shown(estimate_cell(whole), {.digits = 2}) == "0.25 [0.10, 0.50]");
    CHECK(estimate_json(whole)["high"] == 0.5);
    CHECK(estimate_json(whole)["count"] == 4);
    estimate alone = whole;
    alone.bounds = {std::nan(""), std::nan("")};
    CHECK(shown(estimate_cell(alone), {.digits = 2}) == "0.25");
    CHECK(estimate_json(alone)["low"].is_null());
    CHECK(shown(estimate_cell(estimate{}), {}) == shown(table_cell(no_value{}), {}));
    CHECK(shown(p_value_cell(1e-9), {}) == "1.0e-09");
    CHECK(shown(p_value_cell(0.0321), {}) == "0.0321");
    CHECK(shown(p_value_cell(std::nan("")), {}) == shown(table_cell(no_value{}), {}));
}
