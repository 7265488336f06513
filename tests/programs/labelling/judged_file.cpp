#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/programs/labelling/judged_file.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

label_record judged_file_record(std::uint64_t id) {
    return {.id = id, .prompt = "p", .responses = {"first", "second " + std::to_string(id), "3"}};
}

/// What was asked of a teacher that scores by id and by place.
struct judged_file_teacher {
    std::vector<std::uint64_t> asked{};
    std::size_t next_id = 0;
    std::vector<std::size_t> told{};

    [[nodiscard]] static std::vector<double> scores_of(const shown_texts& shown) {
        std::vector<double> scores;
        for (const std::size_t place : shown.places) scores.push_back(static_cast<double>(10 * shown.id + place) / 3);
        return scores;
    }
    std::vector<judgement> judge(const std::filesystem::path& part, std::size_t begin, std::size_t end) {
        asked.clear();
        told.clear();
        next_id = 0;
        text_teacher teacher;
        teacher.judge = [this](std::span<const shown_texts> block) {
            judged_block judged;
            for (const shown_texts& shown : block) {
                asked.push_back(shown.id);
                judged.all.push_back({.scores = scores_of(shown)});
            }
            return judged;
        };
        return judge_file(
            teacher, [this] { return judged_file_record(next_id++); }, begin, end, 7, {part, "key", "title"},
            [this](std::string_view, std::size_t done, std::size_t, double, double) { told.push_back(done); });
    }
};

} // namespace

TEST_CASE("the order in which responses are shown is drawn by seed and id, and each text knows its place") {
    std::size_t swapped = 0, moved = 0;
    for (std::uint64_t id = 0; id < 400; ++id) {
        swapped += shown_order(1, id, 2)[0];
        moved += shown_order(1, id, 2) != shown_order(2, id, 2);
        const label_record record = judged_file_record(id);
        const shown_texts shown = shown_in_order(record, 1);
        std::vector<std::size_t> places = shown.places;
        for (std::size_t k = 0; k < 3; ++k) CHECK(shown.responses[k] == record.responses[shown.places[k]]);
        std::ranges::sort(places);
        CHECK(places == std::vector<std::size_t>{0, 1, 2});
    }
    CHECK(swapped > 150);
    CHECK(swapped < 250);
    CHECK(moved > 150);
}

TEST_CASE("a judgement is read as it was written, to the last bit") {
    const auto again = [](const judgement& said) {
        return detail::read_judgement(detail::judgement_line(said).dump());
    };
    const std::vector<double> scores{0.1 + 0.2, -1e-300, 1.0 / 3};
    CHECK(again({.scores = scores}).scores == scores);
    CHECK_FALSE(again({.scores = scores}).verdict.has_value());
    const preference tie = preference(0.1, 0.7), sure = preference(0.75).with_margin(1.0 / 3);
    CHECK(again({.verdict = tie}).verdict->tie() == tie.tie());
    CHECK(again({.verdict = tie}).verdict->first() == tie.first());
    CHECK_FALSE(again({.verdict = tie}).verdict->margin().has_value());
    CHECK(again({.verdict = sure}).margin() == 1.0 / 3);
    CHECK(again({.verdict = preference::abstention()}).verdict->abstained());
    const judgement unfit = again({.unfit = left_out_pair{.reason = left_out_reason::too_long, .message = "9 \"ä\""}});
    CHECK(unfit.unfit->reason == left_out_reason::too_long);
    CHECK(unfit.unfit->message == "9 \"ä\"");
}

TEST_CASE("what was judged is not judged again, and another's or a damaged file is refused") {
    const test::folder f;
    judged_file_teacher teacher;
    const auto whole = teacher.judge(f / "whole", 3, 23);
    CHECK(teacher.told == std::vector<std::size_t>{0, 16, 20});
    CHECK(teacher.asked.front() == 3);
    REQUIRE(whole.size() == 20);
    const std::string bytes = test::read(f / "whole");
    const std::size_t second = bytes.find('\n', bytes.find('\n') + 1) + 1; // behind the header and a judgement
    f.write("part", bytes.substr(0, second + 5));
    const auto rest = teacher.judge(f / "part", 3, 23);
    CHECK(teacher.asked.size() == 19);
    CHECK(teacher.asked.front() == 4);
    CHECK(test::read(f / "part") == bytes);
    for (std::size_t i = 0; i < rest.size(); ++i) CHECK(rest[i].scores == whole[i].scores);
    teacher.judge(f / "part", 3, 23);
    CHECK(teacher.asked.empty());
    const auto fault = [&](const std::string& content) {
        f.write("part", content);
        return test::error_of([&] { teacher.judge(f / "part", 3, 23); });
    };
    CHECK(test::contains(fault(bytes + R"({"s":[1,2,3]})" + "\n"), "has 21 lines for 20 records"));
    CHECK(test::contains(fault(bytes.substr(0, second) + "{\"s\":\n"), "line 3 was damaged"));
    const std::string others = "# preflearn judgements other\n{\"s\":[1,2]}\n";
    CHECK(test::contains(fault(others), "belongs to a run with other inputs"));
    CHECK(test::read(f / "part") == others);
}
