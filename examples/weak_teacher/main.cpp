// The main job: a weak teacher aligns a student (Tao & Li, ICLR 2025). Without arguments it runs in a generated world
// with small transformers; with --teacher, --student and --data it runs the same study on real models and real pairs.
// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/pipeline/study/study_report.hpp>
#include <preflearn/pipeline/study/study_summary.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/text/chat/chat_template.hpp>

#include "../command_line/command_line.hpp"
#include "../models/models.hpp"
#include "arguments.hpp"

namespace {

void run(const arguments& given) {
    const auto start = std::chrono::steady_clock::now();
    const bool world = given.data.empty();
    const std::size_t seeds = given.seeds != 0 ? given.seeds : world ? 8 : 1;
    preflearn::manifest record{.program = "weak_teacher",
                               .started = std::chrono::system_clock::now(),
                               .command_line = given.command_line,
                               .seed = given.training.seed,
                               .beta = beta_of(given),
                               .threads = static_cast<unsigned>(preflearn::thread_count())};
    if (!given.report.empty()) std::filesystem::create_directories(given.report); // fails now rather than in an hour
    if (!given.checkpoints.empty()) std::filesystem::create_directories(given.checkpoints);
    preflearn::text_study_data data;
    const auto results = world ? study_world(given, seeds, record) : study_texts(given, seeds, record, data);
    const preflearn::study_summary summary = preflearn::summarise(results);
    std::printf("%s\n%s", preflearn::to_text(preflearn::study_table(summary)).c_str(),
                preflearn::to_text(preflearn::teacher_table(summary)).c_str());
    if (!given.keep.empty()) std::printf("\nkept: %s\n", given.keep.c_str());
    std::fflush(stdout);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "%.0f seconds\n", seconds.count());
    if (given.report.empty()) return;
    record.sizes = {
        {"seeds", seeds}, {"labelled", summary.labelled}, {"unlabelled", summary.unlabelled}, {"test", summary.test}};
    if (!world) record.settings["data"] = preflearn::to_json(data);
    record.ratio = static_cast<double>(summary.labelled) / static_cast<double>(summary.labelled + summary.unlabelled);
    record.settings["loss"] = loss_of(given).name;
    record.settings["loss_parameters"] = given.parameters;
    record.wall_seconds = seconds.count();
    preflearn::write_study(given.report, results, summary, record, world ? nullptr : &data);
    std::printf("\nreport: %s\n", given.report.c_str());
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "A weak language model learns from a few labelled pairs, labels the others by its implicit reward,\n"
        "and a student is aligned to these labels. Without arguments: in a generated world.\n"
        "With --teacher, --student and --data: on real models and real pairs."};
    const option teacher = line.add("--teacher", given.teacher, "GGUF file or Hugging Face folder of the weak teacher");
    const option student = line.add("--student", given.student, "the same of the student; may be the teacher's");
    const option data =
        line.add("--data", given.data,
                 "labelled pairs, JSONL or JSONL.gz; those without a verdict are used as unlabelled ones "
                 "where the others are too few");
    const option unlabelled =
        line.add("--unlabelled-data", given.unlabelled_data,
                 "the pairs that the teacher labels, instead of some of --data; verdicts in it are "
                 "hidden from the teacher");
    for (const option& path : {teacher, student, data, unlabelled}) path.existing_path();
    unlabelled.needs(data);
    teacher.needs(student).needs(data);
    student.needs(teacher).needs(data);
    data.needs(teacher).needs(student);
    line.add("--labelled", given.labelled, "pairs whose labels the teacher sees").positive();
    line.add("--unlabelled", given.unlabelled,
             "pairs that the teacher labels; default of --unlabelled-data: all of them")
        .positive();
    line.add("--test", given.test, "held-out pairs").positive();
    line.add("--beta", given.beta, "beta of the loss and of the implicit reward; default 0.1").positive();
    line.add("--loss", given.loss, "preference loss by name (loss_values --list prints all)").shows_default();
    line.add("--param", given.parameters, "NAME=VALUE of the loss, may be repeated").repeats();
    line.flag("--soft-labels", given.soft_labels, "the teacher labels with probabilities instead of choices");
    line.add("--seeds", given.seeds, "how many seeds; default 8 in the generated world, 1 on real models").positive();
    line.add("--human-agreement", given.human_agreement,
             "share of pairs on which simulated humans agree with gold (generated world)")
        .between(0.5, 1.0)
        .shows_default()
        .excludes(data);
    line.add("--chat-format", given.chat_format,
             "how conversations become text: auto (what the models' chat template is) or one of " +
                 preflearn::chat_format_names())
        .needs(data);
    line.add("--pretokenizer", given.pretokenizer,
             "how a GGUF file's tokenizer splits text, instead of what the file names; for both models")
        .needs(data);
    line.flag("--skip-malformed", given.skip_malformed, "leave malformed lines out instead of stopping").needs(data);
    line.flag("--strict", given.strict, "leaving any pair out is an error that names the first").needs(data);
    line.add("--id-field", given.id_field, "the field that holds a pair's id, a whole number or a text")
        .shows_default()
        .needs(data);
    line.add("--report", given.report, "folder for JSON, CSV, SVG, the run's manifest and left-out.jsonl");
    line.add("--checkpoints", given.checkpoints, "folder for checkpoints; the same command goes on from them");
    line.add("--cache", given.cache,
             "folder of log-probs and tokens by model and texts: what was computed before is read from "
             "there; default: 'cache' in the folder of checkpoints")
        .needs(data);
    const option keep =
        line.add("--keep", given.keep,
                 "folder for what is made: teacher/ (which label takes), labels.jsonl, and the students as align "
                 "makes them, students/weak_teacher/ and others; of several seeds in seed-N/")
            .needs(data);
    line.add("--write", given.written, "numbers of these students' weights: f32, bf16 or f16")
        .one_of({"f32", "bf16", "f16"})
        .shows_default()
        .needs(keep);
    line.flag("--keep-adapter", given.keep_adapter, "write their LoRA adapters as PEFT does instead of merging them")
        .needs(keep);
    add_steps(line, given.training,
              {.fine_tuning = "1; in the generated world 4",
               .holds = " on real models",
               .checkpoints = "in the folder of checkpoints",
               .seed = "the first seed"});
    for (const option& of_texts : add_text_model(line, given.training)) of_texts.needs(data);
    const auto work = [&] {
        given.command_line = preflearn::command_line_of(argc, argv);
        run(given);
        return 0;
    };
    return line.run(argc, argv, work, [&] { // so that a name or value that does not fit is a usage error
        loss_of(given);
        check_trains(given.training.on);
        preflearn::trained_tensors_named(given.training.trained);
        if (given.keep_adapter && given.training.lora == 0)
            throw usage_error("--keep-adapter", "there are adapters to keep with --lora alone");
        if (!given.chat_format.empty() && given.chat_format != "auto") preflearn::chat_format_named(given.chat_format);
    });
}
