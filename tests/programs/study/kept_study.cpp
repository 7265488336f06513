#include <cmath>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/programs/study/kept_study.hpp>

#include "../../files.hpp"
#include "../../json_lines.hpp"
#include "../../pipeline/tiny_models.hpp"
#include "../aligning/tiny_losses.hpp"

using namespace preflearn;

namespace {

struct kept_study_files {
    test::folder folder;
    std::string told;

    kept_study_files() {
        test::write_tiny_model(folder / "small");
        test::write_tiny_model(folder / "large", true, 6);
        folder.write("pairs.jsonl", test::tiny_pairs(40));
    }
    [[nodiscard]] text_study_options options() const {
        text_study_options o{.teacher = folder / "small",
                             .student = folder / "large",
                             .data = folder / "pairs.jsonl",
                             .labelled = 10,
                             .unlabelled = 12,
                             .test = 6,
                             .seed = 3};
        o.learning.maximum_tokens = 32;
        o.learning.training.batch_size = 4;
        o.learning.optimiser.rate = o.learning.fine_tuning_optimiser.rate = 1e-2;
        o.learning.checkpoint_every = 1;
        return o;
    }
    [[nodiscard]] keep_options keep(const std::string& name = "kept") const { return {.folder = folder / name}; }
    study_result run(const text_study_options& options, const keep_options& to) {
        return run_kept_study(
            test::on_processor(), options, to, dpo{}, [](const auto&) {},
            [&](const std::string& line) { told += line + "\n"; });
    }
    [[nodiscard]] std::string weights(const std::string& student, const std::string& name = "kept") const {
        return test::read(folder / name / "students" / student / "model.safetensors");
    }
};

} // namespace

TEST_CASE("a study's folder holds what teach, label and align make, and the study is the one that keeps nothing") {
    kept_study_files f;
    const text_study_options options = f.options();
    const study_result result = f.run(options, f.keep());
    const study_result plain = run_text_study(test::on_processor(), options, dpo{}, [](const auto&) {});
    for (std::size_t s = 1; s < plain.students.size(); ++s)
        for (const label& l : plain.students[s].test_labels)
            CHECK(result.students[s].test_labels.at(l.id).margin() == l.verdict.margin());

    // its teacher, asked by `label` for what it labelled, says the same, to the byte
    const auto quiet = [](const std::string&) {};
    label_file(test::on_processor(),
               {.teacher = f.folder / "kept/teacher",
                .data = f.folder / "kept/labels.jsonl",
                .out = f.folder / "again.jsonl",
                .seed = 3},
               quiet);
    CHECK(test::read(f.folder / "again.jsonl") == test::read(f.folder / "kept/labels.jsonl"));
    const auto lines = test::json_lines(f.folder / "kept/labels.jsonl");
    CHECK(lines.size() == result.unlabelled);
    for (const auto& line : lines) {
        const std::uint64_t id = hash_of(line["id"].get<std::string>());
        CHECK(line["margin"].get<double>() == std::abs(result.teacher_labels.at(id).margin().value()));
        CHECK((line["human"] == 1) ==
              (result.teacher_labels.at(id).decision() == result.human_labels.at(id).decision()));
    }

    // and `align` makes the student of these labels, to the bit
    align_options aligning{.model = f.folder / "kept/students/sft_only",
                           .data = f.folder / "kept/labels.jsonl",
                           .out = f.folder / "student",
                           .held_out_share = 0,
                           .learning = options.learning,
                           .seed = 3};
    aligning.learning.fine_tuning.epochs = 0;
    aligning.loss_name = "dpo";
    const aligned_student student = align_file(test::on_processor(), aligning, test::tiny_loss, quiet);
    CHECK(student.report.learned == lines.size());
    CHECK(f.weights("weak_teacher") == test::read(f.folder / "student/model.safetensors"));
    CHECK(f.weights("weak_teacher") != f.weights("sft_only"));
    CHECK(f.weights("weak_teacher") != f.weights("human_labels"));
    for (const char* const name : {"random_labels", "human_labels", "human_labels_all_pairs"})
        CHECK(std::filesystem::exists(f.folder / "kept/students" / name / "tokenizer.json"));
}

TEST_CASE("the same study again has nothing left to keep, another one writes nothing over") {
    kept_study_files f;
    const text_study_options options = f.options();
    f.run(options, f.keep());
    const std::string weak = f.weights("weak_teacher");
    std::filesystem::remove_all(f.folder / "kept/students/weak_teacher");
    f.told.clear();
    f.run(options, f.keep());
    CHECK(f.told == "kept: " + (f.folder / "kept/students/weak_teacher").string() + "\n");
    CHECK(f.weights("weak_teacher") == weak);
    text_study_options other = options;
    other.beta = 0.5;
    CHECK(test::contains(test::error_of([&] { f.run(other, f.keep()); }), "nothing is written over"));
    keep_options adapters = f.keep("adapters");
    adapters.keep_adapter = true;
    CHECK_THROWS_AS(f.run(options, adapters), argument_error);
}

TEST_CASE("a study by adapters that was stopped goes on and leaves the files of one that was not") {
    kept_study_files f;
    text_study_options options = f.options();
    options.learning.adapter = adapter_options{.rank = 2, .dropout = 0.2};
    keep_options keep = f.keep();
    keep.keep_adapter = true;
    f.run(options, keep);
    options.checkpoints = f.folder / "runs";
    std::filesystem::create_directory(options.checkpoints);
    text_study_options stopped = options;
    stopped.learning.observe = [](std::string_view title) {
        return [last = title == "student of human labels"](const training_step& step) {
            if (last && step.step == 2) throw std::runtime_error("killed");
        };
    };
    keep.folder = f.folder / "later";
    CHECK_THROWS_WITH(f.run(stopped, keep), "killed");
    CHECK(std::filesystem::exists(keep.folder / "students/weak_teacher"));
    CHECK_FALSE(std::filesystem::exists(keep.folder / "students/human_labels"));
    f.run(options, keep);
    for (const char* const file :
         {"teacher/teacher.json", "teacher/policy/adapter_model.safetensors", "labels.jsonl",
          "students/weak_teacher/adapter_model.safetensors", "students/human_labels/adapter_model.safetensors",
          "students/human_labels_all_pairs/results.json"})
        CHECK_MESSAGE(test::read(f.folder / "later" / file) == test::read(f.folder / "kept" / file), file);
}
