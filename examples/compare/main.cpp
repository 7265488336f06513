// Compares files of labels with each other and with a truth.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/core/numbers/number_argument.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/progress.hpp>
#include <preflearn/programs/comparing/compare_files.hpp>
#include <preflearn/programs/comparing/comparison_tables.hpp>
#include <preflearn/report/run/manifest.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/plain_bar.hpp"

namespace {

using namespace preflearn;

constexpr auto about =
    "Compares files of labels with each other and with a truth: accuracy with intervals over prompts beside that of\n"
    "the longer response, agreement beyond chance, where sources disagree and with whom the truth sides, McNemar's\n"
    "tests, calibration, risk against coverage, categories, margins, lengths, positions, and a card of every teacher.\n"
    "FILE is JSON lines of pairs as label writes them, or of any other form that pairs reads; NAME=FILE gives it a\n"
    "name. Several files of one name are seeds or repeats of one teacher, whose consistency is told. Pairs are\n"
    "matched by id, and where a record has none by its prompt and its two responses in any order.\n"
    "The same command again finds what it has made; what another one made is not written over.\n"
    "Ends with 1 when a file is wrong, 2 when the options are, and 3 when no two files, or none and the\n"
    "truth, have a pair in common: what is defined is told all the same.";

struct arguments {
    compare_options options;
    std::vector<std::string> files;
    std::string matching = "auto", gold, labels = "probability";
    double confidence = 0.95;
    bool no_human = false;
};

void apply(arguments& given) {
    compare_options& to = given.options;
    to.sources.clear();
    for (const std::string& text : given.files) to.sources.push_back(named_file_of(text));
    to.gold = given.gold;
    to.matching = pair_matching_named(given.matching);
    to.confidence = given.confidence;
    to.human_is_source = !given.no_human;
    if (given.no_human && to.gold.empty()) to.gold = "none";
    if (given.labels == "index") to.records.reading.label_numbers = number_label::preferred_index;
    check_options(to);
}

int work(const arguments& given) {
    const compared_files made = compare_files(given.options, say_to_user, plain_bar());
    const label_comparison& found = made.result;
    if (made.was_there)
        std::printf("compared before by the same command: nothing is left to do\n");
    else
        std::printf("%s", to_text(found).c_str());
    if (!given.options.json.empty()) std::printf("results: %s\n", given.options.json.c_str());
    if (!given.options.report.empty()) std::printf("report: %s\n", given.options.report.c_str());
    if (!given.options.subsets.empty()) std::printf("subsets: %s\n", given.options.subsets.c_str());
    for (const std::string& told : made.not_defined) say_to_user(told);
    return made.not_defined.empty() ? 0 : 3;
}

void add_options(command_line& line, arguments& given) {
    compare_options& to = given.options;
    line.add("FILE", given.files, "files of labels: FILE or NAME=FILE").required();
    line.add("--gold", given.gold,
             "the truth: a file, human (the column of that name in any of the files) or none; default: human where a "
             "file has that column");
    line.flag("--no-human", given.no_human, "the column human is neither the truth nor a source of its own");
    line.add("--json", to.json, "write the results as JSON").some_name();
    line.add("--rows", to.rows, "write a row for every pair as CSV").some_name();
    line.add("--report", to.report, "write a folder: tables, pictures and every teacher's card").some_name();
    line.add("--subsets", to.subsets,
             "write a folder: the lines of every source where all agree (NAME/match.jsonl) and where they do not "
             "(NAME/mismatch.jsonl), and their ids")
        .some_name();
    line.add("--category", to.category, "a column by which results are also given apart (a.b: member b of a)");
    line.add("--columns", to.columns, "a file of the same pairs that has that column, if the others have it not")
        .existing_file();
    line.add("--learned", to.learned, "the pairs that the teachers learned from: which prompts are compared again")
        .existing_file();
    line.add("--match", given.matching, "how pairs of two files are known as the same: auto, id or texts")
        .one_of({"auto", "id", "texts"})
        .shows_default();
    line.add("--length", to.length, "what lengths are counted in")
        .one_of({"characters", "words", "bytes"})
        .shows_default();
    line.add("--bins", to.bins, "of margins and lengths").positive().shows_default();
    line.add("--confidence", given.confidence, "of intervals, as a share of 1").check(confidence_fault).shows_default();
    line.add("--id-field", to.records.columns.id, "the field that holds a pair's id").shows_default();
    line.add("--labels", given.labels, "what a number in the field label is: P(first), or the index of the better one")
        .one_of({"probability", "index"})
        .shows_default();
    line.flag("--skip-malformed", to.records.reading.skip_malformed, "leave malformed lines out instead of stopping");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{about};
    add_options(line, given);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { apply(given); });
}
