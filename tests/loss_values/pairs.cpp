#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/groups/tpo.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss_values/pairs.hpp>

using namespace preflearn;

namespace {

score_columns columns_of(const std::string& text) {
    std::istringstream stream(text);
    return read_score_columns(csv_file(csv_reader(stream, "pairs.csv")));
}

const std::string two_pairs =
    "chosen_logp,rejected_logp,reference_chosen_logp,reference_rejected_logp,chosen_tokens,rejected_tokens,note\n"
    "-12.5,-14,-13,-13.5,5,7,a\n -30.25 ,-28.5,-29,-29.5,12,10,b\n";

} // namespace

TEST_CASE("values are those of every pair alone, with the loss's parameters") {
    const std::vector<loss_value> values = loss_values(dpo{.beta = 0.2}, columns_of(two_pairs));
    REQUIRE(values.size() == 2);
    CHECK(values[0].loss == doctest::Approx(std::log1p(std::exp(-0.2))));
    CHECK(values[0].d_chosen == doctest::Approx(-0.2 / (1 + std::exp(0.2))));
    CHECK(values[1].d_rejected == doctest::Approx(0.2 / (1 + std::exp(-0.45))));
    CHECK(loss_values(ipo_mean{}, columns_of(two_pairs))[0].loss == doctest::Approx(std::pow(0.1 + 0.5 / 7 - 5, 2)));
}

TEST_CASE("weights multiply, and the optional columns are read") {
    const std::string text = "chosen_logp,rejected_logp,weight,target,margin\n-1,-2,3,0.75,0.5\n";
    const double z = 0.5;
    CHECK(loss_values(bradley_terry{}, columns_of(text))[0].loss ==
          doctest::Approx(3 * (0.75 * std::log1p(std::exp(-z)) + 0.25 * std::log1p(std::exp(z)))));
}

TEST_CASE("under a loss that couples the batch the lines of a file are one batch") {
    const std::string text = "chosen_logp,rejected_logp,reference_chosen_logp,reference_rejected_logp\n"
                             "-1,-4,-5,-5\n-2,-2,-7,-5\n"; // policy 3, 0; reference 0, −2
    const std::vector<loss_value> values = loss_values(aot{.beta = 1}, columns_of(text));
    const auto loss = [](double z) { return std::log1p(std::exp(-z)); };
    CHECK(values[0].loss == doctest::Approx(loss(3 - 0)));
    CHECK(values[1].loss == doctest::Approx(loss(0 + 2)));
    CHECK(values[1].d_rejected == doctest::Approx(1 / (1 + std::exp(2.0))));
    const std::vector<loss_value> robust = loss_values(dr_dpo{.beta = 1}, columns_of(text));
    CHECK(robust[0].loss == doctest::Approx(-std::log((std::exp(-loss(3)) + std::exp(-loss(2))) / 2)));
    CHECK(robust[1].loss == robust[0].loss);
}

TEST_CASE("losses on triples take the gold response's columns and say its derivative") {
    const std::string text = "chosen_logp,rejected_logp,gold_logp,gold_tokens,weight\n-1,-2,-6,4,2\n";
    const std::vector<triple_loss_value> values = loss_values(tpo{.beta = 1, .tpo_alpha = 0.5}, columns_of(text));
    REQUIRE(values.size() == 1);
    CHECK(values[0].loss == doctest::Approx(2 * (std::log1p(std::exp(-1.0)) + 0.75)));
    CHECK(values[0].d_chosen == doctest::Approx(-2 / (1 + std::exp(1.0))));
    CHECK(values[0].d_gold == -0.25);
    CHECK(to_csv(std::vector<triple_loss_value>{{0.5, -0.1, 0.1, -0.25}}) ==
          "loss,d_chosen_logp,d_rejected_logp,d_gold_logp\n0.5,-0.1,0.1,-0.25\n");
    CHECK_THROWS_WITH_AS(loss_values(tpo{}, columns_of("chosen_logp,rejected_logp,gold_logp\n-1,-2,-6\n")),
                         "pairs.csv: this loss needs the columns gold_logp and gold_tokens", argument_error);
    CHECK_THROWS_WITH_AS(columns_of("chosen_logp,rejected_logp,gold_logp\n-1,-2,\n"),
                         "pairs.csv:2: column 'gold_logp' holds '', a finite number was expected", input_error);
}

TEST_CASE("what is missing or wrong is said") {
    const score_columns bare = columns_of("chosen_logp, rejected_logp\n-1, -2\n");
    CHECK_THROWS_WITH_AS(loss_values(dpo{}, bare),
                         "pairs.csv: this loss needs the columns reference_chosen_logp and reference_rejected_logp",
                         argument_error);
    CHECK_THROWS_WITH_AS(loss_values(simpo{}, bare), doctest::Contains("chosen_tokens"), argument_error);
    const auto complaint = [](const std::string& column, const std::string& text) {
        return columns_of("chosen_logp,rejected_logp" + column + "\n-1,-2" + (column.empty() ? "" : ",1") + "\n" +
                          text);
    };
    CHECK_THROWS_WITH_AS(complaint("", "-1,x\n"),
                         "pairs.csv:3: column 'rejected_logp' holds 'x', a finite number was expected", input_error);
    CHECK_THROWS_AS(complaint("", "nan,-2\n"), input_error);
    CHECK_THROWS_AS(complaint("", "-inf,-2\n"), input_error);
    CHECK_THROWS_WITH_AS(complaint(",target", "-1,-2,1.5\n"),
                         "pairs.csv:3: column 'target' holds '1.5', a probability in [0, 1] was expected", input_error);
    CHECK_THROWS_WITH_AS(complaint(",weight", "-1,-2,-1\n"), doctest::Contains("column 'weight' holds '-1'"),
                         input_error);
    for (const char* length : {"0", "1.5", "-1", "4294967296", "nan"})
        CHECK_THROWS_AS(complaint(",chosen_tokens", "-1,-2," + std::string(length) + "\n"), input_error);
    CHECK_THROWS_WITH_AS(complaint(",reference_chosen_logp", ""),
                         "pairs.csv: of the columns reference_chosen_logp and reference_rejected_logp one is there "
                         "alone",
                         input_error);
    CHECK_THROWS_WITH_AS(columns_of("chosen_logp\n-1\n"),
                         "pairs.csv: there is no column 'rejected_logp' among 'chosen_logp'", input_error);
    CHECK_THROWS_WITH_AS(columns_of("chosen_logp,rejected_logp\n"),
                         "pairs.csv: there are no pairs below the names of the columns", input_error);
}

TEST_CASE("a fault that shows in the loss alone is said with the file's name") {
    std::istringstream stream("chosen_logp,rejected_logp,gold_logp,gold_tokens\n-1,-2,-3,4\n-1.5e308,1.5e308,-3,4\n");
    CHECK_THROWS_WITH_AS(write_loss_values(tpo{}, csv_file(csv_reader(stream, "triples.csv")), [](const auto&) {}),
                         doctest::Contains("triples.csv:3: the difference of"), numeric_error);
}

TEST_CASE("faults that a loss finds are said by the line on which the pair begins") {
    const auto run = [](const auto& loss, const std::string& text) {
        std::istringstream stream(text);
        std::string written;
        write_loss_values(loss, csv_file(csv_reader(stream, "p.csv")), [&](const auto& lines) { written += lines; });
        return written;
    };
    const std::string four = "chosen_logp,rejected_logp,chosen_tokens,rejected_tokens,note\n-5,-6,2,3,\"two\nlines\"\n";
    CHECK_THROWS_WITH_AS(run(orpo{}, four + "3,-6,2,3,\n"),
                         "p.csv:4: chosen is 3: a log-probability is positive, at most 0 was expected", numeric_error);
    CHECK_THROWS_WITH_AS(run(orpo{}, four + "-1,-0,2,3,\n"),
                         doctest::Contains("p.csv:4: the rejected response is certain"), numeric_error);
    CHECK_THROWS_WITH_AS(run(orpo{.beta = -1}, four), doctest::Contains("beta is -1"), argument_error);
    CHECK(run(orpo{}, four + "0,-6,2,3,\n").find("\n0,-0.5078258821374") != std::string::npos);
}

TEST_CASE("columns that the loss does not read may hold anything, and those that weigh are named") {
    const std::string text =
        "chosen_logp,rejected_logp,reference_chosen_logp,chosen_tokens,rejected_tokens,gold_tokens,"
        "weight,margin\n-5,-6,?,2,0,,1,n/a\n";
    const auto run = [&]<class Loss>(const Loss& loss, std::string& ignored) {
        std::istringstream stream(text);
        csv_file file(csv_reader(stream, "p.csv"));
        ignored = ignored_columns<Loss>(file);
        std::string written;
        write_loss_values(loss, std::move(file), [&](const auto& lines) { written += lines; });
        return written;
    };
    std::string ignored;
    CHECK(run(chosen_likelihood{}, ignored) == "loss,d_chosen_logp,d_rejected_logp\n2.5,-0.5,0\n");
    CHECK(ignored == "margin");
    CHECK_THROWS_WITH_AS(run(cpo{}, ignored), doctest::Contains("column 'margin' holds 'n/a'"), input_error);
    CHECK_THROWS_WITH_AS(run(orpo{}, ignored), doctest::Contains("p.csv:2: column 'margin'"), input_error);
}

TEST_CASE("values are lines of CSV") {
    const std::vector<loss_value> two{{0.5, -0.1, 0.1}, {0, -0.0, 0}};
    CHECK(to_csv(two) == "loss,d_chosen_logp,d_rejected_logp\n0.5,-0.1,0.1\n0,0,0\n");
}
