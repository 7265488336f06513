#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/features.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"
#include "unlearned_folder.hpp"

using namespace preflearn;

TEST_CASE("a head on features is read as it was written, linear or MLP, and scores each state for itself") {
    test::unlearned_folder f("features");
    const any_transformer<float> model = load_feature_model(test::on_processor(), f.files / "model");
    const std::vector<token_id> prompt{0, 1}, c{2, 4}, d{3, 4};
    const std::vector<token_completion> both{{prompt, c}, {prompt, d}};
    const std::vector<shown_texts> shown{{1, "ab", {"c", "d"}, {0, 1}}};
    feature_head linear{.weights = std::vector<double>(8)}, deep{.mlp = mlp_reward<double>({8, {3}}, 4)};
    for (std::size_t j = 0; j < 8; ++j) {
        linear.weights[j] = 0.25 * static_cast<double>(j) - 1;
        deep.mean.push_back(0.1 * static_cast<double>(j));
        deep.scale.push_back(1 + 0.1 * static_cast<double>(j));
    }
    for (const char* const pooling : {"last", "mean"}) {
        const std::vector<float> states = pooled_states(model, both, pooling_named(pooling));
        for (const feature_head* const head : {&linear, &deep}) {
            f.told.files = {write_feature_head(*head, f.files / "t")};
            f.told.settings = {{"head", head->mlp ? "mlp" : "linear"}, {"pooling", pooling}, {"hidden", {3}}};
            const text_teacher teacher = load_features_teacher(f.opened(), test::on_processor());
            const std::vector<double> scores = teacher.judge(shown).all[0].scores;
            CHECK(scores == head->rewards(states));
            CHECK(scores[1] == head->rewards(std::span(states).subspan(8))[0]);
            CHECK(scores[0] != scores[1]);
        }
    }
    f.told.settings["hidden"] = {4};
    CHECK(test::contains(test::error_of([&] { (void)load_features_teacher(f.opened(), test::on_processor()); }),
                         "shape [1, 40] was expected, found [1, 30]"));
    f.told.settings["hidden"] = "3";
    CHECK(test::contains(test::error_of([&] { (void)load_features_teacher(f.opened(), test::on_processor()); }),
                         "'hidden' is no list of widths"));
    f.told.settings = {{"pooling", "first"}};
    CHECK_FALSE(test::error_of([&] { (void)load_features_teacher(f.opened(), test::on_processor()); }).empty());
}
