/// \file
/// A study on texts that leaves what it made, in the formats of the programs whose steps it is made of: `teacher/` as
/// `teach` makes it, `labels.jsonl` as `label`, and `students/weak_teacher/` and the others as `align`. Each is written
/// when it is made, whole or not at all, and dropped; when the study is stopped, the same call goes on.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/pipeline/learning/training_settings.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/pipeline/study/text_study.hpp>
#include <preflearn/pipeline/study/text_study_options.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/programs/aligning/align_data.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/programs/aligning/student_output.hpp>
#include <preflearn/programs/aligning/student_report.hpp>
#include <preflearn/programs/study/study_labels.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/report/run/file_hash.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/chat_template.hpp>

namespace preflearn {

struct keep_options {
    /// The folder of it all, which is made where it is missing.
    std::filesystem::path folder{};
    std::string loss_name = "sigmoid";
    std::vector<std::string> loss_parameters{};
    /// How students' weights are written, and whether an adapter stays one; as of align_options.
    element_type written = element_type::f32;
    bool keep_adapter = false;
    std::vector<std::string> command_line{};
};

/// The folder of a row's student: "human labels, all pairs" is human_labels_all_pairs.
inline std::string student_folder_name(std::string_view row) {
    std::string name;
    for (const char c : row)
        if (c != ',') name += c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name;
}

/// What of the options makes another study of the same files.
inline nlohmann::ordered_json settings_of(const text_study_options& options) {
    const training_settings& learning = options.learning;
    const study_options study = detail::study_options_of(options);
    return {{"fine_tuning", settings_of(learning.fine_tuning, learning.fine_tuning_optimiser)},
            {"teacher", settings_of(study.teacher_training, study.teacher_optimiser)},
            {"students", settings_of(study.student_training, study.student_optimiser)},
            {"optimiser", learning.eight_bit_moments ? "adamw_8bit" : "adamw"},
            {"trained", learning_part(learning)},
            {"adapter", learning.adapter ? settings_of(*learning.adapter) : nlohmann::ordered_json()},
            {"beta", options.beta},
            {"soft_labels", options.soft_labels},
            {"boundary", learning.boundary == token_boundary::joint ? "joint" : "separate"},
            {"pretokenizer", learning.tokenizer.pretokenizer},
            {"chat_format", options.chat_format},
            {"max_tokens", learning.maximum_tokens},
            {"needs_tokens", options.needs_tokens},
            {"id_field", options.reading.id_field},
            {"skip_malformed", options.reading.skip_malformed},
            {"labelled", options.labelled},
            {"unlabelled", options.unlabelled},
            {"test", options.test}};
}

namespace detail {

class kept_study {
  public:
    /// Fails now rather than in an hour. \param loss by its identity
    /// \throws input_error where something else is in the folder, or nothing can be made in it
    kept_study(const any_backend<float>& on, const text_study_options& study, const keep_options& keep,
               std::string loss, const speaker& say)
        : on_(on), study_(study), keep_(keep), say_(say), loss_(std::move(loss)) {
        require(!keep.keep_adapter || study.learning.adapter, "adapters are to be kept, and none are to be learned");
        record_ = {.program = "weak_teacher",
                   .command_line = keep.command_line,
                   .seed = study.seed,
                   .beta = study.beta,
                   .settings = settings_of(study)};
        record_.settings["loss"] = loss_;
        record_.settings["products"] = on.name;
        for (const auto& [name, path] : {std::pair{"teacher_model", study.teacher}, {"student_model", study.student}}) {
            const model_identity found = identify_model(path);
            record_.settings[name] = {
                {"weights", found.weights}, {"tokenizer", found.tokenizer}, {"chat_template", found.chat_template}};
        }
        record_.inputs = {hash_file(study.data)};
        if (!study.unlabelled_data.empty()) record_.inputs.push_back(hash_file(study.unlabelled_data));
        make_folder(keep.folder / "students");
        (void)teacher_made_before(teacher_folder(), described_as("teacher"));
        (void)made_before(labels_file(), run_of("labels").key);
        for (const std::string_view row : {row_name::before, row_name::random, row_name::weak, row_name::human,
                                           row_name::human_all, row_name::human_labelled}) {
            if (student_made_before(student_folder(row), student_run(row).key)) continue;
            check_student(origin(), student_folder(row), form());
        }
    }

    /// What to hand to run_text_study; refers to this.
    text_study_products products() {
        return {.teacher =
                    [this](const text_study_parts& of, const text_model& weak, const study_result& so_far) {
                        keep_teacher(of, weak, so_far);
                        keep_labels(of, so_far);
                    },
                .student = [this](const text_study_parts& of, const text_model& student,
                                  const student_result& row) { keep_student(of, student, row); }};
    }

  private:
    [[nodiscard]] std::filesystem::path teacher_folder() const { return keep_.folder / "teacher"; }
    [[nodiscard]] std::filesystem::path labels_file() const { return keep_.folder / "labels.jsonl"; }
    [[nodiscard]] std::filesystem::path student_folder(std::string_view row) const {
        return keep_.folder / "students" / student_folder_name(row);
    }
    [[nodiscard]] student_origin origin() const {
        return {.model = study_.student, .tokenizer = study_.learning.tokenizer, .chat_format = study_.chat_format};
    }
    [[nodiscard]] student_form form() const { return {.type = keep_.written, .keep_adapter = keep_.keep_adapter}; }
    /// \param what of the study it makes
    [[nodiscard]] output_run run_of(std::string_view what) const {
        manifest record = record_;
        record.settings["makes"] = what;
        return output_run_of(std::move(record));
    }
    [[nodiscard]] output_run student_run(std::string_view row) const {
        manifest record = record_;
        record.settings["makes"] = "student of " + std::string(row);
        record.settings["written"] = std::string(name_of(keep_.written));
        record.settings["keep_adapter"] = keep_.keep_adapter;
        return output_run_of(std::move(record));
    }
    /// A description that has no more than the key.
    [[nodiscard]] teacher_description described_as(std::string_view what) const {
        teacher_description told;
        told.training["key"] = run_of(what).key;
        return told;
    }

    void keep_teacher(const text_study_parts& of, const text_model& weak, const study_result& so_far) {
        if (teacher_made_before(teacher_folder(), described_as("teacher"))) return;
        const teach_options options{.model = study_.teacher,
                                    .data = study_.data,
                                    .out = teacher_folder(),
                                    .held_out_share = 0,
                                    .reading = study_.reading,
                                    .chat_format = study_.chat_format,
                                    .needs_tokens = study_.needs_tokens,
                                    .strict = study_.strict,
                                    .learning = study_.learning,
                                    .loss_name = keep_.loss_name,
                                    .loss_parameters = keep_.loss_parameters,
                                    .beta = study_.beta,
                                    .rule = {.name = study_.soft_labels ? "soft" : "hard"},
                                    .seed = study_.seed,
                                    .command_line = keep_.command_line};
        taught made{.description = described(on_, options, of.chat),
                    .fine_tuning = of.teacher_fine_tuning,
                    .preferences = so_far.teacher_training,
                    .held_out_chooses = false, // the study's test part, of which nothing is to be learned
                    .program = "weak_teacher"};
        made.description.end_token = weak.words().end_token().has_value();
        made.description.training["held_out"] = "the study's test part";
        made.description.training["key"] = run_of("teacher").key;
        const teach_data data{.learned = of.pairs.labelled,
                              .held_out = of.pairs.test,
                              .labels = of.pairs.labels,
                              .held_out_labels = of.pairs.labels};
        describe_pairs(made.description, data);
        write_teacher(on_, options, data, made, [&](const std::filesystem::path& folder) {
            put_weights(made.description, folder, &weak,
                        study_.learning.fine_tuning.epochs > 0 ? &of.teacher : nullptr);
        });
        say_("kept: " + teacher_folder().string());
    }

    void keep_labels(const text_study_parts& of, const study_result& so_far) {
        output_run run = run_of("labels");
        teacher_ = open_teacher(teacher_folder(), {.model = study_.teacher}).name;
        if (made_before(labels_file(), run.key)) return;
        study_labels labels{.pairs = of.pairs.unlabelled,
                            .labels = so_far.teacher_labels,
                            .human = so_far.human_labels,
                            .names = of.names,
                            .seed = study_.seed,
                            .soft = study_.soft_labels,
                            .data = study_.unlabelled_data.empty() ? study_.data : study_.unlabelled_data,
                            .reading = study_.reading};
        if (of.chat.render) labels.reading.render = of.chat.render;
        const labelled_file found = write_study_labels(labels, teacher_, std::move(run), labels_file());
        say_(message("kept: ", labels_file().string(), ", ", found.written, " labels"));
    }

    void keep_student(const text_study_parts& of, const text_model& student, const student_result& row) {
        output_run run = student_run(row.name);
        const std::filesystem::path out = student_folder(row.name);
        if (student_made_before(out, run.key)) return;
        const bool learned = !row.labels.empty();
        student_report report{.loss = loss_,
                              .learned = learned ? row.labels.size() : of.pairs.labelled.size(),
                              .held_out = of.pairs.test.size(),
                              .fine_tuning = of.student_fine_tuning,
                              .preferences = row.training};
        if (learned) report.accuracy = agreement_with(row.test_labels, of.pairs.labels, prompt_numbers(of.pairs.test));
        align_options options{.model = study_.student,
                              .out = out,
                              .loss_name = keep_.loss_name,
                              .learning = study_.learning,
                              .seed = study_.seed,
                              .written = keep_.written,
                              .keep_adapter = keep_.keep_adapter,
                              .command_line = keep_.command_line};
        if (study_.student_optimiser) options.learning.optimiser = *study_.student_optimiser;
        if (study_.student_training) options.learning.training = *study_.student_training;
        align_data data;
        if (row.name == row_name::weak) data.file.teachers.insert(teacher_);
        run.record.sizes = {{"learned", report.learned}, {"held_out", report.held_out}};
        write_student(student.model(), options, run, report, data,
                      of.chat.render ? std::string(layout_of(of.chat.format).name) : std::string());
        say_("kept: " + out.string());
    }

    const any_backend<float>& on_;
    text_study_options study_;
    keep_options keep_;
    speaker say_;
    std::string loss_, teacher_;
    manifest record_{};
};

} // namespace detail

/// As run_text_study, and leaves what it made in a folder. \param say takes each sentence for the user
/// \throws input_error where something else is in the folder, and when files cannot be written; and as run_text_study
template <class Loss>
study_result run_kept_study(const any_backend<float>& on, const text_study_options& options, const keep_options& keep,
                            const Loss& loss, const std::function<void(const text_study_data&)>& found,
                            const speaker& say) {
    detail::kept_study kept(on, options, keep, identity_of(loss), say);
    return run_text_study(on, options, loss, found, kept.products());
}

} // namespace preflearn
