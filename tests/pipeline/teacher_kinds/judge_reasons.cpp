#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/judge_reasons.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

TEST_CASE("reasons drawn at once are those that each question draws alone, whatever its company") {
    const test::folder folder;
    test::write_reading_model(folder / "base");
    any_transformer<float> model = load_any_transformer(test::on_processor(), folder / "base", trained_tensors::none());
    const judge_encoder encoder(load_tokenizer(folder / "base"), model.config().end_tokens);
    const judge_template asked = parse_judge_template("{prompt}? A {first} B {second}. Why: {reason}e", "t");
    const judge_description how{.reason_tokens = 24, .temperature = 1, .seed = 5};
    const std::vector<std::string> words{"one", "two", "a longer one", "one"};
    std::vector<judge_question> questions;
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (std::size_t j = 0; j < words.size(); ++j) {
            const judge_texts texts{.prompt = "Hi", .first = words[i], .second = words[j]};
            questions.push_back({.record = i, .texts = texts, .tokens = encoder.question(asked, texts, true)});
        }
    }
    std::size_t computed = 0, alone_computed = 0, cut = 0;
    const std::vector<std::string> reasons = reasons_for(model, encoder, asked, how, questions, computed);
    REQUIRE(reasons.size() == questions.size());
    for (std::size_t q = 0; q < questions.size(); ++q) {
        const auto alone = reasons_for(model, encoder, asked, how, std::span(questions).subspan(q, 1), alone_computed);
        CHECK(alone.front() == reasons[q]);
        CHECK(reasons[q].find('e') == std::string::npos); // which leads to the answer
        cut += reasons[q].size() < 24;
    }
    CHECK(cut > 0);
    CHECK(computed == alone_computed);
    CHECK(reasons[0] == reasons[3]); // equal texts
    CHECK(reasons[0] != reasons[1]); // the other order is another question

    generator random(5, "judge's reason", hash_of("Hi? A one B two. Why: ")); // as it is documented
    const auto ids = model.sample(questions[1].tokens, {.temperature = 1, .max_tokens = 24}, random);
    const std::string whole = encoder.words().decode(ids, special_text::skip, text_position::continuation);
    CHECK(reasons[1] == whole.substr(0, whole.find('e')));
}

TEST_CASE("a reason ends before the text that leads to the answer, where the template has some") {
    const judge_template leads = parse_judge_template("{prompt}{response}{reason}\n\nRating:", "t"),
                         bare = parse_judge_template("{prompt}{response}{reason}", "t");
    CHECK(reason_alone("Good.\n\nRating: 7", leads) == "Good.\n\n");
    CHECK(reason_alone("Good.", leads) == "Good.");
    CHECK(reason_alone("Good.\n\nRating: 7", bare) == "Good.\n\nRating: 7");
}
