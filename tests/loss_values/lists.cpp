// Losses of ranked lists on the numbers of a CSV file: the library's own values, those of pairs, and what is said of a
// file that is wrong.
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss_values/lists.hpp>
#include <preflearn/loss_values/pairs.hpp>

using namespace preflearn;

namespace {

ranked_columns lists_of(const std::string& text) {
    std::istringstream stream(text);
    return read_ranked_columns(csv_file(csv_reader(stream, "lists.csv")));
}

} // namespace

TEST_CASE("a list's loss stands in its first line, and derivatives are the bits of a call on the whole batch") {
    generator random(6, "lists");
    std::string text = "logp,list,reference_logp,ranked,weight\n";
    std::vector<double> score, reference, weight;
    std::vector<std::size_t> offsets{0};
    std::vector<std::uint32_t> ranked;
    for (int g = 0; g < 12; ++g) {
        const std::size_t size = 1 + random.below(6);
        ranked.push_back(static_cast<std::uint32_t>(random.below(size + 1)));
        weight.push_back(2 * random.uniform());
        for (std::size_t i = 0; i < size; ++i) {
            score.push_back(-20 * random.uniform());
            reference.push_back(-20 * random.uniform());
            text += shortest_digits(score.back()) + ",prompt " + std::to_string(g) + ',' +
                    shortest_digits(reference.back()) + (i < ranked.back() ? ",true," : ",false,") +
                    shortest_digits(weight.back()) + '\n';
        }
        offsets.push_back(score.size());
    }
    const plackett_luce_loss loss{.beta = 0.3};
    std::vector<double> gradient(score.size());
    const double sum = loss({score, offsets, reference, ranked, weight}, std::span(gradient)).loss;
    const std::vector<response_loss_value> values = loss_values(loss, lists_of(text));
    REQUIRE(values.size() == score.size());
    double added = 0;
    for (std::size_t g = 0; g < 12; ++g) {
        std::vector<double> of_list(12, 0); // all other lists weigh nothing
        of_list[g] = weight[g];
        for (std::size_t i = offsets[g]; i < offsets[g + 1]; ++i) {
            CHECK(values[i].d_log_prob == gradient[i]);
            CHECK(values[i].loss ==
                  (i > offsets[g] ? 0 : loss({score, offsets, reference, ranked, of_list}, std::span<double>()).loss));
            added += values[i].loss;
        }
    }
    CHECK(added == doctest::Approx(sum).epsilon(1e-14));
}

TEST_CASE("two responses without a reference are Bradley-Terry, with one DPO") {
    std::istringstream stream("chosen_logp,rejected_logp,reference_chosen_logp,reference_rejected_logp\n"
                              "-12.5,-14,-13,-13.5\n-30.25,-28.5,-29,-29.5\n");
    const score_columns two = read_score_columns(csv_file(csv_reader(stream, "pairs.csv")));
    const auto check = [](const std::vector<loss_value>& pair, const std::vector<response_loss_value>& list) {
        REQUIRE(list.size() == 4);
        for (std::size_t i = 0; i < 2; ++i) {
            CHECK(list[2 * i].loss == doctest::Approx(pair[i].loss).epsilon(1e-14));
            CHECK(list[2 * i].d_log_prob == doctest::Approx(pair[i].d_chosen).epsilon(1e-14));
            CHECK(list[2 * i + 1].d_log_prob == doctest::Approx(pair[i].d_rejected).epsilon(1e-14));
        }
    };
    check(loss_values(bradley_terry{}, two),
          loss_values(plackett_luce_loss{}, lists_of("list,logp\n1,-12.5\n1,-14\n2,-30.25\n2,-28.5\n")));
    check(loss_values(dpo{}, two),
          loss_values(plackett_luce_loss{.beta = 0.1}, lists_of("list,logp,reference_logp\n1,-12.5,-13\n1,-14,-13.5\n"
                                                                "2,-30.25,-29\n2,-28.5,-29.5\n")));
}

TEST_CASE("what is missing or wrong with a list is said by file, line and column") {
    const auto complaint = [](const std::string& more, const std::string& rows) {
        try {
            std::istringstream stream("list,logp" + more + "\n" + rows);
            write_loss_values(plackett_luce_loss{}, csv_file(csv_reader(stream, "lists.csv")),
                              [](const std::string&) {});
        } catch (const error& failure) {
            return std::string(failure.what());
        }
        return std::string("no complaint");
    };
    CHECK(complaint("", "a,-1\nb,-1\na,-1\n") ==
          "lists.csv:4: list 'a' goes on after another one, its lines were expected to stand together");
    CHECK(complaint("", ",-1\n") == "lists.csv:2: column 'list' holds '', the name of a list was expected");
    CHECK(complaint("", "a,\n") == "lists.csv:2: column 'logp' holds '', a finite number was expected");
    CHECK(complaint(",weight", "a,-1,2\na,-1,3\n") ==
          "lists.csv:3: column 'weight' holds '3', the list's weight in the line before it was expected");
    CHECK(complaint(",ranked", "a,-1,1\na,-1,0\na,-1,1\n") ==
          "lists.csv:4: column 'ranked' holds '1', 0, as in the line before it, was expected");
    CHECK(complaint(",ranked", "a,-1,0\nb,-1,1\n") == "no complaint");
    CHECK(complaint(",reference_logp", "a,-1,-1\nb,-1,-1\nb,-1.5e308,1.5e308\n")
              .starts_with("lists.csv: group 1, response 1: the difference of"));
    CHECK(complaint("", "") == "lists.csv: there are no responses below the names of the columns");
    CHECK_THROWS_WITH_AS(lists_of("logp\n-1\n"), "lists.csv: there is no column 'list' among 'logp'", input_error);
}
