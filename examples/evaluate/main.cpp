// Students' responses before gold teachers and judges.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/number_argument.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/evaluating/evaluate_file.hpp>
#include <preflearn/programs/evaluating/evaluation_tables.hpp>
#include <preflearn/report/run/manifest.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/external_options.hpp"
#include "../command_line/work_bar.hpp"
#include "../models/device_options.hpp"
#include "../models/loading.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    evaluate_options options;
    std::vector<std::string> responses, gold, judge, models, training;
    std::string chat_format;
    std::optional<double> weak_performance;
    external_choice external;
    model_choice on;
    bool end_token = false, no_end_token = false;
};

void apply(arguments& given) {
    evaluate_options& to = given.options;
    for (const std::string& text : given.responses) to.responses.push_back(response_source_named(text));
    to.gold.assign(given.gold.begin(), given.gold.end());
    to.judge.assign(given.judge.begin(), given.judge.end());
    to.models.assign(given.models.begin(), given.models.end());
    to.training.assign(given.training.begin(), given.training.end());
    to.weak_performance = given.weak_performance;
    if (!given.chat_format.empty()) to.chat_format = given.chat_format;
    if (given.end_token || given.no_end_token) to.end_token = given.end_token;
    to.external = chosen_external(given.external);
    check(to);
    check(given.on);
}

int work(const arguments& given) {
    const any_backend<float> on = models_of(given.on);
    const evaluated_file found = evaluate_file(on, given.options, say_to_user, work_bar(on.name));
    const std::string json = given.options.json.string();
    if (found.was_there) {
        std::printf("evaluated before by the same command: nothing is left to do\nresults: %s\n", json.c_str());
        return found.defined ? 0 : 3;
    }
    std::printf("%s\nresults: %s\n", to_text(found.result).c_str(), json.c_str());
    return found.defined ? 0 : 3;
}

void add_teachers(command_line& line, arguments& given) {
    line.add("--gold", given.gold, "folders of teachers whose rewards count, as teach makes them").existing_path();
    line.add("--judge", given.judge, "folders of teachers who say who wins").existing_path();
    line.add("--model", given.models, "where base models of the teachers are, if not where they were").existing_path();
    line.add("--training", given.training,
             "pairs from which teachers learned: which prompts they share with the evaluated ones is told")
        .existing_file();
    line.add("--chat-format", given.chat_format, "refuse a teacher that reads conversations in another format");
    const option end = line.flag("--end-token", given.end_token, "refuse a teacher that scores no end token");
    line.flag("--no-end-token", given.no_end_token, "refuse a teacher that scores one").excludes(end);
    add_external_options(line, given.external);
    line.flag("--strict", given.options.strict, "a prompt that a teacher cannot judge is an error");
}

void add_roles(command_line& line, arguments& given) {
    evaluate_options& to = given.options;
    line.add("--sft", to.sft, "the student that GRA is against, if it is not called sft").some_name();
    line.add("--ceiling", to.ceiling, "the student at the end of the gap, if not called ceiling, human or gold")
        .some_name();
    const option weak = line.add("--weak-teacher", to.weak_teacher,
                                 "the one at its beginning, if not called teacher (or weak beside a student)")
                            .some_name();
    line.add("--weak-performance", given.weak_performance, "its mean reward, where that is known as a number")
        .excludes(weak);
    line.add("--against", to.against, "compare all others with this student alone, not every two").some_name();
}

void add_results(command_line& line, arguments& given) {
    evaluate_options& to = given.options;
    line.add("--json", to.json, "the JSON file of results to write").required().some_name();
    line.add("--games", to.games, "also write who won on each prompt, a CSV file for rank").some_name();
    line.add("--rows", to.rows, "also write every response's length and rewards, a CSV file").some_name();
    line.add("--report", to.report, "also write tables (Markdown) and pictures (SVG) into this folder").some_name();
    line.add("--cluster", to.cluster, "a column of the responses' files by which prompts are grouped for intervals")
        .some_name();
    line.add("--length-unit", to.length_unit, "in what lengths are counted")
        .one_of({"characters", "words"})
        .shows_default();
    line.add("--tie-within", to.tie_within, "rewards that differ by no more tie").non_negative().shows_default();
    line.add("--confidence", to.confidence, "of all intervals, as a share of 1")
        .check(confidence_fault)
        .shows_default();
    line.add("--replicates", to.replicates, "of the bootstrap").positive().shows_default();
    line.add("--seed", to.seed, "of the order in which responses are shown, and of the bootstrap").shows_default();
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Evaluates students by their responses: mean gold reward, GRA (share of prompts where it is above SFT's), win\n"
        "rates in both orders and at equal length, the gap recovered (PGR), best of k, lengths and repetition, and\n"
        "evaluators against each other. A prompt is won, tied or lost once: with several responses to it by their\n"
        "mean reward; a judge that compares sees the first response to each. Teachers are shown each different "
        "response once, in an order drawn from the\n"
        "seed. Students are compared on the same prompts; other ones are an error. When it is stopped, the same "
        "command\n"
        "goes on where it was. Ends with 3 when there is no defined result."};
    line.add("--responses", given.responses,
             "files of responses, FILE or NAME=FILE: lines of generate, or prompt with responses, response or "
             "completion. The names sft, teacher, weak, student and human give roles. FILE#first or #best takes one of "
             "several responses, PAIRS#chosen or #rejected those of a file of pairs")
        .required();
    add_teachers(line, given);
    add_roles(line, given);
    add_results(line, given);
    add_device_options(line, given.on);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { apply(given); });
}
