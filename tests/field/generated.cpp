// Tables that are too large to keep: the shared folder has the programs that write them. What gen-many-judges.py shows
// is tested in ranking/judges.cpp.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/data/tables/rating_table.hpp>
#include <preflearn/pipeline/agreement/study.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;

namespace {

/// What a program of the shared folder prints, as a file; empty where it or Python is not there.
struct table_of_script {
    test::folder folder;
    std::filesystem::path path;

    explicit table_of_script(std::string_view program, const std::string& arguments = "") {
        const std::filesystem::path script = test::field_file(program);
        if (script.empty()) return;
        const std::string command =
            "python3 '" + script.string() + "' " + arguments + " > '" + (folder / "out.csv").string() + "'";
        if (std::system(command.c_str()) == 0)
            path = folder / "out.csv";
        else
            std::cout << "[skipped] no python3\n";
    }
};

double value_of(const agreement_study& study, std::string_view coefficient) {
    return std::ranges::find(study.coefficients, coefficient, &named_estimate::name)->value.value;
}

} // namespace

TEST_CASE("150,000 ratings of 50,000 units by 1,500 raters") {
    const table_of_script file("gen-sparse-crowd.py", "50000 1500");
    if (file.path.empty()) return;
    const rating_table table = long_ratings(csv_file(file.path), "unit", "rater", "value");
    const rating_categories coded = categories_of(table, measurement_level::nominal);
    const estimate alpha = krippendorff_alpha(coded.coded.counts(), nominal_distance{}).coefficient;
    CHECK(alpha.value == doctest::Approx(0.4915).epsilon(1e-4)); // the package krippendorff
}

TEST_CASE("continuous scores: Krippendorff's alpha of intervals has a closed form") {
    const table_of_script file("gen-continuous.py", "1500");
    if (file.path.empty()) return;
    const rating_table table = wide_ratings(csv_file(file.path));
    const std::vector<double> numbers = numbers_of(table); // both of a unit in turn
    REQUIRE(numbers.size() == 3000);
    double within = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < numbers.size(); i += 2)
        within += (numbers[i] - numbers[i + 1]) * (numbers[i] - numbers[i + 1]) / 1500;
    for (const double x : numbers) sum += x / 3000;
    for (const double x : numbers) squares += (x - sum) * (x - sum) / 2999;
    const agreement_study study =
        study_agreement(table, {.level = measurement_level::interval, .bootstrap = {.replicates = 10}});
    CHECK(value_of(study, "krippendorff_alpha") == doctest::Approx(1 - within / (2 * squares)).epsilon(1e-10));
}

TEST_CASE("a year of games whose weights are halved every week has scores") {
    const table_of_script file("gen-time-decay.py");
    if (file.path.empty()) return;
    const game_table table = read_games(file.path);
    std::vector<game_result> results;
    for (const choice won : table.winners)
        results.push_back(won == choice::first ? game_result::left : game_result::right);
    const rating_fit fit =
        fit_ratings(count_games({table.items.size(), table.left, table.right, results, table.weights}));
    REQUIRE(fit.converged());
    for (const double score : fit.scores) CHECK(std::abs(score) < 10);
}
