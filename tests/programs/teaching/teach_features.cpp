#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/programs/teaching/teach_features.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

struct feature_files {
    test::folder folder;
    std::string told;
    any_loss<double> loss{bradley_terry{}};

    feature_files() {
        test::write_tiny_model(folder / "model");
        folder.write("pairs.jsonl", test::tiny_pairs(60));
    }
    [[nodiscard]] teach_options options(const std::string& out) const {
        teach_options o{
            .kind = "features", .model = folder / "model", .data = folder / "pairs.jsonl", .out = folder / out};
        o.loss_name = "bradley_terry";
        o.held_out_share = 0.3;
        o.learning.fine_tuning.epochs = 0;
        o.learning.training.epochs = 6;
        o.learning.optimiser.rate = 1e-2;
        return o;
    }
    taught run(const teach_options& given) {
        const chosen_chat_format chat;
        const speaker say = [&](const std::string& line) { told += line + "\n"; };
        check_features(given);
        unfinished_folder unfinished(given.out);
        const teaching at{.on = test::on_processor(),
                          .options = given,
                          .chat = chat,
                          .loss = loss,
                          .say = say,
                          .unfinished = unfinished.path()};
        taught made = teach_features(at, detail::described(at.on, given, chat, feature_settings(given)));
        unfinished.remove();
        return made;
    }
    [[nodiscard]] double margin(const std::string& out) const {
        const std::vector<shown_texts> shown{{1, "ab", {"aa", "dd"}, {0, 1}}};
        return *load_teacher(open_teacher(folder / out), test::on_processor()).judge(shown).all[0].margin();
    }
};

} // namespace

TEST_CASE("a linear head on hidden states is fitted with the penalty that is best on held-out pairs") {
    feature_files f;
    for (const std::string pooling : {"last", "mean"}) {
        teach_options options = f.options(pooling);
        options.features.pooling = pooling;
        options.features.cache = f.folder / "states";
        const taught made = f.run(options);
        CHECK(made.held_out->accuracy.value > 0.6);
        CHECK(made.preferences.steps.size() == detail::tried_penalties.size());
        double least = made.preferences.steps[0].eval_loss;
        for (const training_step& step : made.preferences.steps) least = std::min(least, step.eval_loss);
        const std::size_t chosen =
            detail::tried_penalties.size() - 1 -
            static_cast<std::size_t>(
                std::ranges::find(detail::tried_penalties, made.description.training["l2"].get<double>()) -
                detail::tried_penalties.begin());
        CHECK(made.preferences.steps[chosen].eval_loss == least);
        CHECK(made.held_out->loss_before ==
              doctest::Approx(least).epsilon(1e-6)); // what was written is what was fitted
        CHECK(f.margin(pooling) > 0);
        const auto written = nlohmann::json::parse(test::read(f.folder / pooling / "teacher.json"));
        CHECK(written["settings"]["pooling"] == pooling);
        CHECK(written["evaluation"]["chosen_on_these"] == true);
        CHECK(written["files"][0]["path"] == "features.safetensors");
    }
    CHECK(f.margin("last") != f.margin("mean"));
}

TEST_CASE("hidden states are computed once: another split and another head find them, and the bits are the same") {
    feature_files f;
    teach_options options = f.options("a");
    options.features.cache = f.folder / "states";
    f.run(options);
    const auto count = [&] {
        std::size_t files = 0;
        for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(f.folder / "states")) ++files;
        return files;
    };
    const std::size_t before = count();
    options.out = f.folder / "b";
    options.features.l2 = 0.1;
    CHECK(f.run(options).preferences.steps.empty()); // nothing was chosen
    CHECK(count() == before);
    options.out = f.folder / "c";
    options.features.cache.clear();
    f.run(options);
    CHECK(test::read(f.folder / "b/features.safetensors") == test::read(f.folder / "c/features.safetensors"));
}

TEST_CASE("an MLP on hidden states is trained, kept at its best, and read as it was written") {
    feature_files f;
    teach_options options = f.options("mlp");
    options.features.head = "mlp";
    options.features.hidden = {5, 3};
    options.features.l2 = 0.01;
    const taught made = f.run(options);
    double least = made.preferences.steps.back().eval_loss;
    for (const training_step& step : made.preferences.steps)
        if (step.eval_loss < least) least = step.eval_loss;
    CHECK(made.held_out->loss_before == doctest::Approx(least).epsilon(1e-6));
    CHECK(std::isfinite(f.margin("mlp")));
    const auto written = nlohmann::json::parse(test::read(f.folder / "mlp/teacher.json"));
    CHECK(written["settings"]["hidden"] == std::vector<int>{5, 3});
    CHECK(written["training"]["l2"] == 0.01);
}

TEST_CASE("options that are none of this kind's are refused") {
    feature_files f;
    const auto fault = [&](auto change) {
        teach_options options = f.options("t");
        change(options);
        return test::error_of([&] { check_features(options); });
    };
    CHECK(fault([](teach_options&) {}).empty());
    CHECK(test::contains(fault([](teach_options& o) { o.features.head = "deep"; }), "linear or mlp, not "));
    CHECK(test::contains(fault([](teach_options& o) { o.features.pooling = "first"; }), "as last or mean"));
    CHECK(test::contains(fault([](teach_options& o) { o.features.l2 = 0; }), "a positive number"));
    CHECK(test::contains(fault([](teach_options& o) { o.features.hidden = {}; }), "at least one unit"));
    CHECK(test::contains(fault([](teach_options& o) { o.loss_name = "sigmoid"; }), "fitted by bradley_terry"));
    CHECK(test::contains(fault([](teach_options& o) { o.learning.adapter = adapter_options{}; }), "does not learn"));
}
