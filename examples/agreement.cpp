// How much do raters agree? Every coefficient of agreement of a CSV table, with intervals and with a status where a
// number does not exist. SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/number_argument.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/tables/rating_table.hpp>
#include <preflearn/pipeline/agreement/report.hpp>
#include <preflearn/pipeline/agreement/study.hpp>
#include <preflearn/report/run/write.hpp>

#include "command_line/command_line.hpp"

namespace {

using preflearn::measurement_level;

struct arguments {
    std::string file, json, out, labels, unit, rater, value, separator, missing, categories, level = "nominal";
    std::vector<std::string> ignored;
    bool own_missing = false, any_shape = false, pairs = false, dawid_skene = false;
    double confidence = 0.95;
    std::size_t replicates = 1000;
    std::uint64_t seed = 0;
};

measurement_level level_of(const std::string& name) {
    return name == "ordinal"    ? measurement_level::ordinal
           : name == "interval" ? measurement_level::interval
           : name == "ratio"    ? measurement_level::ratio
                                : measurement_level::nominal;
}

preflearn::rating_table read(const arguments& given, const std::vector<std::string>& categories) {
    preflearn::rating_table_options options{.ignored = given.ignored, .any_shape = given.any_shape};
    if (given.own_missing) options.missing.words = preflearn::csv_fields(given.missing, "--missing");
    for (const std::string& declared : categories) std::erase(options.missing.words, declared);
    preflearn::csv_file file(given.file, given.separator.empty() ? preflearn::recognised_separator
                                                                 : *preflearn::separator_named(given.separator));
    if (const std::string how = file.recognised(); !how.empty())
        std::fprintf(stderr, "agreement: %s: %s\n", given.file.c_str(), how.c_str());
    preflearn::rating_table table =
        given.rater.empty() ? preflearn::wide_ratings(std::move(file), given.unit, options)
                            : preflearn::long_ratings(std::move(file), given.unit, given.rater, given.value, options);
    if (!table.remark.empty()) std::fprintf(stderr, "agreement: %s: %s\n", given.file.c_str(), table.remark.c_str());
    return table;
}

void write(const preflearn::agreement_study& study, const arguments& given) {
    if (!given.json.empty()) preflearn::write_json(study, given.json);
    if (!given.labels.empty()) preflearn::write_csv(label_table(study), given.labels);
    if (given.out.empty()) return;
    if (given.out.ends_with(".json")) preflearn::write_json(study, given.out);
    if (given.out.ends_with(".csv")) preflearn::write_csv(study, given.out);
    if (given.out.ends_with(".md")) preflearn::write_markdown(study, given.out);
    if (given.out.ends_with(".txt")) preflearn::write_text(study, given.out);
}

void run(const arguments& given) {
    const std::vector<std::string> categories = preflearn::csv_fields(given.categories, "--categories");
    const std::size_t any_number = std::numeric_limits<std::size_t>::max();
    preflearn::agreement_study_options options{
        .level = level_of(given.level),
        .categories = categories,
        .bootstrap = {.replicates = given.replicates, .confidence = given.confidence, .seed = given.seed},
        .dawid_skene = given.dawid_skene || !given.labels.empty()};
    if (given.pairs) options.most_raters_in_pairs = any_number;
    const preflearn::agreement_study study = preflearn::study_agreement(read(given, categories), options);
    const std::string text = given.pairs ? to_text(study, any_number) : to_text(study);
    const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    write(study, given);
    preflearn::require<preflearn::input_error>(written, "the table could not be written to standard output");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Prints every coefficient of agreement of the raters in a CSV file.\n"
        "Wide: a row per unit, a column per rater. Long: a row per rating, with --unit, --rater and --value naming\n"
        "its columns. Separators (comma, semicolon, tab) and UTF-16 are recognised. Where all ratings are numbers,\n"
        "1, 1.0 and 01 are one category. A coefficient that does not exist has a status that says why, and the\n"
        "program ends with 0 all the same; with 1 when the file is wrong, 2 when the options are."};
    line.add("FILE", given.file, "the CSV file; the first line names the columns").required().existing_file();
    line.add("--level", given.level, "what differences of ratings mean")
        .one_of({"nominal", "ordinal", "interval", "ratio"})
        .shows_default();
    const option unit = line.add("--unit", given.unit, "the column that names the unit (wide: optional)").some_name();
    const option rater = line.add("--rater", given.rater, "long table: the column that names the rater").some_name();
    const option value = line.add("--value", given.value, "long table: the column of ratings").some_name();
    rater.needs(unit).needs(value);
    value.needs(unit).needs(rater);
    line.add("--separator", given.separator, "what separates fields: comma, semicolon, tab or a character")
        .check([](const std::string& text) {
            return preflearn::separator_named(text) ? "" : "comma, semicolon, tab or one character was expected";
        });
    const option missing =
        line.add("--missing", given.missing,
                 "words that stand for a missing rating beside the empty cell, A,B,...; unless given "
                 "NA, N/A, NaN, None, null, -, . and their variants");
    line.add("--categories", given.categories,
             "the scale A,B,...: its order and the categories that nobody used; any other is an error");
    line.add("--ignore", given.ignored, "wide table: a column that is neither unit nor rater").some_name().repeats();
    line.flag("--any-shape", given.any_shape, "take the table as told even if it looks like one of another shape");
    line.flag("--pairs", given.pairs, "every rater against every other, however many (else up to 12, JSON 200)");
    line.flag("--dawid-skene", given.dawid_skene, "estimate the truth behind the ratings and raters' accuracies");
    line.add("--labels", given.labels, "write each unit's estimated label and its probabilities as CSV").some_name();
    line.add("--confidence", given.confidence, "confidence of the intervals")
        .check(preflearn::confidence_fault)
        .shows_default();
    line.add("--replicates", given.replicates, "bootstrap replicates for the errors of the ICCs")
        .between(std::size_t{1}, std::size_t{1'000'000})
        .shows_default();
    line.add("--seed", given.seed, "seed of the bootstrap").no_minus();
    line.add("--json", given.json, "also write everything to this file, coefficients keyed by name").some_name();
    line.add("--out", given.out, "also write it as the name's end says: .json, .csv, .md or .txt")
        .check([](const std::string& name) {
            for (const char* end : {".json", ".csv", ".md", ".txt"})
                if (name.ends_with(end)) return "";
            return "a name that ends in .json, .csv, .md or .txt was expected";
        });
    return line.run(
        argc, argv,
        [&] {
            run(given);
            return 0;
        },
        [&] {
            given.own_missing = missing.given();
            if (std::isnan(given.confidence)) throw usage_error("--confidence", "is not a number");
        });
}
