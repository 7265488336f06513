// Makes a teacher of labelled pairs: a folder that `label` takes.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_tables.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/teaching/teach.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/external_options.hpp"
#include "../command_line/training_bars.hpp"
#include "../command_line/training_options.hpp"
#include "../losses/losses.hpp"
#include "../models/folders.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    teach_options options;
    training_arguments training;
    std::optional<double> beta, held_out_share, threshold, top, l2;
    std::optional<std::size_t> hidden;
    std::vector<std::string> members;
    std::string rule = "hard", loss, pair_template, judge = "pairwise";
    external_choice external;
};

/// What the kind learns by unless another loss is asked for.
std::string loss_name(const arguments& given) {
    return given.loss.empty() ? std::string(taught_kind_named(given.options.kind).loss) : given.loss;
}

/// How it learns; a head on features is small, and learns faster and longer.
void choose_training(const arguments& given, teach_options& to) {
    const bool features = to.kind == "features";
    to.learning.fine_tuning.epochs = taught_kind_named(to.kind).fine_tunes && to.reference.empty() ? 1 : 0;
    to.learning.training.epochs = features ? 20 : 1;
    if (features) to.learning.optimiser.rate = 1e-3;
    apply_training(given.training, to);
    to.loss_name = loss_name(given);
    if (given.hidden) to.features.hidden = {*given.hidden};
    to.features.l2 = given.l2;
}

void apply(arguments& given, const chosen_loss& loss) {
    teach_options& to = given.options;
    choose_training(given, to);
    set_if_given(to.beta, given.beta);
    set_if_given(to.held_out_share, given.held_out_share);
    to.loss_name = loss.name;
    to.needs_tokens = loss.reads_lengths;
    show_bars(to.learning);
}

int work(arguments& given) {
    teach_options& options = given.options;
    const chosen_loss loss = loss_of(loss_name(given), options.loss_parameters, given.beta);
    apply(given, loss);
    const taught made = teach(models_of(given.training.on), options, loss.loss, say_to_user);
    if (made.was_there) std::fputs("made before by the same command: nothing is left to do\n", stderr);
    if (made.held_out)
        std::printf("%s%s", to_text(*made.held_out).c_str(),
                    made.consistency ? to_text(consistency_table(*made.consistency)).c_str() : "");
    else if (!made.description.evaluation.empty())
        std::printf("%s\n", made.description.evaluation.dump(2).c_str());
    std::printf("teacher: %s\n", options.out.c_str());
    return made.held_out && !made.held_out->accuracy.defined() ? 3 : 0;
}

void add_data_options(command_line& line, arguments& given) {
    teach_options& to = given.options;
    line.add("--kind", to.kind, "what the teacher is: " + teacher_kind_names()).shows_default();
    line.add("--model", to.model, "GGUF file or Hugging Face folder").existing_path();
    line.add("--reference", to.reference, "another model as reference, in place of the fine-tuned one").existing_path();
    const option members =
        line.add("--member", given.members, "of the kind ensemble: a teacher's folder, repeated").repeats();
    line.add("--combine", to.combination,
             "how members are combined: mean, vote, careful (mean less --spread deviations) or dawid_skene (votes "
             "weighed "
             "by reliabilities that the members' votes on --data tell, without labels)")
        .one_of({"mean", "vote", "careful", "dawid_skene"})
        .shows_default()
        .needs(members);
    line.add("--spread", to.spread, "standard deviations of careful").non_negative().shows_default().needs(members);
    line.add("--data", to.data,
             "labelled pairs, JSONL or JSONL.gz; of the kind recorded its verdicts; kinds that learn nothing may go "
             "without")
        .existing_file();
    line.add("--out", to.out, "the folder to be made").required().some_name();
    const option held =
        line.add("--held-out", to.held_out, "labelled pairs to hold the teacher against").existing_file();
    line.add("--held-out-share", given.held_out_share, "else this share of the data's pairs; default 0.1")
        .between(0.0, 0.9)
        .excludes(held);
    line.add("--chat-format", to.chat_format,
             "how conversations become text: auto (what the model's chat template is) or one of " +
                 chat_format_names());
    line.add("--pretokenizer", to.learning.tokenizer.pretokenizer, "how a GGUF file's tokenizer splits text");
    line.add("--id-field", to.reading.id_field, "the field that holds a pair's id").shows_default();
    line.flag("--skip-malformed", to.reading.skip_malformed, "leave malformed lines out instead of stopping");
    line.flag("--strict", to.strict, "leaving any pair out is an error that names the first");
}

void add_head_options(command_line& line, arguments& given) {
    teach_options& to = given.options;
    line.flag("--margins", to.margins, "of the kinds head and classifier: the pairs' margins are part of the loss");
    line.flag("--whole", to.whole_model,
              "of these: write model and head together, as transformers' ForSequenceClassification, also where an "
              "adapter or the head alone learned");
    line.add("--pair-template", given.pair_template,
             "of the kind classifier: a file with what stands behind the prompt, with {first} and {second}")
        .existing_file();
    line.add("--head", to.features.head, "of the kind features: linear or mlp")
        .one_of({"linear", "mlp"})
        .shows_default();
    line.add("--hidden", given.hidden, "width of an MLP's layer; default 64").positive();
    line.add("--pooling", to.features.pooling,
             "of the kind features: the hidden state at the response's last token, or the mean over its tokens")
        .one_of({"last", "mean"})
        .shows_default();
    line.add("--l2", given.l2, "L2 penalty of that head; default: the best of several on held-out pairs").positive();
    line.add("--features-cache", to.features.cache,
             "folder that keeps hidden states for other heads on the same pairs");
}

void add_judge_options(command_line& line, arguments& given) {
    judge_options& to = given.options.judge;
    const option file = line.add("--template", to.file,
                                 "of the kind judge: what it is asked, a text with {prompt} and {first} and {second}, "
                                 "or {prompt} and {response}, and {reason} where it gives one first")
                            .existing_file();
    line.add("--judge", given.judge, "else a template of ours: pairwise (A or B, in both orders) or score (1 to 10)")
        .one_of({"pairwise", "score"})
        .shows_default()
        .excludes(file);
    line.add("--reason-tokens", to.reason_tokens, "of the kind judge: longest reason before the answer; 0: none")
        .shows_default();
    line.add("--reason-temperature", to.temperature, "at which reasons are drawn by --seed; 0: the likeliest tokens")
        .non_negative()
        .shows_default();
    add_external_options(line, given.external);
}

void add_learning_options(command_line& line, arguments& given) {
    teach_options& to = given.options;
    line.add("--beta", given.beta, "beta of the loss and of the implicit reward; default 0.1").positive();
    line.add("--loss", given.loss,
             "preference loss by name (loss_values --list prints all); default sigmoid, of the kinds head and features "
             "bradley_terry, of classifier pair_classifier");
    line.add("--param", to.loss_parameters, "NAME=VALUE of the loss, may be repeated").repeats();
    line.add("--rule", given.rule, "how it labels unless label is told otherwise (see label)")
        .one_of({"hard", "soft", "abstain", "top"})
        .shows_default();
    line.add("--threshold", given.threshold, "of the rule abstain: probability of the likelier response");
    line.add("--top", given.top, "of the rule top: share of the pairs in percent");
    line.flag("--per-token", to.per_token, "of the kind likelihood: log-probs divided by the number of tokens");
    line.add("--seeds", to.seeds,
             "make so many teachers, by --seed and the numbers behind it; the others serve the card alone, which says "
             "how "
             "far their labels agree and their accuracies differ; each costs a training")
        .positive()
        .shows_default();
    line.add("--category-field", to.category_field,
             "a column of the held-out pairs by which the card's accuracy is also given apart (a.b: member b of a)");
    add_training(line, given.training, {.fine_tuning = "1, of kinds that do not fine-tune and with --reference 0"});
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{"Makes a teacher of labelled pairs: fine-tunes a model on the chosen responses, trains it on the "
                      "pairs and holds\n"
                      "it against pairs that it did not learn from. The result is a folder that label takes. When it "
                      "is stopped, the\n"
                      "same command goes on where it was."};
    add_data_options(line, given);
    add_judge_options(line, given);
    add_learning_options(line, given);
    add_head_options(line, given);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { // so that a name or value that does not fit is a usage error
        (void)loss_of(loss_name(given), given.options.loss_parameters, given.beta);
        given.options.rule = {given.rule, label_rule_named(given.rule, given.threshold, given.top).amount};
        const std::string& format = given.options.chat_format;
        if (!format.empty() && format != "auto") (void)chat_format_named(format);
        check_trains(given.training.on);
        if (!given.pair_template.empty()) given.options.pair_template = mapped_file(given.pair_template).text();
        given.options.members.assign(given.members.begin(), given.members.end());
        given.options.judge.form = given.judge == "score" ? judge_form::score : judge_form::pairwise;
        given.options.external = chosen_external(given.external);
        if (given.options.kind == "judge" && !given.training.maximum_tokens)
            given.training.maximum_tokens = unlimited_length;
        teach_options asked = given.options; // what teach refuses of the options alone
        choose_training(given, asked);
        check_options(asked);
    });
}
