#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/programs/teaching/teach_head.hpp>
#include <preflearn/training/loop/observer.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

struct head_files {
    test::folder folder;
    std::string told;
    any_loss<double> loss{bradley_terry{}};

    head_files() {
        test::write_tiny_model(folder / "model");
        folder.write("pairs.jsonl", test::tiny_pairs(24));
    }
    [[nodiscard]] teach_options options(const std::string& kind, const std::string& out) const {
        teach_options o{.kind = kind, .model = folder / "model", .data = folder / "pairs.jsonl", .out = folder / out};
        o.held_out_share = 0.25;
        o.learning.maximum_tokens = 256;
        o.learning.fine_tuning.epochs = 0;
        o.learning.training.epochs = 4;
        o.learning.optimiser.rate = 3e-2;
        o.learning.checkpoint_every = 1;
        return o;
    }
    taught run(const teach_options& given) {
        const chosen_chat_format chat;
        const speaker say = [&](const std::string& line) { told += line + "\n"; };
        check_head(given);
        unfinished_folder unfinished(given.out);
        const teaching at{.on = test::on_processor(),
                          .options = given,
                          .chat = chat,
                          .loss = loss,
                          .say = say,
                          .unfinished = unfinished.path()};
        teacher_description described = detail::described(at.on, given, chat, head_settings(given));
        taught made =
            given.kind == "head" ? teach_head(at, std::move(described)) : teach_classifier(at, std::move(described));
        unfinished.remove();
        return made;
    }
    [[nodiscard]] std::vector<judgement> judged(const std::string& out) const {
        const std::vector<shown_texts> shown{
            {1, "ab", {"aa", "dd"}, {0, 1}}, {2, "c", {"d", "a", "b"}, {0, 1, 2}}, {3, "ab", {"dd", "aa"}, {0, 1}}};
        return load_teacher(open_teacher(folder / out), test::on_processor()).judge(shown).all;
    }
};

void check_same(const std::vector<judgement>& a, const std::vector<judgement>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i].scores == b[i].scores);
}

} // namespace

TEST_CASE("a reward head learns by an adapter, the last layer, alone or with all, and its folder says which") {
    head_files f;
    for (const std::string how : {"adapter", "last:1", "head", "all"}) {
        CAPTURE(how);
        teach_options options = f.options("head", how);
        if (how == "adapter") options.learning.adapter = adapter_options{.rank = 2};
        if (how != "adapter") options.learning.trained = trained_tensors_named(how);
        const taught made = f.run(options);
        REQUIRE(made.held_out.has_value());
        CHECK(made.held_out->pairs == 6);
        const auto written = nlohmann::json::parse(test::read(f.folder / how / "teacher.json"));
        const bool whole = how == "last:1" || how == "all";
        CHECK(written["policy"]["from"] == (how == "adapter" ? "adapter" : whole ? "model" : "base"));
        CHECK(written.contains("files") == !whole);
        CHECK(written["end_token"] == true);
        const auto judged = f.judged(how);
        CHECK(judged[0].scores[0] > judged[0].scores[1]); // "aa" is of the kind that was chosen
        CHECK(judged[1].scores.size() == 3);
        if (how == "adapter") {
            options.whole_model = true;
            options.out = f.folder / "whole";
            f.run(options);
            CHECK(is_sequence_classifier(f.folder / "whole/policy"));
            CHECK(std::filesystem::exists(f.folder / "whole/policy/tokenizer.json"));
            CHECK(f.judged("whole")[0].margin() == doctest::Approx(*judged[0].margin()).epsilon(1e-4));
            options = f.options("head", "ready"); // what was written is a reward model of its own
            options.model = f.folder / "whole/policy";
            options.learning.training.epochs = 0;
            CHECK(f.run(options).held_out->pairs == 24);
            check_same(f.judged("ready"), f.judged("whole"));
        }
    }
}

TEST_CASE("a reward head that is stopped goes on to the same bits") {
    head_files f;
    teach_options options = f.options("head", "once");
    options.learning.adapter = adapter_options{.rank = 2};
    f.run(options);
    options.out = f.folder / "twice";
    options.learning.observe = [](std::string_view) {
        return training_observer([](const training_step& step) {
            if (step.step == 5) throw numeric_error("stopped");
        });
    };
    CHECK(test::error_of([&] { f.run(options); }) == "stopped");
    CHECK(std::filesystem::exists(f.folder / "twice.unfinished"));
    options.learning.observe = {};
    f.run(options);
    CHECK(test::read(f.folder / "once/head.safetensors") == test::read(f.folder / "twice/head.safetensors"));
    CHECK(test::read(f.folder / "once/policy/adapter_model.safetensors") ==
          test::read(f.folder / "twice/policy/adapter_model.safetensors"));
}

TEST_CASE("a classifier reads both orders, so that its margin turns round with them") {
    head_files f;
    f.loss = any_loss<double>(pair_classifier{});
    teach_options options = f.options("classifier", "t");
    const taught made = f.run(options);
    CHECK(made.description.settings["template"] == default_pair_template);
    const auto judged = f.judged("t");
    CHECK(*judged[0].margin() == -*judged[2].margin());
    CHECK(*judged[0].margin() != 0);
    CHECK(judged[1].scores.size() == 3);
    options.pair_template = "{first}{second}d";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "is there already"));
    options.out = f.folder / "other";
    CHECK(f.run(options).description.settings["template"] == "{first}{second}d");
    options.pair_template = "{second}{first}";
    CHECK(test::contains(test::error_of([&] { check_head(options); }), "{first} and then {second}, once each"));
}

TEST_CASE("margins of pairs are learned where they are asked for, and without any that is an error") {
    head_files f;
    teach_options options = f.options("head", "t");
    options.margins = true;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "has no margin"));
    options = f.options("head", "ready");
    options.learning.training.epochs = 0;
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "no head that scores texts"));
    options.learning.fine_tuning.epochs = 1;
    CHECK(test::contains(test::error_of([&] { check_head(options); }), "has no fine-tuning"));
}

TEST_CASE("a loss that reads lengths is refused for a head, with those that are not") {
    head_files f;
    teach_options options = f.options("head", "t");
    options.loss_name = "ipo";
    const std::string fault = test::error_of([&] { f.run(options); });
    CHECK(test::contains(fault, "the loss ipo reads how many tokens"));
    CHECK(test::contains(fault, "bradley_terry"));
}
