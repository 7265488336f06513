#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/programs/evaluating/evaluator.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Two students on three prompts; what a teacher is shown is noted.
struct evaluator_case {
    test::folder folder;
    evaluated_students students;
    evaluate_options options{};
    std::vector<std::array<std::size_t, 2>> pairs{{1, 0}};
    teacher_description told{};
    std::size_t asked = 0, blocks_until_stop = 1000;

    evaluator_case() {
        const auto sft = folder.write("sft", "{\"prompt\": \"p\", \"response\": \"bb\"}\n"
                                             "{\"prompt\": \"q\", \"response\": \"a\"}\n"
                                             "{\"prompt\": \"r\", \"response\": \"c\"}\n");
        const auto weak = folder.write("weak", "{\"prompt\": \"p\", \"response\": \"a\"}\n"
                                               "{\"prompt\": \"q\", \"response\": \"ccc\"}\n"
                                               "{\"prompt\": \"r\", \"response\": \"c\"}\n");
        students = read_students(std::vector<response_source>{{"sft", sft}, {"weak", weak}});
    }
    evaluator_verdicts judged(const std::function<judgement(const shown_texts&)>& judge, const std::string& part) {
        text_teacher teacher;
        teacher.judge = [&, judge](std::span<const shown_texts> block) {
            if (blocks_until_stop-- == 0) throw std::runtime_error("killed");
            judged_block all;
            for (const shown_texts& shown : block) {
                ++asked;
                all.all.push_back(judge(shown));
            }
            all.tokens = 10 * block.size();
            return all;
        };
        const opened_teacher opened{.description = told, .name = "judge:1"};
        return judge_students(opened, teacher, "gold", students, pairs, options, {folder / part, "key", "judging"},
                              [](std::string_view, std::size_t, std::size_t, double, double) {});
    }
};

judgement longer_scores(const shown_texts& shown) {
    judgement said;
    for (const std::string_view response : shown.responses) said.scores.push_back(static_cast<double>(response.size()));
    return said;
}

/// Compares two; the one shown first has half a letter more.
judgement biased_verdict(const shown_texts& shown) {
    if (shown.responses.size() != 2) throw argument_error("two are compared");
    const auto size = [&](std::size_t k) { return static_cast<double>(shown.responses[k].size()); };
    return {.verdict = preference::from_margin(size(0) - size(1) + 1.5)};
}

} // namespace

TEST_CASE("a scoring evaluator gives each response its reward, equal texts the same") {
    evaluator_case c;
    const evaluator_verdicts said = c.judged(longer_scores, "part");
    CHECK(said.way.scores);
    CHECK(said.way.least == 1);
    using rewards = std::vector<std::vector<double>>;
    CHECK(said.rewards[0] == rewards{{2}, {1}});
    CHECK(said.rewards[1] == rewards{{1}, {3}});
    CHECK(said.rewards[2] == rewards{{1}, {1}});
    CHECK(said.judgements == 3);
    CHECK(c.asked == 4); // one more to learn that it scores
    c.judged(longer_scores, "part");
    CHECK(c.asked == 4); // all kept
}

TEST_CASE("one that says of two who wins compares, but a mean of members scores where three are shown") {
    evaluator_case c;
    const auto both = [](const shown_texts& shown) {
        return shown.responses.size() < 3 ? judgement{.verdict = preference(0.75)} : longer_scores(shown);
    };
    CHECK_FALSE(c.judged(both, "part").way.scores);
    c.told.kind = "ensemble";
    const evaluator_verdicts said = c.judged(both, "other");
    CHECK(said.way.least == 3);
    CHECK(said.rewards[1] == std::vector<std::vector<double>>{{1}, {3}});
    c.told.combination = "vote";
    CHECK_FALSE(c.judged(both, "votes").way.scores);
}

TEST_CASE("one that compares is asked in both orders, and an equal text is a tie that nobody is asked about") {
    evaluator_case c;
    const evaluator_verdicts said = c.judged(biased_verdict, "part");
    CHECK_FALSE(said.way.scores);
    CHECK(said.judgements == 4);
    const both_orders& p = *said.verdicts[0][0]; // weak "a" against sft "bb"
    CHECK(p.shown.margin() == 0.5);
    CHECK(p.swapped.margin() == 2.5);
    const both_orders& q = *said.verdicts[1][0];
    CHECK(q.shown.margin() == 3.5);
    CHECK(q.swapped.margin() == -0.5);
    CHECK_FALSE(said.verdicts[2][0]->asked);
    c.pairs = {{0, 1}};
    const evaluator_verdicts mirrored = c.judged(biased_verdict, "other");
    CHECK(mirrored.verdicts[0][0]->shown == p.swapped);
    CHECK(mirrored.verdicts[0][0]->swapped == p.shown);
}

TEST_CASE("a judge that asks in both orders itself is asked once, and its own answers are kept by order") {
    evaluator_case c;
    const auto position_lover = [](const shown_texts& shown) {
        const auto size = [&](std::size_t k) { return static_cast<double>(shown.responses[k].size()); };
        const double longer = (size(0) - size(1)) / 10; // a little; the first one shown is liked much more
        judgement said{.verdict = preference::from_margin(longer)};
        said.orders = {sigmoid(longer + 2), sigmoid(longer - 2)};
        return said;
    };
    const evaluator_verdicts said = c.judged(position_lover, "part");
    CHECK(said.way.asks_both_orders);
    CHECK(said.judgements == 2);
    const both_orders& p = *said.verdicts[0][0]; // weak "a" against sft "bb"
    CHECK(p.shown.margin() == -0.1);
    CHECK(p.swapped.margin() == 0.1);
    CHECK(p.by_order()[0].first() == doctest::Approx(sigmoid(-0.1 + 2)));
    CHECK(p.by_order()[1].first() == doctest::Approx(sigmoid(0.1 + 2)));
    swap_counts counts;
    for (std::size_t prompt = 0; prompt < 2; ++prompt) {
        const auto by_order = said.verdicts[prompt][0]->by_order();
        counts.add(by_order[0], by_order[1]);
    }
    CHECK(counts.both_first == 2);
    CHECK_FALSE(said.verdicts[2][0]->asked);
    const std::size_t asked = c.asked;
    const evaluator_verdicts again = c.judged(position_lover, "part"); // from what was kept
    CHECK(c.asked == asked);
    CHECK(again.verdicts[0][0]->by_order()[1] == p.by_order()[1]);
}

TEST_CASE("what cannot be judged is left out by reason, or refused where strict") {
    evaluator_case c;
    const auto short_ones = [](const shown_texts& shown) -> judgement {
        if (shown.prompt == "q")
            return {.unfit = left_out_pair{.reason = left_out_reason::too_long, .message = "3 tokens"}};
        return longer_scores(shown);
    };
    const evaluator_verdicts said = c.judged(short_ones, "part");
    CHECK(said.rewards[1].empty());
    CHECK_FALSE(said.judges(1));
    CHECK(said.left_out.at("too_long").first == 1);
    CHECK(said.left_out.at("too_long").second == "prompt line 2: 3 tokens");
    c.options.strict = true;
    CHECK(test::contains(test::error_of([&] { c.judged(short_ones, "strict"); }), "which strict refuses"));
    c.options.strict = false;
    const auto none = [](const shown_texts&) -> judgement { return {.unfit = left_out_pair{.message = "no"}}; };
    CHECK(c.judged(none, "none").left_out.at("malformed").first == 3);
}

TEST_CASE("stopped after any block it goes on to the same, behind half a line and under its own key alone") {
    evaluator_case whole, c;
    const evaluator_verdicts expected = whole.judged(biased_verdict, "part");
    for (std::size_t stops = 0;; ++stops) {
        REQUIRE(stops < 20);
        c.blocks_until_stop = stops;
        try {
            const evaluator_verdicts said = c.judged(biased_verdict, "part");
            for (std::size_t p = 0; p < 3; ++p) CHECK(said.verdicts[p][0]->shown == expected.verdicts[p][0]->shown);
            break;
        } catch (const std::runtime_error& failure) {
            REQUIRE(failure.what() == std::string("killed"));
            std::ofstream(c.folder / "part", std::ios::app) << "{\"s\": [1";
        }
    }
    c.folder.write("damaged", "# preflearn evaluation key\n{\"scores\":false,\"least\":2}\nx\n");
    CHECK(test::contains(test::error_of([&] { c.judged(biased_verdict, "damaged"); }), "line 3 was damaged"));
    c.folder.write("other", "# preflearn evaluation of another\n");
    CHECK(test::contains(test::error_of([&] { c.judged(biased_verdict, "other"); }), "belongs to a run with other"));
}
