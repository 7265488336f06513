#include <numeric>
#include <span>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/pipeline/agreement/study.hpp>

using namespace preflearn;

namespace {

rating_table table_of(const std::string& text) {
    std::istringstream stream(text);
    return wide_ratings(csv_file(csv_reader(stream, "t.csv")));
}

} // namespace

TEST_CASE("a study counts what each rater gave, in each rater's place") {
    const agreement_study study =
        study_agreement(table_of("a,b,c\nx,x,\ny,x,x\n,y,\n"), {.bootstrap = {.replicates = 10}});
    CHECK(study.ratings == 6);
    CHECK(study.ratings_of_rater == std::vector<std::uint64_t>{2, 3, 1});
    CHECK(study.missing.total() == 3);
    CHECK(study.pairs.size() == 3);
    CHECK_FALSE(study.truth_wanted);
    CHECK(study.truth.posteriors.empty());
}

TEST_CASE("the estimated truth of a unit is a distribution; raters who always say it are right with certainty") {
    std::string text = "a,b,c\n";
    for (int u = 0; u < 20; ++u) text += u % 2 == 0 ? "x,x,x\n" : (u % 4 == 1 ? "y,y,x\n" : "y,y,y\n");
    const agreement_study study =
        study_agreement(table_of(text), {.bootstrap = {.replicates = 10}, .dawid_skene = true});
    REQUIRE(study.truth.posteriors.size() == 40);
    for (std::size_t u = 0; u < 20; ++u) {
        const auto unit = std::span(study.truth.posteriors).subspan(2 * u, 2);
        CHECK(std::accumulate(unit.begin(), unit.end(), 0.0) == doctest::Approx(1));
    }
    CHECK(study.truth.accuracies[0] == doctest::Approx(1));
    CHECK(study.truth.accuracies[2] == doctest::Approx(0.75));
}
