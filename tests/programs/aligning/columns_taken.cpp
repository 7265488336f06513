#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/aligning/columns_taken.hpp>

#include "../../files.hpp"
#include "tiny_losses.hpp"

using namespace preflearn;

namespace {

struct columns_case {
    std::vector<align_example> examples{
        {.id = 1, .responses = {"a", "b"}, .verdict = 0.75, .weight = 0.5, .margin = 2.0},
        {.id = 2, .responses = {"a", "b"}, .verdict = 0.9, .weight = 0.25, .margin = 3.0}};
    align_options options{};
    std::string told{};

    columns_taken take(const char* loss) {
        told.clear();
        return take_columns(test::tiny_loss(loss, {}), options, examples, pair_names("L.jsonl"),
                            [&](const std::string& line) { told += line + "\n"; });
    }
};

} // namespace

TEST_CASE("probabilities and weights are taken by losses that read them, and what is left is said") {
    columns_case c;
    const columns_taken by_dpo = c.take("dpo");
    CHECK(by_dpo.probabilities);
    CHECK(by_dpo.weights);
    CHECK(by_dpo.mean == batch_mean::over_examples);
    CHECK_FALSE(by_dpo.margins);
    CHECK(test::contains(c.told, "--margins use subtracts them"));
    CHECK(columns_of(c.examples, by_dpo).weights == std::vector{0.5, 0.25});
    CHECK(labels_of(c.examples, by_dpo.probabilities).at(2).half_win() == 0.9);

    const columns_taken by_aot = c.take("aot");
    CHECK_FALSE(by_aot.probabilities);
    CHECK_FALSE(by_aot.weights);
    CHECK(test::contains(c.told, "aot does not read probabilities"));
    CHECK(test::contains(c.told, "which aot does not read"));
    CHECK(labels_of(c.examples, by_aot.probabilities).at(2).half_win() == 1);
    c.options.weights = weight_use::plain;
    CHECK_THROWS_AS(c.take("aot"), argument_error);
    c.options.weights = weight_use::normalised;
    CHECK(c.take("dpo").mean == batch_mean::over_weights);
    c.options.weights = weight_use::ignore;
    CHECK_FALSE(c.take("dpo").weights);
}

TEST_CASE("margins are taken where a loss is nothing without them, or where they are asked for, of every example") {
    columns_case c;
    CHECK(c.take("odpo").margins);
    CHECK(columns_of(c.examples, c.take("odpo")).margins == std::vector{2.0, 3.0});
    c.options.margins = column_use::use;
    CHECK(c.take("dpo").margins);
    CHECK_THROWS_AS(c.take("kto"), argument_error);
    c.examples[1].margin.reset();
    CHECK(test::contains(test::error_of([&] { c.take("odpo"); }), "1 of 2 examples have none"));
    c.options.margins = column_use::automatic;
    CHECK_FALSE(c.take("dpo").margins);
}

TEST_CASE("weights of one are none, and a pair without a weight counts as 1") {
    columns_case c;
    c.examples[0].weight.reset();
    CHECK(columns_of(c.examples, c.take("dpo")).weights == std::vector{1.0, 0.25});
    CHECK(test::contains(c.told, "1 without a weight count as 1"));
    c.examples[1].weight = 1;
    CHECK_FALSE(c.take("dpo").weights);
}

TEST_CASE("weights that weigh nothing together are refused by their file") {
    pair_names names("W.jsonl");
    std::vector<align_example> examples(2);
    examples[0].weight = examples[1].weight = 0;
    CHECK(test::contains(test::error_of([&] { refuse_no_weight(examples, names); }),
                         "W.jsonl: the weights of all 2 examples are 0"));
    examples[1].weight = 0.5;
    refuse_no_weight(examples, names);
}
