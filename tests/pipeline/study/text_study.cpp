#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/study/text_study.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

namespace {

/// Two models with different tokenizers as Hugging Face folders, and a file of pairs.
struct files {
    test::folder folder;

    files() {
        test::write_tiny_model(folder / "teacher");
        test::write_tiny_model(folder / "student", true, 6);
        std::ofstream pairs(folder / "pairs.jsonl");
        for (int i = 0; i < 24; ++i) {
            const std::string prompt(1 + static_cast<std::size_t>(i) % 4, static_cast<char>('a' + i / 4 % 4));
            pairs << R"({"prompt":")" << prompt << i % 2 << R"(","chosen":"ab","rejected":"dcd"})" << '\n';
        }
        pairs << R"({"prompt":"abab","chosen":"abababababababababababab","rejected":"c"})" << '\n';
        pairs << R"({"prompt":"ab","responses":["a","b"]})" << '\n';
    }

    [[nodiscard]] text_study_options options() const {
        text_study_options o{.teacher = folder / "teacher",
                             .student = folder / "student",
                             .data = folder / "pairs.jsonl",
                             .labelled = 8,
                             .unlabelled = 8,
                             .test = 6};
        o.learning.maximum_tokens = 16;
        o.student_training = o.learning.training;
        o.student_training->epochs = 2;
        o.student_optimiser = adamw{.rate = 1e-2};
        return o;
    }
};

} // namespace

TEST_CASE("teacher and student of different tokenizers meet as texts; unfit pairs are counted") {
    const files f;
    text_study_data found;
    const study_result result =
        run_text_study(f.options(), dpo{}, [&](const text_study_data& counts) { found = counts; });
    CHECK(found.read == 26);
    CHECK(found.without_label == 1);
    CHECK(found.too_long == 1);
    CHECK(found.left_out.size() == 2);
    CHECK(found.left_out.first().name.line == 25);
    CHECK(found.summary.find("pairs.jsonl: 26 pairs, 24 kept\n") != std::string::npos);
    CHECK(result.students.size() == 5);
    CHECK(result.unlabelled == 8);
    CHECK(result.teacher_labels.size() == result.unlabelled);
    // "ab" is always the better response: the students of human labels learn it
    const label_set& found_labels = result.students[3].test_labels;
    CHECK(found_labels.size() == result.test);
    for (const label& l : result.human_test_labels) CHECK(found_labels.at(l.id).decision() == l.verdict.decision());
}

TEST_CASE("what does not fit is left out before training, whatever the reason, and the end token counts") {
    const files f;
    std::ofstream(f.folder / "pairs.jsonl", std::ios::app)
        << R"({"id": "none", "prompt": "", "chosen": "a", "rejected": "b"})"
           "\n"
           R"({"id": "same", "prompt": "a", "chosen": "b", "rejected": "b"})"
           "\n"
           R"({"id": "fits", "prompt": "cd", "chosen": "ccccc", "rejected": "b"})"
           "\n"
           R"({"id": "end", "prompt": "cd", "chosen": "cccccc", "rejected": "b"})"
           "\n";
    text_study_data found;
    const auto keep = [&](const text_study_data& counts) { found = counts; };
    text_study_options options = f.options();
    options.learning.maximum_tokens = 8; // 2 + 5 + the end token
    run_text_study(options, dpo{}, keep);
    std::string reasons;
    for (const left_out_pair& pair : found.left_out.pairs())
        reasons += message(pair.name.id, " ", name_of(pair.reason), "; ");
    CHECK(reasons == "line 25 too_long; line 26 no_label; none empty_prompt; same identical_responses; end too_long; ");
    CHECK(found.identical == 1);
    options.strict = true;
    CHECK_THROWS_WITH_AS(run_text_study(options, dpo{}, keep), doctest::Contains("pairs.jsonl:25: "), input_error);
}

TEST_CASE("of identical responses alone nothing is learned: an error that counts them") {
    const files f;
    {
        std::ofstream pairs(f.folder / "pairs.jsonl");
        for (int i = 0; i < 30; ++i)
            pairs << R"({"prompt":")" << std::string(1 + static_cast<std::size_t>(i) % 7, 'a') << i
                  << R"(","chosen":"ab","rejected":"ab"})" << '\n';
    }
    CHECK_THROWS_WITH_AS(
        run_text_study(f.options(), dpo{}, [](const auto&) {}),
        doctest::Contains("no pair is left\n  left out: 30 with two identical responses (first: line 1"), input_error);
}

TEST_CASE("the boundary and the conversation format are said and reach both models") {
    const files f;
    {
        std::ofstream pairs(f.folder / "pairs.jsonl");
        for (std::size_t i = 0; i < 24; ++i) // the student joins "a" and "b"
            pairs << R"({"prompt":")" << std::string(1 + i % 6, "cd"[i % 2]) << i / 6 % 4
                  << R"(a","chosen":"bd","rejected":"c"})" << '\n';
    }
    text_study_data found;
    const auto keep = [&](const text_study_data& counts) { found = counts; };
    text_study_options options = f.options();
    options.labelled = options.unlabelled = options.test = 4;
    options.student_training->epochs = 1;
    run_text_study(options, dpo{}, keep);
    CHECK(found.changed_prompts == 0);
    CHECK(found.summary.find("token boundary: separate; in 0 of 24") != std::string::npos);
    options.learning.boundary = token_boundary::joint;
    run_text_study(options, dpo{}, keep);
    CHECK(found.changed_prompts == 24);
    CHECK(found.summary.find("token boundary: joint; in 24 of 24 pairs") != std::string::npos);
    CHECK(to_json(found)["pairs_whose_prompt_changes"] == 24);
    options.chat_format = "chatml";
    run_text_study(options, dpo{}, keep);
    CHECK(found.chat_format == "chatml");
    options.chat_format = "auto";
    CHECK_THROWS_WITH_AS(run_text_study(options, dpo{}, keep), doctest::Contains("has no chat template"), input_error);
}

TEST_CASE("one file for both models is the study of two copies of it") {
    const files f;
    text_study_options same = f.options();
    same.teacher = same.student;
    std::filesystem::copy(f.folder / "student", f.folder / "copy", std::filesystem::copy_options::recursive);
    text_study_options copies = f.options();
    copies.teacher = f.folder / "copy";
    const auto quiet = [](const auto&) {};
    const study_result a = run_text_study(same, dpo{}, quiet), b = run_text_study(copies, dpo{}, quiet);
    REQUIRE(a.students.size() == b.students.size());
    for (std::size_t s = 0; s < a.students.size(); ++s) CHECK(a.students[s].test_labels == b.students[s].test_labels);
}

TEST_CASE("too few pairs, a missing file and a missing model are clear errors") {
    const files f;
    const auto quiet = [](const auto&) {};
    text_study_options few = f.options();
    few.unlabelled = 1000;
    CHECK_THROWS_AS(run_text_study(few, dpo{}, quiet), argument_error);
    text_study_options missing = f.options();
    missing.data = f.folder / "nothing.jsonl";
    CHECK_THROWS_WITH_AS(run_text_study(missing, dpo{}, quiet), doctest::Contains("nothing.jsonl"), input_error);
    missing = f.options();
    missing.student = f.folder / "pairs.jsonl";
    CHECK_THROWS_AS(run_text_study(missing, dpo{}, quiet), input_error);
}

TEST_CASE("what was scored before is read from the cache, to the same bits, also by another study that starts alike") {
    const files f;
    text_study_options options = f.options();
    const study_result plain = run_text_study(options, dpo{}, [](const auto&) {});
    options.cache = f.folder / "cache";
    const auto count = [&] {
        return std::distance(std::filesystem::directory_iterator(f.folder / "cache"),
                             std::filesystem::directory_iterator());
    };
    const study_result first = run_text_study(options, dpo{}, [](const auto&) {});
    const auto files_of_one = count();
    const study_result second = run_text_study(options, dpo{}, [](const auto&) {});
    CHECK(count() == files_of_one);
    for (const study_result* cached : {&first, &second}) {
        CHECK(cached->notes.empty());
        for (std::size_t s = 1; s < plain.students.size(); ++s)
            for (const label& l : plain.students[s].test_labels)
                CHECK(cached->students[s].test_labels.at(l.id).margin() == l.verdict.margin());
    }
    run_text_study(options, dpo{.beta = 0.5},
                   [](const auto&) {});                      // the references are those of before, the students are not
    CHECK(count() == files_of_one + (files_of_one - 4 - 2)); // and tokens of two models
}

TEST_CASE("moments of 8 bits train about the same students, and a kept run knows them") {
    const files f;
    text_study_options options = f.options();
    options.student_training->epochs = 4; // the first steps are the same: moments are rounded after them
    options.checkpoints = f.folder.path();
    const study_result plain = run_text_study(options, dpo{}, [](const auto&) {});
    options.learning.eight_bit_moments = true;
    CHECK_THROWS_WITH_AS(run_text_study(options, dpo{}, [](const auto&) {}),
                         doctest::Contains("optimiser: adamw there, adamw_8bit here"), input_error);
    options.checkpoints.clear();
    const study_result coded = run_text_study(options, dpo{}, [](const auto&) {});
    for (std::size_t s = 1; s < plain.students.size(); ++s) {
        const double exact = plain.students[s].training.steps.back().loss,
                     other = coded.students[s].training.steps.back().loss;
        CHECK(other != exact);
        CHECK(other == doctest::Approx(exact).epsilon(0.05));
    }
}

TEST_CASE("a study by adapters, by the last layer or by the head trains those alone, with the bits of a killed one") {
    const files f;
    const auto run = [&](auto change, const std::string& checkpoints = "") {
        text_study_options options = f.options();
        change(options);
        if (!checkpoints.empty()) {
            options.checkpoints = f.folder / checkpoints;
            options.learning.checkpoint_every = 1;
        }
        return run_text_study(options, dpo{}, [](const text_study_data&) {});
    };
    const auto adapter = [](text_study_options& o) {
        o.learning.adapter = adapter_options{.rank = 2, .dropout = 0.2};
        o.learning.recompute_activations = true;
        o.student_training->epochs = 6;
    };
    std::filesystem::create_directories(f.folder / "runs");
    const study_result by_adapter = run(adapter, "runs");
    const auto& steps = by_adapter.students[3].training.steps;
    CHECK(steps.back().loss < steps.front().loss);
    std::size_t kept = 0;
    for (const auto& file : std::filesystem::directory_iterator(f.folder / "runs")) {
        const checkpoint_file run_kept = read_safetensors(file.path());
        CHECK(run_kept.at("parameters").size() < 400); // of 8 x 8 matrices
        kept += 1;
    }
    CHECK(kept == 7); // two fine-tunings, the teacher, four students
    std::filesystem::remove(f.folder / "runs" / "seed-0-student-of-human-labels.safetensors");
    const study_result again = run(adapter, "runs");
    CHECK(again.students[3].training.steps.back().loss == steps.back().loss);
    CHECK(run(adapter).students[3].training.steps.back().loss == steps.back().loss);

    const auto loss_of = [&](auto change) { return run(change).students[3].training.steps.back().loss; };
    const double all = loss_of([](text_study_options&) {});
    const double head = loss_of([](text_study_options& o) { o.learning.trained = trained_tensors_named("head"); });
    const double last = loss_of([](text_study_options& o) { o.learning.trained = trained_tensors_named("last:1"); });
    CHECK(all != head);
    CHECK(all != last);
    CHECK(head != last);
    CHECK(loss_of([](text_study_options& o) { o.learning.recompute_activations = true; }) == all);
}

TEST_CASE("unlabelled pairs of another file need no verdict, and the rows that then cannot be had are named") {
    const files f;
    std::ofstream(f.folder / "hidden.jsonl") << R"({"prompt":"dc","responses":["ab","d"]})"
                                                "\n"
                                                R"({"prompt":"dcc","responses":["c","ab"],"label":0})"
                                                "\n"
                                                R"({"prompt":"dddd","responses":["c","c"]})"
                                                "\n";
    text_study_options options = f.options();
    const study_result all = run_text_study(options, dpo{}, [](const auto&) {});
    options.unlabelled_data = f.folder / "hidden.jsonl";
    options.unlabelled = unlimited_length;
    text_study_data found;
    const study_result result = run_text_study(options, dpo{}, [&](const text_study_data& said) { found = said; });
    CHECK(result.labelled == all.labelled);
    CHECK(result.unlabelled == 2);
    CHECK(result.human_labels.size() == 1);
    CHECK(found.other.at("left_out").at("identical_responses").at("count") == 1);
    CHECK(found.names.find(result.teacher_labels.begin()->id).id.find("hidden.jsonl:") != std::string::npos);
    REQUIRE(result.students.size() == 4);
    CHECK(result.students[3].name == row_name::human_labelled);
    CHECK(result.students[3].labels.size() == result.labelled);
    REQUIRE(result.notes.size() == 1);
    CHECK(result.notes[0].find("1 of 2 have none") != std::string::npos);
    for (const label& l : all.teacher_test_labels) // the teacher learned from the same pairs
        CHECK(result.teacher_test_labels.at(l.id).margin() == l.verdict.margin());
    options.unlabelled = 3;
    CHECK_THROWS_WITH_AS(run_text_study(options, dpo{}, [](const auto&) {}), doctest::Contains("more than the 2"),
                         argument_error);
}

TEST_CASE("a file's pairs without a verdict are unlabelled ones where the others are too few") {
    const files f;
    text_study_options options = f.options();
    std::ofstream(f.folder / "pairs.jsonl", std::ios::app) << R"({"prompt":"abb","responses":["a","b"]})"
                                                              "\n";
    options.labelled = 12; // with 8 and 6 more than the 24
    text_study_data found;
    const study_result result = run_text_study(options, dpo{}, [&](const text_study_data& said) { found = said; });
    CHECK(found.without_label == 0);
    CHECK(found.kept == 26);
    CHECK(result.unlabelled > 2); // two without a verdict, the others of what is left
    CHECK(result.unlabelled - result.human_labels.size() == 2);
    CHECK(result.students.back().name == row_name::human_labelled);
}
