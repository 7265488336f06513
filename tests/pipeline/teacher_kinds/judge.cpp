#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/judge.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

namespace {

/// A judge's folder over a model that reads every character.
struct judge_files {
    test::folder folder;
    opened_teacher opened{.folder = folder.path(), .base = folder / "base"};
    judge_description how{};

    explicit judge_files(const std::string& text) {
        test::write_reading_model(opened.base);
        folder.write(judge_template_name, text);
        opened.description.kind = "judge";
        opened.description.base.emplace();
        opened.description.policy.emplace();
        opened.description.files = {{judge_template_name, ""}};
    }
    [[nodiscard]] judged_block judge(const std::vector<shown_texts>& block) {
        opened.description.settings = to_json(how);
        return load_judge_teacher(opened, test::on_processor()).judge(block);
    }
    /// Of an answer behind a question, by the model itself.
    [[nodiscard]] double log_prob(const std::string& question, const std::string& answer) const {
        const tokenizer words = load_tokenizer(opened.base);
        return load_any_transformer(test::on_processor(), opened.base, trained_tensors::none())
            .log_prob(words.encode(question, special_tokens::plain), words.encode(answer, special_tokens::plain));
    }
};

const std::vector<shown_texts> judge_block{{.id = 1, .prompt = "Hi", .responses = {"one", "two"}},
                                           {.id = 2, .prompt = "Hi", .responses = {"two", "one"}},
                                           {.id = 3, .prompt = "Hi", .responses = {"one", "two", "3"}},
                                           {.id = 4, .prompt = std::string_view(), .responses = {"x", "x"}}};

} // namespace

TEST_CASE("a judge that compares says the mean of both orders, the same whichever is shown first") {
    judge_files f("{prompt}? A {first} B {second}:");
    const judged_block judged = f.judge(judge_block);
    const auto order = [&](const std::string& question) {
        return f.log_prob(question, " A") - f.log_prob(question, " B");
    };
    const double one = order("Hi? A one B two:"), other = order("Hi? A two B one:");
    const double p = (sigmoid(one) + sigmoid(-other)) / 2;
    CHECK(judged.all[0].verdict->first() == doctest::Approx(p));
    CHECK(*judged.all[0].margin() == doctest::Approx(std::log(p / (1 - p))));
    CHECK((*judged.all[0].orders)[0] == doctest::Approx(sigmoid(one)));
    CHECK((*judged.all[0].orders)[1] == doctest::Approx(sigmoid(-other)));
    CHECK(*judged.all[1].margin() == -*judged.all[0].margin()); // to the last bit
    REQUIRE(judged.all[2].scores.size() == 3);
    CHECK(judged.all[2].scores[0] + judged.all[2].scores[1] + judged.all[2].scores[2] == doctest::Approx(0));
    CHECK_FALSE(judged.all[2].orders.has_value());
    CHECK(*judged.all[3].margin() == 0);
    CHECK(*f.judge({judge_block[1]}).all[0].margin() == *judged.all[1].margin()); // in any block
    CHECK(judged.tokens > 0);
}

TEST_CASE("a judge that rates says the expected score, the ten apart from the one that it begins with") {
    judge_files f("{prompt}? {response}\n");
    const judged_block judged = f.judge(judge_block);
    double sum = 0, total = 0;
    for (int score = 1; score <= 10; ++score) {
        double weight = std::exp(f.log_prob("Hi? one\n", std::to_string(score)));
        if (score == 1) weight -= std::exp(f.log_prob("Hi? one\n", "10"));
        sum += score * weight;
        total += weight;
    }
    REQUIRE(judged.all[0].scores.size() == 2);
    CHECK(judged.all[0].scores[0] == doctest::Approx(sum / total));
    CHECK(judged.all[1].scores[1] == judged.all[0].scores[0]);
    CHECK(judged.all[2].scores.size() == 3);
    const std::vector<double> sure{-50, -60, -60, -60, -60, -60, -60, -60, -60, -50};
    CHECK(expected_score(sure, true) == doctest::Approx(10).epsilon(1e-3)); // every 1 goes on to 10
    CHECK(expected_score(sure, false) == doctest::Approx(5.5).epsilon(1e-3));
}

TEST_CASE("a reason comes first where the template has a place for it: the same for the same seed, in any block") {
    judge_files f("{prompt}? A {first} B {second}. Why: {reason} So:");
    f.how.reason_tokens = 5;
    f.how.temperature = 1;
    const judged_block judged = f.judge(judge_block);
    CHECK(*judged.all[1].margin() == -*judged.all[0].margin());
    CHECK(*f.judge({judge_block[1]}).all[0].margin() == *judged.all[1].margin());
    f.how.seed = 1;
    CHECK(*f.judge({judge_block[1]}).all[0].margin() != *judged.all[1].margin());
    f.how.reason_tokens = 0;
    CHECK(test::contains(test::error_of([&] { (void)f.judge(judge_block); }), "has {reason}, and no tokens are left"));
    judge_files plain("{prompt}{first}{second}");
    plain.how.reason_tokens = 3;
    CHECK(test::contains(test::error_of([&] { (void)plain.judge(judge_block); }), "the template has no {reason}"));
}

TEST_CASE("what is too long for the judge is left out and says so; the chat format wraps the question") {
    judge_files f("{prompt}? A {first} B {second}:");
    const std::string text(600, 'x');
    const judged_block judged =
        f.judge({judge_block[0], {.id = 9, .prompt = text, .responses = {"a", "b"}}, judge_block[1]});
    CHECK(judged.all[1].unfit->reason == left_out_reason::longer_than_model);
    CHECK(*judged.all[2].margin() == -*judged.all[0].margin());
    f.how.chat_format = f.how.chat_layout = "chatml";
    const double one = f.log_prob("<|im_start|>user\nHi? A one B two:<|im_end|>\n<|im_start|>assistant\n", "A") -
                       f.log_prob("<|im_start|>user\nHi? A one B two:<|im_end|>\n<|im_start|>assistant\n", "B");
    CHECK((*f.judge({judge_block[0]}).all[0].orders)[0] == doctest::Approx(sigmoid(one)));
    CHECK(wrapped_template("a{{reason}}b{reason}c", named_chat("chatml").render) ==
          "<|im_start|>user\na{{reason}}b<|im_end|>\n<|im_start|>assistant\n{reason}c");
}
