// Aligns a student to a labelled file by any loss: a folder that transformers loads, or a GGUF file.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../command_line/column_options.hpp"
#include "../command_line/command_line.hpp"
#include "../command_line/training_bars.hpp"
#include "../command_line/training_options.hpp"
#include "../losses/losses.hpp"
#include "../models/folders.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    align_options options;
    training_arguments training;
    std::optional<double> held_out_share;
    std::string probabilities = "auto", margins = "auto", weights = "auto", pairing = "best-worst", written = "f32";
};

void apply(arguments& given) {
    align_options& to = given.options;
    apply_training(given.training, to);
    set_if_given(to.held_out_share, given.held_out_share);
    to.probabilities = use_named<column_use>(column_use_names, given.probabilities);
    to.margins = use_named<column_use>(column_use_names, given.margins);
    to.weights = use_named<weight_use>(weight_use_names, given.weights);
    to.pairing = given.pairing == "best-random" ? pairing::best_random
                 : given.pairing == "all"       ? pairing::all
                                                : pairing::best_worst;
    to.written = given.written == "bf16"   ? element_type::bf16
                 : given.written == "f16"  ? element_type::f16
                 : given.written == "q8_0" ? element_type::q8_0
                                           : element_type::f32;
    to.records.reading.id_field = to.records.columns.id;
}

int work(arguments& given) {
    align_options& options = given.options;
    show_bars(options.learning);
    const aligned_student made = align_file(models_of(given.training.on), options, any_loss_named, say_to_user);
    if (made.was_there)
        std::fputs("made before by the same command: nothing is left to do\n", stderr);
    else
        std::printf("%s", to_text(made.report).c_str());
    std::printf("student: %s\n", options.out.c_str());
    return made.report.accuracy && !made.report.accuracy->defined() ? 3 : 0;
}

void add_data(command_line& line, arguments& given) {
    align_options& to = given.options;
    line.add("--model", to.model, "the student: a GGUF file or a Hugging Face folder").required().existing_path();
    line.add("--data", to.data,
             "labels, JSONL or JSONL.gz: what label writes, pairs, scored lists or single completions")
        .required()
        .existing_file();
    line.add("--out", to.out, "the folder to be made, or a file that ends in .gguf").required().some_name();
    line.add("--reference", to.reference, "another model as reference; default: the model before preference training")
        .existing_path();
    line.add("--probabilities", given.probabilities,
             "of the labels, as soft labels: auto (where the loss reads them), use or ignore")
        .one_of({"auto", "use", "ignore"})
        .shows_default();
    line.add("--margins", given.margins,
             "of the labels: auto (where the loss is nothing without them), use (subtracted) or ignore")
        .one_of({"auto", "use", "ignore"})
        .shows_default();
    line.add("--weights", given.weights,
             "of the labels: plain (mean of weight times loss), normalised (divided by the sum of weights) or ignore; "
             "auto is plain")
        .one_of({"auto", "plain", "normalised", "ignore"})
        .shows_default();
    line.add("--pairing", given.pairing, "pairs of more than two scored responses: best-worst, best-random or all")
        .one_of({"best-worst", "best-random", "all"})
        .shows_default();
    line.add("--threshold", to.threshold, "a score of at least this makes a single completion desirable");
    line.add("--gold-field", to.gold_field, "the column of the gold response of triples; reference is read, too")
        .shows_default();
    const option held = line.add("--held-out", to.held_out, "labels to hold the student against").existing_file();
    line.add("--held-out-share", given.held_out_share, "else this share of the data; 0: none; default 0.1")
        .between(0.0, 0.9)
        .excludes(held);
    line.add("--chat-format", to.chat_format,
             "how conversations become text: auto (what the model's chat template is), or one of " +
                 chat_format_names() + "; default: auto where the data have conversations");
    line.add("--pretokenizer", to.learning.tokenizer.pretokenizer, "how a GGUF file's tokenizer splits text");
    line.flag("--skip-malformed", to.records.reading.skip_malformed, "leave malformed lines out instead of stopping");
    line.flag("--strict", to.strict, "leaving anything out is an error that names the first");
    add_columns(line, to.records.columns);
}

void add_loss(command_line& line, arguments& given) {
    align_options& to = given.options;
    line.add("--loss", to.loss_name,
             "any loss by name: of pairs, tokens, triples, single completions or ranked lists "
             "(loss_values --list prints all)")
        .shows_default();
    line.add("--param", to.loss_parameters, "NAME=VALUE of the loss, may be repeated").repeats();
    line.add("--beta", to.beta, "beta of the loss, where it has one; default: the loss's own").positive();
    line.add("--noise-rate", to.noise_rate,
             "share of wrong labels for losses that correct for it (robust, cdpo, ropo, ...): a number, or teacher: as "
             "it was measured for these labels; or pairs: of each label by its own probability or margin, for losses "
             "that read probabilities");
    line.add(
            "--teacher", to.teacher,
            "folder of the teacher whose noise is meant; default: the manifest of the labels, which counts in any case "
            "where a rule kept some of them or some were turned")
        .existing_path();
    line.add("--weak-policy", to.weak_policy, "of the loss wspo: an aligned weak model").existing_path();
    line.add("--weak-reference", to.weak_reference, "and what it was before").existing_path();
    line.add("--write", given.written, "numbers of the weights that are written: f32, bf16, f16 or, in GGUF, q8_0")
        .one_of({"f32", "bf16", "f16", "q8_0"})
        .shows_default();
    line.flag("--keep-adapter", to.keep_adapter, "write the LoRA adapter as PEFT does instead of merging it");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Aligns a student to a labelled file by any loss: DPO and its relatives, losses of tokens, of "
        "triples, of single\n"
        "completions (KTO, BCO) and of ranked lists. The student is held against examples that it does not "
        "learn from, and\n"
        "the best is kept. OUT is a folder that transformers loads, or a GGUF file. Probabilities, margins "
        "and weights of\n"
        "the labels are used by losses that can; what is taken is said. When it is stopped, the same "
        "command goes on where\n"
        "it was. Ends with 0 when done, 1 when a file is wrong, 2 when the options are, 3 when the held-out "
        "accuracy is\n"
        "not defined."};
    add_data(line, given);
    add_loss(line, given);
    add_training(line, given.training);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { // so that a name or value that does not fit is a usage error
        check_trains(given.training.on);
        const std::string& format = given.options.chat_format;
        if (!format.empty() && format != "auto") (void)chat_format_named(format);
        if (given.written == "q8_0" && given.options.out.extension() != ".gguf")
            throw usage_error("--write", "q8_0 is a type of GGUF files: --out OUT.gguf");
        apply(given);
        check_options(given.options);
        (void)any_loss_named(loss_asked_for(given.options), parameters_with_noise(given.options, std::nullopt));
    });
}
