// Rounds in which a student answers, is labelled and aligned to the labels.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/rounds/rounds_file.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/rule_options.hpp"
#include "../command_line/sampling_options.hpp"
#include "../command_line/training_bars.hpp"
#include "../command_line/training_options.hpp"
#include "../command_line/work_bar.hpp"
#include "../losses/losses.hpp"
#include "../models/folders.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    rounds_options options;
    training_arguments training;
    rule_choice rule;
    std::string weight = "none", chat_format;
};

void apply(arguments& given) {
    rounds_options& to = given.options;
    apply_training(given.training, to.aligning);
    to.seed = to.aligning.seed;
    to.labelling.rule = chosen_rule(given.rule);
    to.labelling.weight = label_weight_named(given.weight);
    if (!given.chat_format.empty() && given.chat_format != "auto") (void)chat_format_named(given.chat_format);
    to.generating.chat_format = to.aligning.chat_format = given.chat_format;
    to.generating.tokenizer = to.aligning.learning.tokenizer;
    check(to);
    check_trains(given.training.on);
}

int work(arguments& given) {
    show_bars(given.options.aligning.learning);
    const any_backend<float> on = models_of(given.training.on);
    const rounds_made made = rounds_file(on, given.options, any_loss_named, say_to_user, work_bar(on.name));
    std::printf("%s", to_text(rounds_table(made.rounds)).c_str());
    if (made.was_there) std::puts("made before by the same command: nothing was left to do");
    if (!made.stopped.empty()) std::printf("stopped: %s\n", made.stopped.c_str());
    std::printf("best: round %zu: %s\n", made.best, made.student(given.options).c_str());
    return 0;
}

void add_rounds(command_line& line, arguments& given) {
    rounds_options& to = given.options;
    line.add("--model", to.model, "the student: a GGUF file or a Hugging Face folder").required().existing_path();
    line.add("--data", to.data, "prompts: any file of pairs, or prompts alone").required().existing_file();
    line.add("--out", to.out, "the folder that is to hold round-1, round-2, ...").required().some_name();
    line.add("--rounds", to.rounds, "how many; more of them later go on from those that were made")
        .positive()
        .shows_default();
    line.add("--reference", to.reference,
             "what the student was aligned from: its implicit reward is measured against it in all rounds; default: "
             "the student as it is at first")
        .existing_path();
    const option teacher = line.add("--teacher", to.teacher,
                                    "the folder of a teacher that labels; default: the student's own implicit reward "
                                    "(DICE), which needs --reference")
                               .existing_path();
    line.add("--teacher-model", to.teacher_model, "where its base model is, if not where it was")
        .existing_path()
        .needs(teacher);
    line.add("--teacher-reference", to.teacher_reference, "the same of a reference that is another model")
        .existing_path()
        .needs(teacher);
    line.flag("--fresh-prompts", to.fresh_prompts, "every round has prompts of its own (SPA), else all have all");
    line.flag("--first-reference", to.first_reference,
              "training refers to --reference in all rounds, not to the student before the round");
    const option replay =
        line.add("--replay", to.replay, "labelled pairs that are mixed under the new ones").existing_file();
    line.add("--replay-share", to.replay_share, "their share of what is learned from").shows_default().needs(replay);
}

void add_judging(command_line& line, arguments& given) {
    rounds_options& to = given.options;
    line.add("--held-out", to.held_out, "labelled pairs on which the implicit reward is measured after every round")
        .existing_file();
    line.add("--test", to.test,
             "prompts that the student answers after every round; default: those of --held-out, else of --data")
        .existing_file();
    const option gold =
        line.add("--gold", to.gold, "the folder of a teacher that scores these answers").existing_path();
    line.add("--gold-model", to.gold_model, "where its base model is").existing_path().needs(gold);
    line.add("--gold-reference", to.gold_reference, "where its reference is").existing_path().needs(gold);
    line.add("--stop-after", to.patience,
             "rounds without a better gold reward (else held-out accuracy) that end it; 0: none do")
        .non_negative()
        .shows_default();
    line.add("--longest", to.longest, "answers so many times as long as the first student's end it; 0: none do")
        .non_negative()
        .shows_default();
}

void add_steps(command_line& line, arguments& given) {
    rounds_options& to = given.options;
    sampling_options& sampling = to.generating.sampling;
    line.add("--n", to.generating.count, "responses to each prompt").positive().shows_default();
    line.add("--response-tokens", sampling.max_tokens,
             "of a response that is drawn, its end token included (--max-tokens of generate; that of rounds counts "
             "prompt and "
             "response together)")
        .positive()
        .shows_default();
    add_sampling_options(line, sampling);
    line.add("--stop", to.generating.stop_strings, "a text before which a response ends").repeats();
    add_rule_options(line, given.rule);
    line.add("--calibrate", to.labelling.calibrate, "labelled pairs by which probabilities are made honest")
        .existing_file();
    line.add("--weight", given.weight, "what a label counts for: none, confidence or noise")
        .one_of({"none", "confidence", "noise"})
        .shows_default();
    line.add("--loss", to.aligning.loss_name, "any loss by name (loss_values --list prints all)").shows_default();
    line.add("--param", to.aligning.loss_parameters, "NAME=VALUE of the loss, may be repeated").repeats();
    line.add("--beta", to.aligning.beta, "beta of the loss; default: the loss's own").positive();
    line.add("--reward-beta", to.beta, "beta of the student's implicit reward").positive().shows_default();
    line.add("--noise-rate", to.aligning.noise_rate,
             "share of wrong labels; or teacher: as it was measured (not with --replay); or pairs: of each label by "
             "its margin");
    line.add("--chat-format", given.chat_format,
             "how conversations become text: auto or one of " + chat_format_names());
    line.add("--pretokenizer", to.aligning.learning.tokenizer.pretokenizer, "how a GGUF file's tokenizer splits text");
    line.flag("--skip-malformed", to.generating.skip_malformed, "leave malformed prompts out instead of stopping");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Rounds in which a student answers prompts, its answers are labelled by a teacher or by its own implicit\n"
        "reward, and it is aligned to the labels (iterative DPO, DICE, SPA). OUT/round-K has all files of a round;\n"
        "OUT/rounds.json what became of the student. Rounds end early when the gold reward, else the held-out\n"
        "accuracy, no longer rises, or answers grow too long. When it is stopped, the same command goes on where it\n"
        "was."};
    add_rounds(line, given);
    add_judging(line, given);
    add_steps(line, given);
    add_training(line, given.training);
    const auto run = [&] {
        given.options.command_line = given.options.aligning.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { apply(given); });
}
