#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/likelihood.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

namespace {

struct likelihood_files {
    test::folder folder;
    opened_teacher opened{.folder = folder.path(), .base = folder / "base"};

    likelihood_files() {
        test::write_tiny_model(opened.base);
        opened.description.kind = "likelihood";
        opened.description.base.emplace();
        opened.description.policy.emplace();
    }
    [[nodiscard]] judged_block judge(const std::vector<shown_texts>& block) const {
        return load_likelihood_teacher(opened, test::on_processor()).judge(block);
    }
    [[nodiscard]] double log_prob(const std::vector<token_id>& prompt, const std::vector<token_id>& response) const {
        return load_any_transformer(test::on_processor(), opened.base, trained_tensors::none())
            .log_prob(prompt, response);
    }
};

const std::vector<shown_texts> likelihood_block{{.id = 1, .prompt = "ab", .responses = {"cda", "d"}},
                                                {.id = 2, .prompt = "", .responses = {"a", "b"}},
                                                {.id = 3, .prompt = "ab", .responses = {"d", "", "cda"}}};

} // namespace

TEST_CASE("a likelihood teacher scores by the model's log-probs, the same in any block") {
    likelihood_files f;
    const judged_block judged = f.judge(likelihood_block);
    REQUIRE(judged.all.size() == 3);
    const double longest = f.log_prob({0, 1}, {2, 3, 0}), shortest = f.log_prob({0, 1}, {3});
    REQUIRE(judged.all[0].scores.size() == 2);
    CHECK(judged.all[0].scores[0] == doctest::Approx(longest));
    CHECK(judged.all[0].scores[1] == doctest::Approx(shortest));
    CHECK(judged.all[1].unfit->reason == left_out_reason::empty_prompt);
    CHECK(judged.all[1].scores.empty());
    REQUIRE(judged.all[2].scores.size() == 3);
    CHECK(judged.all[2].scores[1] == 0); // of no token
    CHECK(judged.all[2].scores[2] == doctest::Approx(longest));
    CHECK(judged.tokens == (2 + 4) + (2 + 4));
    const judged_block alone = f.judge({likelihood_block[2]});
    CHECK(alone.all[0].scores[0] == doctest::Approx(judged.all[2].scores[0]));

    f.opened.description.end_token = true;
    const judged_block ended = f.judge(likelihood_block);
    CHECK(ended.all[0].scores[1] == doctest::Approx(f.log_prob({0, 1}, {3, 4})));
    CHECK(ended.all[2].scores[1] == doctest::Approx(f.log_prob({0, 1}, {4})));
}

TEST_CASE("per token it divides by their number; a response that has none cannot be judged") {
    likelihood_files f;
    f.opened.description.per_token = true;
    const judged_block judged = f.judge(likelihood_block);
    CHECK(judged.all[0].scores.at(0) == doctest::Approx(f.log_prob({0, 1}, {2, 3, 0}) / 3));
    CHECK(judged.all[0].scores.at(1) == doctest::Approx(f.log_prob({0, 1}, {3})));
    REQUIRE(judged.all[2].unfit.has_value());
    CHECK(judged.all[2].unfit->reason == left_out_reason::empty_response);
    CHECK(judged.all[2].scores.empty());
    f.opened.description.end_token = true; // which every response then has
    CHECK(f.judge(likelihood_block).all[2].scores.at(2) == doctest::Approx(f.log_prob({0, 1}, {2, 3, 0, 4}) / 4));
}

TEST_CASE("a likelihood teacher that keeps what it computed says the same of responses that go on, to the last bit") {
    likelihood_files f;
    f.opened.description.end_token = true;
    const text_teacher teacher = load_likelihood_teacher(f.opened, test::on_processor());
    const text_judging judge = teacher.judge_that_continues();
    std::vector<std::string> texts{"", "", ""};
    std::size_t computed = 0, anew = 0;
    for (const char* const more : {"ab", "cda", "", "dddabc", "aaaa", "bcd"}) {
        for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = texts[i == 1 ? 0 : i] + more + "abc"[i];
        const shown_texts open{
            .id = 1, .prompt = "abcdabcd", .responses = {texts.begin(), texts.end()}, .open = {true, true, true}};
        const shown_texts ended{.id = 2, .prompt = "abcdabcd", .responses = {texts[0], texts[2]}};
        const judged_block all = judge(std::vector{open, ended}), expected = teacher.judge(std::vector{open, ended});
        for (std::size_t i = 0; i < 2; ++i) CHECK(all.all[i].scores == expected.all[i].scores);
        computed += all.tokens;
        anew += expected.tokens;
    }
    CHECK(2 * computed < anew);
}
