// How much do raters agree? Every coefficient of agreement of a CSV table, with intervals and with a status where a
// number does not exist. SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <preflearn/agreement.hpp>
#include <preflearn/data/csv.hpp>
#include <preflearn/data/rating_table.hpp>
#include <preflearn/report/table.hpp>
#include <preflearn/report/table_text.hpp>
#include <preflearn/report/write.hpp>

namespace {

using preflearn::measurement_level;

struct arguments {
    std::string file, json, unit, rater, value, level = "nominal";
    double confidence = 0.95;
    std::size_t replicates = 1000;
    std::uint64_t seed = 0;
};

preflearn::coded_ratings code(const preflearn::rating_table& table, measurement_level level) {
    if (level == measurement_level::ratio)
        return preflearn::code_ratings(preflearn::numbers_of(table, 0), table.raters.size());
    if (level != measurement_level::nominal)
        return preflearn::code_ratings(preflearn::numbers_of(table), table.raters.size());
    std::vector<std::string> texts;
    for (const preflearn::rating_cell& cell : table.cells) texts.push_back(cell.text);
    return preflearn::code_ratings(texts, table.raters.size());
}

/// An option's text that must not be empty, as that of an unset shell variable is.
std::string some_name(const std::string& text) { return text.empty() ? "a name was expected, found nothing" : ""; }

std::string no_minus(const std::string& number) {
    return number.starts_with('-') ? "a number of at least 0 was expected, found " + number : "";
}

measurement_level level_of(const std::string& name) {
    return name == "ordinal"    ? measurement_level::ordinal
           : name == "interval" ? measurement_level::interval
           : name == "ratio"    ? measurement_level::ratio
                                : measurement_level::nominal;
}

void run(const arguments& given) {
    const measurement_level level = level_of(given.level);
    preflearn::csv_file file(given.file);
    const preflearn::rating_table table =
        given.rater.empty() ? preflearn::wide_ratings(std::move(file), given.unit)
                            : preflearn::long_ratings(std::move(file), given.unit, given.rater, given.value);
    const auto coefficients = preflearn::every_coefficient(
        code(table, level), level,
        {.replicates = given.replicates, .confidence = given.confidence, .seed = given.seed});

    preflearn::table shown{.title =
                               preflearn::message("units: ", table.units.size(), ", raters: ", table.raters.size()),
                           .columns = {{.name = "coefficient"},
                                       {.name = "value", .digits = 4},
                                       {.name = "s.e.", .digits = 4},
                                       {.name = "low", .digits = 4},
                                       {.name = "high", .digits = 4},
                                       {.name = "units", .digits = 0},
                                       {.name = "status"}},
                           .note = preflearn::message("low and high: ", 100 * given.confidence, "% interval")};
    nlohmann::ordered_json json;
    const auto cell = [](double x) { return std::isnan(x) ? preflearn::table_cell() : preflearn::table_cell(x); };
    for (const auto& [name, e] : coefficients) {
        const std::string status(preflearn::name_of(e.status));
        shown.rows.push_back(
            {name, cell(e.value), cell(e.standard_error), cell(e.bounds.low), cell(e.bounds.high), e.count, status});
        json[name] = {{"value", e.value},
                      {"se", e.standard_error},
                      {"low", e.bounds.low},
                      {"high", e.bounds.high},
                      {"status", status}};
    }
    const bool written = std::fputs(preflearn::to_text(shown).c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    if (!given.json.empty()) preflearn::write_json(json, given.json);
    preflearn::require<preflearn::input_error>(written, "the table could not be written to standard output");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    CLI::App app{
        "Prints every coefficient of agreement of the raters in a CSV file.\n"
        "Wide: a row per unit, a column per rater, an empty cell is missing. Long: a row per rating, with\n"
        "--unit, --rater and --value naming its columns. A coefficient that does not exist has a status that says\n"
        "why, and the program ends with 0 all the same; with 1 when the file is wrong, 2 when the options are."};
    app.add_option("FILE", given.file, "the CSV file; the first line names the columns")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--level", given.level, "what differences of ratings mean")
        ->check(CLI::IsMember({"nominal", "ordinal", "interval", "ratio"}))
        ->capture_default_str();
    app.add_option("--unit", given.unit, "the column that names the unit (wide: optional)")->check(some_name);
    auto* rater =
        app.add_option("--rater", given.rater, "long table: the column that names the rater")->check(some_name);
    auto* value = app.add_option("--value", given.value, "long table: the column of ratings")->check(some_name);
    rater->needs("--unit")->needs(value);
    value->needs("--unit")->needs(rater);
    app.add_option("--confidence", given.confidence, "confidence of the intervals")
        ->check(CLI::Range(0.01, 0.9999))
        ->capture_default_str();
    app.add_option("--replicates", given.replicates, "bootstrap replicates for the errors of the ICCs")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
        ->capture_default_str();
    app.add_option("--seed", given.seed, "seed of the bootstrap")->check(no_minus);
    app.add_option("--json", given.json, "also write the coefficients to this file, keyed by name")->check(some_name);
    try {
        app.parse(argc, argv);
        if (std::isnan(given.confidence)) throw CLI::ValidationError("--confidence", "is not a number");
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    }
    try {
        run(given);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "agreement: %s\n", failure.what());
        return 1;
    }
    return 0;
}
