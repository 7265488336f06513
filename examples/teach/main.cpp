// Makes a teacher of labelled pairs: a folder that `label` takes.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/labelling/label_options.hpp>
#include <preflearn/pipeline/teaching/teach.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/external_options.hpp"
#include "../command_line/training_bars.hpp"
#include "../losses/losses.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    teach_options options;
    std::optional<std::size_t> epochs, fine_tuning_epochs, batch, maximum_tokens, evaluate_every, patience, every;
    std::optional<double> rate, fine_tuning_rate, beta, held_out_share, lora_alpha;
    std::size_t lora = 0;
    double lora_dropout = 0;
    model_choice on;
    std::vector<std::string> lora_targets{"all-linear"}, members;
    std::string boundary = "separate", optimiser = "adamw", rule = "hard";
    std::optional<double> threshold, top, l2;
    std::optional<std::size_t> hidden;
    std::string loss, pair_template, judge = "pairwise";
    external_choice external;
};

template <class To, class From> void set(To& to, const From& from) {
    if (from) to = *from;
}

/// What the kind learns by unless another loss is asked for.
std::string loss_name(const arguments& given) {
    return given.loss.empty() ? std::string(taught_kind_named(given.options.kind).loss) : given.loss;
}

/// How long it learns and what; a head on features is small and learns faster.
void choose_training(const arguments& given, teach_options& to) {
    const bool tunes = taught_kind_named(to.kind).fine_tunes && to.reference.empty();
    to.fine_tuning.epochs = given.fine_tuning_epochs.value_or(tunes ? 1 : 0);
    to.training.epochs = given.epochs.value_or(to.kind == "features" ? 20 : 1);
    to.loss_name = loss_name(given);
    if (given.hidden) to.features.hidden = {*given.hidden};
    to.features.l2 = given.l2;
    if (to.kind == "features") to.optimiser.rate = 1e-3;
    if (given.lora != 0)
        to.adapter = adapter_options{.rank = given.lora,
                                     .alpha = given.lora_alpha.value_or(2 * static_cast<double>(given.lora)),
                                     .dropout = given.lora_dropout,
                                     .targets = given.lora_targets};
}

void apply(arguments& given, const chosen_loss& loss) {
    teach_options& to = given.options;
    choose_training(given, to);
    for (training_options* const training : {&to.training, &to.fine_tuning}) set(training->batch_size, given.batch);
    set(to.optimiser.rate, given.rate);
    set(to.fine_tuning_optimiser.rate, given.fine_tuning_rate);
    set(to.beta, given.beta);
    set(to.held_out_share, given.held_out_share);
    set(to.evaluate_every, given.evaluate_every);
    set(to.patience, given.patience);
    set(to.checkpoint_every, given.every);
    set(to.maximum_tokens, given.maximum_tokens);
    to.boundary = given.boundary == "joint" ? token_boundary::joint : token_boundary::separate;
    to.trained = trained_tensors_named(to.trained_name);
    to.eight_bit_moments = given.optimiser == "adamw_8bit";
    to.loss_name = loss.name;
    to.needs_tokens = loss.reads_lengths;
    show_bars(to);
}

int work(arguments& given) {
    teach_options& options = given.options;
    const chosen_loss loss = loss_of(loss_name(given), options.loss_parameters, given.beta);
    apply(given, loss);
    const taught made = teach(models_of(given.on), options, loss.loss,
                              [](const std::string& told) { std::fprintf(stderr, "%s\n", told.c_str()); });
    if (made.was_there) std::fputs("made before by the same command: nothing is left to do\n", stderr);
    if (made.held_out)
        std::printf("%s", to_text(*made.held_out).c_str());
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
    line.add("--evaluate-every", given.evaluate_every, "steps between evaluations; default: four times an epoch")
        .positive();
    line.add("--patience", given.patience, "evaluations without a better one that end training; 0: none; default 3");
    line.add("--max-tokens", given.maximum_tokens,
             "longest prompt with response; longer pairs are left out; default 512")
        .positive();
    line.add("--chat-format", to.chat_format,
             "how conversations become text: auto (what the model's chat template is) or one of " +
                 chat_format_names());
    line.add("--boundary", given.boundary, "where prompts end: separate or joint (see log_probs)")
        .one_of({"separate", "joint"})
        .shows_default();
    line.add("--pretokenizer", to.tokenizer.pretokenizer, "how a GGUF file's tokenizer splits text");
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

void add_training_options(command_line& line, arguments& given) {
    teach_options& to = given.options;
    line.add("--sft-epochs", given.fine_tuning_epochs,
             "passes of fine-tuning on the chosen responses; 0: none; default 1, with --reference 0");
    line.add("--sft-rate", given.fine_tuning_rate, "learning rate of it; default 1e-5").non_negative();
    line.add("--epochs", given.epochs, "passes of preference training; default 1");
    line.add("--rate", given.rate, "learning rate of it; default 1e-5").non_negative();
    line.add("--batch", given.batch, "pairs of an optimiser step; default 8").positive();
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
    const option lora = line.add("--lora", given.lora, "learn by a LoRA adapter of this rank alone").positive();
    line.add("--lora-alpha", given.lora_alpha, "its scale times the rank; default twice the rank").needs(lora);
    line.add("--lora-dropout", given.lora_dropout, "chance that an entry of its input is left out in training")
        .between(0.0, 0.99)
        .needs(lora);
    line.add("--lora-target", given.lora_targets,
             "module that has one, may be repeated; default: all of attention and MLP")
        .repeats()
        .needs(lora);
    line.add("--trained", to.trained_name, "weights that learn: all, head or last:K").shows_default().excludes(lora);
    line.flag("--recompute", to.recompute_activations, "run layers again in backward passes: less memory");
    line.add("--optimiser", given.optimiser, "adamw_8bit remembers 2 bytes a parameter instead of 8")
        .one_of({"adamw", "adamw_8bit"})
        .shows_default();
    line.add("--backend", given.on.backend,
             "what computes: cpu or onednn (the default where it is built in); training stays on the processor")
        .one_of(backend_names());
    line.add("--dtype", given.on.type, "numbers that products multiply")
        .one_of({"float32", "bfloat16"})
        .shows_default();
    line.add("--seed", to.seed, "of split, order and adapters").shows_default();
    line.add("--checkpoint-every", given.every, "steps between checkpoints in OUT.unfinished; 0: none; default 50");
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
    add_training_options(line, given);
    add_head_options(line, given);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { // so that a name or value that does not fit is a usage error
        (void)loss_of(loss_name(given), given.options.loss_parameters, given.beta);
        (void)trained_tensors_named(given.options.trained_name);
        given.options.rule = {given.rule, label_rule_named(given.rule, given.threshold, given.top).amount};
        const std::string& format = given.options.chat_format;
        if (!format.empty() && format != "auto") (void)chat_format_named(format);
        if (given.on.backend == "cuda")
            throw usage_error("--backend",
                              "training stays on the processor (cpu, onednn); label and log_probs take cuda");
        check(given.on);
        if (!given.pair_template.empty()) {
            std::ifstream file(given.pair_template);
            given.options.pair_template.assign(std::istreambuf_iterator<char>(file), {});
        }
        given.options.members.assign(given.members.begin(), given.members.end());
        given.options.judge.form = given.judge == "score" ? judge_form::score : judge_form::pairwise;
        given.options.external = chosen_external(given.external);
        if (given.options.kind == "judge" && !given.maximum_tokens) given.maximum_tokens = unlimited_length;
        teach_options asked = given.options; // what teach refuses of the options alone
        choose_training(given, asked);
        check_options(asked);
    });
}
