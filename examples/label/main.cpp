// Labels pairs by a teacher's folder.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/report/run/manifest.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/external_options.hpp"
#include "../command_line/rule_options.hpp"
#include "../command_line/work_bar.hpp"
#include "../models/device_options.hpp"
#include "../models/loading.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    label_options options;
    rule_choice rule;
    std::string weight = "none", flips, shard = "1/1", calibration = "temperature", chat_format;
    model_choice on;
    bool end_token = false, no_end_token = false;
    external_choice external;
    std::vector<std::string> merge;
};

void apply(arguments& given) {
    label_options& to = given.options;
    to.rule = chosen_rule(given.rule);
    to.weight = label_weight_named(given.weight);
    to.calibration = calibration_named(given.calibration);
    if (!given.flips.empty()) to.flips = label_flips_named(given.flips);
    to.shard = shard_named(given.shard);
    to.merge.assign(given.merge.begin(), given.merge.end());
    to.external = chosen_external(given.external);
    if (!given.chat_format.empty()) to.chat_format = given.chat_format;
    if (given.end_token || given.no_end_token) to.end_token = given.end_token;
    check(given.on);
}

int work(const arguments& given) {
    const any_backend<float> on = models_of(given.on);
    const labelled_file found = label_file(on, given.options, say_to_user, work_bar(on.name));
    std::printf("%slabels: %s\n", to_text(found).c_str(), given.options.out.c_str());
    return found.judged_only || found.written > 0 ? 0 : 3;
}

void add_options(command_line& line, arguments& given) {
    label_options& to = given.options;
    line.add("--teacher", to.teacher, "the folder of a teacher, as teach makes it").required().existing_path();
    line.add("--data", to.data, "pairs, labelled or not, or prompts with n responses; JSONL or JSONL.gz")
        .required()
        .existing_file();
    line.add("--out", to.out, "the JSONL file to write").required().some_name();
    line.add("--model", to.model, "where the teacher's base model is, if not where it was").existing_path();
    line.add("--reference", to.reference, "the same of a reference that is another model").existing_path();
    add_rule_options(line, given.rule);
    const option by = line.add("--calibrate", to.calibrate,
                               "labelled pairs by which probabilities are made honest, "
                               "other ones than the teacher learned from and than are labelled")
                          .existing_file();
    line.add("--calibration", given.calibration,
             "P = sigma(margin / T), or any rising function of it; the margin that is written is the log-odds of P")
        .one_of({"temperature", "isotonic"})
        .shows_default()
        .needs(by);
    line.add("--weight", given.weight,
             "what a label counts for: none: 1; confidence: 2 P - 1 of the teacher's own margin; noise: 1 - 2 e, e the "
             "calibrated probability that it is wrong")
        .one_of({"none", "confidence", "noise"})
        .shows_default();
    line.add("--human-noise", to.human_noise,
             "how often people are wrong, where that is known: for what the labels are worth beside theirs")
        .between(0.0, 0.499)
        .shows_default();
    line.add("--flip", given.flips,
             "turn labels on purpose: uniform:RATE, margin:RATE (close calls more often) or length:RATE (towards the "
             "longer response); a label is turned as a whole, with its margin and probability");
    line.add("--shard", given.shard, "I/N: the I-th of N parts of the data; one behind the other they are the whole")
        .shows_default();
    const option alone = line.flag("--judge-only", to.judge_only,
                                   "write the judgements of the shard to OUT, for rules that look at all labels");
    line.add("--merge", given.merge, "label by the judgements of all shards, written so; repeated, in any order")
        .repeats()
        .excludes(alone);
    line.flag("--debias-length", to.debias_length,
              "take so much off the scores for length that chosen and rejected responses are equally long (DICE)");
    line.add("--seed", to.seed, "of the order in which responses are shown, and of flips").shows_default();
    line.add("--chat-format", given.chat_format, "refuse a teacher that reads conversations in another format");
    const option end = line.flag("--end-token", given.end_token, "refuse a teacher that scores no end token");
    line.flag("--no-end-token", given.no_end_token, "refuse a teacher that scores one").excludes(end);
    line.add("--id-field", to.reading.id_field, "the field that holds a pair's id").shows_default();
    line.flag("--skip-malformed", to.reading.skip_malformed, "leave malformed lines out instead of stopping");
    line.flag("--strict", to.strict, "a pair that cannot be judged is an error");
    add_external_options(line, given.external);
    add_device_options(line, given.on);
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Labels pairs by a teacher: JSON lines of id, prompt, chosen, rejected, probability, margin, "
        "weight, teacher and\n"
        "human, which TRL reads; prompts with more than two responses get scores, to which rules, flips and "
        "weights do not apply.\n"
        "The teacher is shown "
        "the responses in a\n"
        "random order and never what a human said. OUT.left-out.jsonl has ties, abstentions and what "
        "cannot be judged,\n"
        "OUT.manifest.json what the run was. When it is stopped, the same command goes on where it was."};
    add_options(line, given);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { apply(given); }); // so that what does not fit is a usage error
}
