#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/programs/generating/judged_responses.hpp>

using namespace preflearn;

namespace {

const nlohmann::json asked_text = "p";
const nlohmann::json asked_turns = nlohmann::json::parse(R"([{"role":"user","content":"p"}])");

/// Scores by length; cannot judge what begins with x, nor anything beside it.
judged_block scored_by_length(std::span<const shown_texts> block) {
    judged_block judged;
    for (const shown_texts& shown : block) {
        judgement& said = judged.all.emplace_back();
        judged.tokens += shown.responses.size();
        for (const std::string_view text : shown.responses) {
            if (text.starts_with('x')) said.unfit = left_out_pair{.reason = left_out_reason::too_long};
            said.scores.push_back(static_cast<double>(text.size()));
        }
        if (said.unfit) said.scores.clear();
    }
    return judged;
}
/// Says of two how likely the longer one is better, and nothing of more.
judged_block compared_by_length(std::span<const shown_texts> block) {
    judged_block judged;
    for (const shown_texts& shown : block) {
        judgement& said = judged.all.emplace_back();
        if (shown.responses.size() != 2) continue;
        const auto more = double(shown.responses[0].size()) - double(shown.responses[1].size());
        said.verdict = preference(1 / (1 + std::exp(-more)));
    }
    return judged;
}

} // namespace

TEST_CASE("a teacher's scores are those of the responses, also of one and of two") {
    response_judge judge({.judge = scored_by_length}, {}, 1);
    const std::vector<candidate_responses> sets{{.prompt = &asked_text, .texts = {"aa", "a", "aaaa", ""}},
                                                {.prompt = &asked_text, .texts = {"aaa"}},
                                                {.prompt = &asked_text, .texts = {"aaa", "a"}}};
    const auto scores = judge(sets);
    CHECK(scores[0].of == std::vector<std::optional<double>>{2, 1, 4, 0});
    CHECK(scores[1].of == std::vector<std::optional<double>>{3});
    CHECK(scores[2].of == std::vector<std::optional<double>>{3, 1});
    CHECK(judge.tokens() == 4 + 3 + 3);
    CHECK(best_first(scores[0].of) == std::vector<std::size_t>{2, 0, 1, 3});
}

TEST_CASE("a response that cannot be judged takes no other's score away") {
    response_judge judge({.judge = scored_by_length}, {}, 1);
    const std::vector<candidate_responses> sets{{.prompt = &asked_text, .texts = {"xaa", "a", "bb"}},
                                                {.prompt = &asked_text, .texts = {"x", "xx"}}};
    const auto scores = judge(sets);
    CHECK(scores[0].of == std::vector<std::optional<double>>{std::nullopt, 1, 2});
    CHECK(best_first(scores[0].of) == std::vector<std::size_t>{2, 1, 0});
    CHECK(scores[1].of.empty());
    REQUIRE(scores[1].unfit);
    CHECK(scores[1].unfit->reason == left_out_reason::too_long);
}

TEST_CASE("of a teacher that compares two, the score is how likely a response wins against each other one") {
    response_judge judge({.judge = compared_by_length}, {}, 1);
    const std::vector<candidate_responses> sets{{.prompt = &asked_text, .texts = {"aa", "a", "aaaa", "aa"}},
                                                {.prompt = &asked_text, .texts = {"a"}}};
    const auto scores = judge(sets);
    const auto wins = [](double more) { return 1 / (1 + std::exp(-more)); };
    REQUIRE(scores[0].of.size() == 4);
    CHECK(*scores[0].of[0] == doctest::Approx((wins(1) + wins(-2) + 0.5) / 3));
    CHECK(*scores[0].of[1] == doctest::Approx((wins(-1) + wins(-3) + wins(-1)) / 3));
    CHECK(*scores[0].of[2] == doctest::Approx((wins(2) + wins(3) + wins(2)) / 3));
    CHECK(*scores[0].of[0] == *scores[0].of[3]);
    CHECK(scores[1].of.empty()); // one alone is not compared
    CHECK(scores[1].unfit.has_value());
}

TEST_CASE("a teacher reads conversations in its own format, and a beginning without the end of its turn") {
    std::vector<std::string> read;
    std::vector<bool> open;
    const auto remembering = [&](std::span<const shown_texts> block) {
        read.assign(block[0].responses.begin(), block[0].responses.end());
        read.emplace_back(block[0].prompt);
        open = block[0].open;
        return scored_by_length(block);
    };
    response_judge judge({.judge = remembering}, named_chat("chatml"), 1);
    const std::vector<candidate_responses> sets{
        {.prompt = &asked_turns, .texts = {"so", "so", "x"}, .open = {true, false, false}}};
    (void)judge(sets).size();
    CHECK(read.at(3) == "<|im_start|>user\np<|im_end|>\n<|im_start|>assistant\n");
    CHECK(open == std::vector<bool>{true, true, true}); // beside x nothing is judged, so each alone
    response_judge whole({.judge = remembering}, named_chat("chatml"), 1);
    const std::vector<candidate_responses> fit{
        {.prompt = &asked_turns, .texts = {"so", "so", "a"}, .open = {true, false, false}}};
    (void)whole(fit).size();
    CHECK(read.at(0) == "so");
    CHECK(read.at(1) == "so<|im_end|>\n");
    CHECK(open == std::vector<bool>{true, false, false});
    const std::vector<candidate_responses> plain{{.prompt = &asked_text, .texts = {"so", "b", "a"}}};
    (void)whole(plain).size();
    CHECK(read == std::vector<std::string>{"so", "b", "a", "p"}); // texts are read as they are
}

TEST_CASE(
    "a judge that continues asks one teacher for all calls; of a kind that keeps nothing it is the judge itself") {
    std::size_t made = 0, calls = 0;
    text_teacher teacher{.judge = scored_by_length};
    CHECK(response_judge(teacher, {}, 1)
              .that_continues()(std::vector<candidate_responses>{{.prompt = &asked_text, .texts = {"aa", "a"}}})[0]
              .of == std::vector<std::optional<double>>{2, 1});
    teacher.continued = [&] {
        ++made;
        return [&](std::span<const shown_texts> block) {
            ++calls;
            return scored_by_length(block);
        };
    };
    const response_judge plain(teacher, {}, 1);
    response_judge judge = plain.that_continues();
    for (const char* const text : {"a", "ab", "abc"})
        CHECK(judge(std::vector<candidate_responses>{{.prompt = &asked_text, .texts = {text, "d", text}}}).size() == 1);
    CHECK(made == 1);
    CHECK(calls == 3);
    CHECK(judge.tokens() == 9);
    CHECK(plain.tokens() == 0);
}
