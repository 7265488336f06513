#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/programs/aligning/noise_by_pair.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a label's noise rate is that of its probability, else of its margin as log-odds") {
    pair_names names("L.jsonl");
    names.insert(3, {}, 4);
    std::vector<align_example> examples{{.id = 0, .verdict = preference::for_first(), .margin = 2},
                                        {.id = 1, .verdict = preference(0.75), .margin = 9},
                                        {.id = 2, .verdict = preference::for_first(), .margin = -1},
                                        {.id = 3, .verdict = preference::for_second(), .margin = -2}};
    const noise_by_pair found = put_noise_by_pair(examples, names);
    const auto s = [](double x) { return 1 / (1 + std::exp(-x)); };
    CHECK(examples[0].verdict.half_win() == doctest::Approx(s(2)));
    CHECK(examples[1].verdict.half_win() == 0.75);
    CHECK(examples[2].verdict.half_win() == doctest::Approx(s(-1))); // it was turned
    CHECK(examples[3].verdict.half_win() == doctest::Approx(s(2)));
    CHECK(found.soft == 1);
    CHECK(found.from_margins == 3);
    CHECK(found.mean == doctest::Approx((s(-2) + 0.25 + s(1) + s(-2)) / 4));
    CHECK(found.worth == doctest::Approx(2 * std::pow(2 * s(2) - 1, 2) + 0.25 + std::pow(2 * s(1) - 1, 2)));
    examples = {{.id = 3}};
    CHECK(test::contains(test::error_of([&] { put_noise_by_pair(examples, names); }), "L.jsonl:4"));
}

TEST_CASE("labels turned on purpose and margins that nobody calibrated are told") {
    const test::folder folder;
    noise_by_pair found{.from_margins = 2, .flipped = 1};
    CHECK(cautions_of_pairs(found, folder / "l.jsonl").size() == 1);
    folder.write("l.manifest.json", R"({"settings":{"result":{"calibrated":false}}})");
    const auto both = cautions_of_pairs(found, folder / "l.jsonl");
    REQUIRE(both.size() == 2);
    CHECK(test::contains(both[0], "turned on purpose"));
    CHECK(test::contains(both[1], "were not calibrated by labelled pairs"));
    found = {.from_margins = 2};
    folder.write("l.manifest.json", R"({"settings":{"result":{"calibrated":true}}})");
    CHECK(cautions_of_pairs(found, folder / "l.jsonl").empty());
}
