#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/programs/evaluating/watched_teacher.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

text_teacher first_liker(std::vector<std::size_t>& blocks) {
    text_teacher teacher;
    teacher.judge = [&blocks](std::span<const shown_texts> block) {
        blocks.push_back(block.size());
        judged_block judged{.tokens = block.size()};
        for (const shown_texts& shown : block) {
            judgement& said = judged.all.emplace_back();
            for (std::size_t k = 0; k < shown.responses.size(); ++k) said.scores.push_back(-static_cast<double>(k));
        }
        return judged;
    };
    return teacher;
}

const work_progress told_nobody = [](std::string_view, std::size_t, std::size_t, double, double) {};

} // namespace

TEST_CASE("blocks have no id twice, few records and few responses; what is kept is not asked again") {
    const test::folder f;
    std::vector<std::size_t> blocks;
    const text_teacher teacher = first_liker(blocks);
    const judged_part part{f / "part", "key", "judging"};
    const auto shown = [](std::size_t i) {
        return shown_texts{.id = i % 20, .prompt = "p", .responses = {"a"}, .places = {0}};
    };
    {
        watched_teacher watched(teacher, part, told_nobody);
        CHECK(watched.way([] { return evaluator_way{.scores = true, .least = 1}; }).scores);
        const std::vector<judgement> all = watched.judge_all(22, shown);
        CHECK(all.size() == 22);
        CHECK(all[21].scores == std::vector<double>{0});
        CHECK(watched.tokens() == 22);
    }
    CHECK(blocks == std::vector<std::size_t>{16, 6}); // ids 16 to 19, 0 and 1
    {
        watched_teacher again(teacher, part, told_nobody);
        CHECK(again.way([] { return evaluator_way{.scores = false, .least = 2}; }).scores); // as it was kept
        CHECK(again.judge_all(44, [&](std::size_t i) { return shown(i < 22 ? i : 2 * i); }).size() == 44);
    }
    CHECK(blocks == std::vector<std::size_t>{16, 6, 10, 10, 2}); // every other id comes again after ten
    CHECK(test::contains(test::error_of([&] { watched_teacher(teacher, part, told_nobody).judge_all(5, shown); }),
                         "more judgements than are asked for"));
}

TEST_CASE("many responses make small blocks") {
    const test::folder f;
    std::vector<std::size_t> blocks;
    const text_teacher teacher = first_liker(blocks);
    const judged_part part{f / "part", "key", "judging"};
    watched_teacher watched(teacher, part, told_nobody);
    watched.way([] { return evaluator_way{}; });
    watched.judge_all(3, [](std::size_t i) {
        return shown_texts{.id = i, .prompt = "p", .responses = std::vector<std::string_view>(40, "a")};
    });
    CHECK(blocks == std::vector<std::size_t>{1, 1, 1});
}
