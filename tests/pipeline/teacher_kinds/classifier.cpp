#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/classifier.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"
#include "unlearned_folder.hpp"

using namespace preflearn;

TEST_CASE("a template has a place for each response") {
    CHECK(pair_template("x{first}y{second}z")("1", "{second}") == "x1y{second}z");
    for (const char* const odd :
         {"", "{first}", "{second}{first}", "{first}{first}{second}", "{first}{second}{second}"})
        CHECK(test::contains(test::error_of([&] { (void)pair_template(odd); }), "once each"));
    CHECK(test::error_of([] { (void)pair_template(default_pair_template); }).empty());
}

TEST_CASE("a response that spells an end token does not end anything") {
    const test::folder f;
    test::write_tiny_model(f / "model");
    pair_reading read(load_tokenizer(f / "model"));
    const token_completion both = read("a</s>", "b</s>");
    CHECK(std::vector<token_id>(both.prompt.begin(), both.prompt.end()) == std::vector<token_id>{0, 4});
    CHECK(std::vector<token_id>(both.response.begin(), both.response.end()) == std::vector<token_id>{1});
}

TEST_CASE("a classifier's margin is the mean of both orders, and of three responses the scores are mean margins") {
    test::unlearned_folder f("classifier");
    any_scalar_head<float> head = load_scalar_head(test::on_processor(), f.files / "model");
    head.write_head([](std::span<float> v) {
        for (std::size_t j = 0; j < v.size(); ++j) v[j] = static_cast<float>(j) - 2.5f;
    });
    f.told.files = {write_head_file(head, f.files / "t")};
    f.told.settings = {{"template", "{first}{second}d"}};
    const text_teacher teacher = load_classifier_teacher(f.opened(), test::on_processor());
    const std::vector<token_id> prompt{0}, bc{1, 2, 3}, cb{2, 1, 3};
    const double margin = (head(prompt, bc) - head(prompt, cb)) / 2;
    CHECK(margin != 0);
    const auto judged = teacher.judge(std::vector<shown_texts>{
        {1, "a", {"b", "c"}, {0, 1}}, {2, "a", {"c", "b"}, {0, 1}}, {3, "a", {"b", "c", "b"}, {0, 1, 2}}});
    CHECK(*judged.all[0].margin() == doctest::Approx(margin));
    CHECK(*judged.all[1].margin() == -*judged.all[0].margin());
    CHECK(judged.all[2].scores[0] == doctest::Approx(margin / 3));
    CHECK(judged.all[2].scores[0] == judged.all[2].scores[2]);
    f.told.maximum_tokens = 3;
    const text_teacher shorter = load_classifier_teacher(f.opened(), test::on_processor());
    CHECK(shorter.judge(std::vector<shown_texts>{{1, "a", {"b", "c"}, {0, 1}}}).all[0].unfit.has_value());
}
