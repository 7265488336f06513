#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/source_matrix.hpp>

using namespace preflearn;

TEST_CASE("the matrix is symmetric with full agreement on its diagonal") {
    label_set a, b, c;
    for (std::uint64_t i = 0; i < 12; ++i) {
        a.add({i, i % 2 == 0 ? preference::for_first() : preference::for_second()});
        b.add({i, i % 3 == 0 ? preference::for_first() : preference::for_second()});
        if (i < 4) c.add({i, preference::for_first()});
    }
    const std::vector<label_source> sources{{"weak", &a}, {"human", &b}, {"gold", &c}};
    const agreement_matrix m = agreement_of(sources);
    CHECK(m.names == std::vector<std::string>{"weak", "human", "gold"});
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(m(i, i).rate.value == 1);
        for (std::size_t j = 0; j < 3; ++j) CHECK(m(i, j).counts == m(j, i).counts);
    }
    CHECK(m(0, 1).counts == outcomes{6, 0, 6});
    CHECK(m(0, 2).rate.count == 4);
    CHECK(m(0, 2).unmatched == 8);
    const std::vector<label_source> missing{{"nobody", nullptr}};
    CHECK_THROWS_WITH_AS(agreement_of(missing), doctest::Contains("nobody"), argument_error);
}

TEST_CASE("sources become raters of the pairs that any of them labels") {
    const label_set a({{1, preference::for_first()}, {2, preference::for_second()}, {3, preference::tied()}});
    const label_set b({{2, preference::for_second()}, {4, preference::abstention()}, {1, preference::for_second()}});
    const std::vector<label_source> sources{{"a", &a}, {"b", &b}};
    const rating_counts ratings = ratings_of(sources);
    CHECK(ratings.units() == 4);
    const std::vector<double> table = contingency(ratings);
    CHECK(table[1] == 1); // first against second
    CHECK(table[4] == 1);
    const agreement_matrix m = agreement_of(sources);
    CHECK(m.kappa(0, 1).value == doctest::Approx(cohen_kappa(ratings).coefficient.value));
    CHECK(m.kappa(0, 0).value == doctest::Approx(1));
    const std::vector<label_source> missing{{"nobody", nullptr}};
    CHECK_THROWS_AS(ratings_of(missing), argument_error);
    CHECK_THROWS_AS(ratings_of({}), argument_error);
}
