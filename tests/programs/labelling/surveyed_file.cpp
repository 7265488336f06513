#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/labelling/surveyed_file.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

text_teacher surveyed_file_teacher() {
    text_teacher teacher;
    teacher.judge = [](std::span<const shown_texts> block) {
        judged_block judged;
        for (const shown_texts& shown : block) {
            judgement& said = judged.all.emplace_back();
            for (const std::string_view response : shown.responses)
                said.scores.push_back(static_cast<double>(response.size()));
        }
        return judged;
    };
    return teacher;
}

/// Of the pair `id`, whose chosen response is longer by so many bytes.
std::string surveyed_file_line(const std::string& id, std::size_t chosen, std::size_t rejected) {
    return nlohmann::json{{"id", id},
                          {"prompt", "p"},
                          {"chosen", std::string(chosen, 'x')},
                          {"rejected", std::string(rejected, 'y')}}
               .dump() +
           "\n";
}

void surveyed_file_progress(std::string_view, std::size_t, std::size_t, double, double) {}

} // namespace

TEST_CASE("a file is read once without its texts, and again in the same order") {
    const test::folder f;
    const preference_options reading{.skip_malformed = true};
    const auto data = f.write("d.jsonl", surveyed_file_line("a", 3, 1) + "[]\n\n" + surveyed_file_line("b", 2, 2));
    const detail::surveyed_file file = detail::survey(data, reading);
    REQUIRE(file.records.size() == 2);
    REQUIRE(file.malformed.size() == 1);
    CHECK(file.malformed[0].first == 2);
    CHECK(test::contains(file.malformed[0].second, "holds a JSON array"));
    CHECK(file.records[1].line == 4);
    CHECK(file.names.find(file.records[1].id).id == "b");
    auto next = detail::records_of(data, reading);
    for (const record_facts& known : file.records) {
        const label_record record = next();
        CHECK(record.id == known.id);
        CHECK(record.responses[0].size() == known.lengths[0]);
    }
    CHECK(test::contains(test::error_of([&] { next(); }), "has become shorter"));
    CHECK(test::contains(test::error_of([&] { detail::survey(f.write("no.jsonl", "[]\n"), reading); }), "no pairs"));
}

TEST_CASE("a teacher's errors call pairs what the file calls them") {
    const test::folder f;
    const auto data = f.write("d.jsonl", surveyed_file_line("a", 3, 1));
    const detail::surveyed_file file = detail::survey(data, {});
    text_teacher teacher;
    teacher.judge = [](std::span<const shown_texts> block) -> judged_block {
        throw numeric_error(message("pair ", block[0].id, ": odd"));
    };
    CHECK(test::contains(
        test::error_of([&] {
            detail::judge_records(teacher, file, data, {}, 0, 1, {}, {f / "part", "k", "t"}, surveyed_file_progress);
        }),
        "pair 'a' (" + data.string() + ":1): odd"));
}

TEST_CASE("the calibration is the teacher's own, or by the humans' verdicts whatever the order shown") {
    const test::folder f;
    std::string lines;
    for (int i = 0; i < 30; ++i) // three of four times the longer one by 2 is chosen: a temperature of 2 / ln 3
        lines += surveyed_file_line(std::to_string(i) + "a", 3, 1) + surveyed_file_line(std::to_string(i) + "b", 4, 2) +
                 surveyed_file_line(std::to_string(i) + "c", 5, 3) + surveyed_file_line(std::to_string(i) + "d", 1, 3);
    lines += R"({"id": "unknown", "prompt": "p", "responses": ["xxxxxxxxx", "y"]})"
             "\n";
    label_options options;
    const auto calibrated = [&](const std::string& part) {
        const auto by = detail::judge_calibration(surveyed_file_teacher(), options, {}, {f / part, "k", "t"},
                                                  surveyed_file_progress);
        return detail::label_calibration_of(by, {.temperature = 3, .calibrated = true}, options);
    };
    CHECK(calibrated("own").temperature == 3);
    CHECK(calibrated("own").calibrated);
    options.calibrate = f.write("by.jsonl", lines);
    for (options.seed = 0; options.seed < 3; ++options.seed) {
        const label_calibration by = calibrated("part" + std::to_string(options.seed));
        CHECK(by.probability(2) == doctest::Approx(0.75));
        CHECK(by.calibrated);
    }
    options.calibrate = f.write("none.jsonl", R"({"prompt": "p", "responses": ["x", "y"]})");
    CHECK(test::contains(test::error_of([&] { calibrated("none"); }), "none.jsonl: holds no labelled pair"));
    CHECK_THROWS_AS(calibrated("none"), input_error);
    options.calibrate = f.write("right.jsonl", lines.substr(0, lines.find('\n')));
    CHECK(test::contains(test::error_of([&] { calibrated("right"); }), "right.jsonl: no temperature fits"));
    CHECK_THROWS_AS(calibrated("right"), input_error);
}

TEST_CASE("a teacher that is certain of every pair is told so, not that it judges none") {
    const test::folder f;
    text_teacher teacher;
    teacher.judge = [](std::span<const shown_texts> block) {
        return judged_block{std::vector<judgement>(block.size(), {.verdict = preference::for_first()})};
    };
    label_options options;
    options.calibrate = f.write("by.jsonl", surveyed_file_line("a", 3, 1) + surveyed_file_line("b", 3, 1));
    for (const calibration_kind kind : {calibration_kind::isotonic, calibration_kind::temperature}) {
        options.calibration = kind;
        const auto by = detail::judge_calibration(teacher, options, {}, {f / "part", "k", "t"}, surveyed_file_progress);
        CHECK(test::contains(test::error_of([&] { detail::label_calibration_of(by, {}, options); }),
                             "judges 2 of its labelled pairs and is certain of each"));
    }
}

TEST_CASE("pairs that the teacher learned from calibrate it only where there are no others, and tell no noise") {
    const test::folder f;
    std::string lines;
    for (std::size_t i = 0; i < 8; ++i) lines += surveyed_file_line(std::to_string(i), i % 4 == 0 ? 1 : 5 + i % 3, 3);
    label_options options;
    options.calibrate = f.write("by.jsonl", lines + surveyed_file_line("known", 99, 1));
    const auto by =
        detail::judge_calibration(surveyed_file_teacher(), options, {}, {f / "part", "k", "t"}, surveyed_file_progress);
    learned_pairs learned;
    const std::string long_text(99, 'x');
    learned.add(std::vector<text_comparison>{{1, "p", "y", long_text}});
    const label_calibration some = detail::label_calibration_of(by, {}, options, learned);
    CHECK(some.learned_from == 1);
    CHECK_FALSE(some.by_learned);
    CHECK(some.pairs.size() == 8);
    learned.files.insert(hash_text(hash_file(options.calibrate).hash)); // an older folder knows the file alone
    const label_calibration all = detail::label_calibration_of(by, {}, options, learned);
    CHECK(all.learned_from == 9);
    CHECK(all.by_learned);
    CHECK(all.pairs.empty());
}
