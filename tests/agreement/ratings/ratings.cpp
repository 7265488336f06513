#include <array>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

using counted_rows = std::vector<std::pair<std::vector<category>, std::uint64_t>>;

counted_rows rows_of(const rating_counts& ratings) {
    counted_rows rows;
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        rows.push_back({{row.begin(), row.end()}, count});
    });
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::vector<std::vector<category>> random_columns(std::size_t raters, std::size_t units, std::size_t categories) {
    generator random(5, "ratings");
    std::vector<std::vector<category>> columns(raters, std::vector<category>(units));
    for (auto& column : columns)
        for (category& k : column) k = static_cast<category>(random.below(categories + 1)) - 1;
    return columns;
}

} // namespace

TEST_CASE("rows are counted, whole columns and unit by unit alike, in few and in many categories") {
    for (const std::size_t categories : {std::size_t{3}, std::size_t{300}}) {
        const auto columns = random_columns(3, 5000, categories);
        const std::vector<std::span<const category>> views(columns.begin(), columns.end());
        const rating_counts whole = count_ratings(views, categories);
        rating_counts one_by_one(3, categories);
        for (std::size_t u = 0; u < 5000; ++u) one_by_one.add(std::array{columns[0][u], columns[1][u], columns[2][u]});
        CHECK(whole.units() == 5000);
        CHECK(rows_of(whole) == rows_of(one_by_one));
        if (categories == 3) CHECK(rows_of(whole).size() == 64);
    }
}

TEST_CASE("the ratings that were given say the same as rows with gaps") {
    for (const std::size_t categories : {std::size_t{3}, std::size_t{300}}) {
        const auto columns = random_columns(3, 2000, categories);
        const std::vector<std::span<const category>> views(columns.begin(), columns.end());
        const rating_counts dense = count_ratings(views, categories),
                            sparse = count_ratings(given_in(views), categories);
        CHECK(rows_of(dense) == rows_of(sparse));
        CHECK(sparse.units() == 2000);
        counted_rows given_rows;
        dense.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
            std::vector<category> row(3, no_rating);
            for (const auto& [rater, value] : given) row[rater] = value;
            given_rows.push_back({row, count});
        });
        std::sort(given_rows.begin(), given_rows.end());
        CHECK(given_rows == rows_of(dense));
    }
    // A crowd: two ratings of a unit among 100,000 raters.
    rating_counts crowd(100'000, 5);
    for (std::uint32_t u = 0; u < 20'000; ++u) crowd.add_given(std::array{given_rating{u, 1}, given_rating{u + 9, 2}});
    std::size_t given = 0;
    crowd.for_each_given([&](std::span<const given_rating> unit, std::uint64_t) { given += unit.size(); });
    CHECK(given == 40'000);
    CHECK_THROWS_WITH_AS(crowd.add_given(std::array{given_rating{3, 0}, given_rating{3, 0}}),
                         doctest::Contains("raters below 100000 in rising order"), argument_error);
    CHECK_THROWS_AS(crowd.add_given(std::array{given_rating{3, no_rating}}), argument_error);
    CHECK_THROWS_AS(crowd.add_given(std::array{given_rating{3, 5}}), argument_error);
    CHECK_THROWS_AS(crowd.add_given(std::array{given_rating{100'000, 0}}), argument_error);
}

TEST_CASE("shards add up to the whole") {
    const auto columns = random_columns(2, 1000, 4);
    const auto part = [&](std::size_t begin, std::size_t end) {
        return count_ratings(std::span(columns[0]).subspan(begin, end - begin),
                             std::span(columns[1]).subspan(begin, end - begin), 4);
    };
    rating_counts sum = part(0, 137);
    sum += part(137, 1000);
    CHECK(rows_of(sum) == rows_of(part(0, 1000)));
    CHECK(sum.units() == 1000);
    CHECK_THROWS_AS(sum += rating_counts(2, 5), argument_error);
    CHECK_THROWS_AS(sum += rating_counts(3, 4), argument_error);
}

TEST_CASE("an unknown category is named by unit and rater") {
    rating_counts ratings(3, 4);
    CHECK_THROWS_WITH_AS(ratings.add(std::array<category, 3>{0, 4, 1}), doctest::Contains("rater 1: category 4"),
                         argument_error);
    CHECK_THROWS_AS(ratings.add(std::array<category, 3>{0, -2, 1}), argument_error);
    CHECK_THROWS_AS(ratings.add(std::array<category, 2>{0, 1}), argument_error);
    auto columns = random_columns(2, 3000, 4);
    columns[1][2500] = 7;
    CHECK_THROWS_WITH_AS(count_ratings(columns[0], columns[1], 4), doctest::Contains("unit 2500, rater 1: category 7"),
                         argument_error);
    columns[1][2500] = -9;
    CHECK_THROWS_AS(count_ratings(columns[0], columns[1], 4), argument_error);
    columns[1].pop_back();
    CHECK_THROWS_AS(count_ratings(columns[0], columns[1], 4), argument_error);
    CHECK_THROWS_AS(rating_counts(0, 3), argument_error);
    CHECK_THROWS_AS(rating_counts(2, 0), argument_error);
    CHECK_THROWS_AS(count_ratings(std::span<const std::span<const category>>{}, 3), argument_error);
}

TEST_CASE("printed tables become ratings and back") {
    const std::uint64_t cells[] = {13, 0, 0, 0, 20, 7, 0, 4, 56};
    const rating_counts ratings = ratings_from_table(cells, 3);
    CHECK(ratings.units() == 100);
    CHECK(contingency(ratings) == std::vector<double>(std::begin(cells), std::end(cells)));
    CHECK(contingency(ratings, 1, 0)[5] == 4);
    CHECK_THROWS_AS(contingency(ratings, 0, 2), argument_error);
    CHECK_THROWS_AS(ratings_from_table(cells, 4), argument_error);
    const std::size_t counts[] = {2, 0, 1, 1, 3, 0};
    CHECK(ratings_from_unit_counts(counts, 3, 4).units() == 2);
    CHECK_THROWS_WITH_AS(ratings_from_unit_counts(counts, 3, 3), doctest::Contains("unit 1"), argument_error);
}
