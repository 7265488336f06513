#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/programs/teaching/taught_repeats.hpp>
#include <preflearn/programs/teaching/teach.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

/// Pairs in two categories, and a tiny teacher of two seeds.
struct repeat_files {
    test::folder folder;

    repeat_files() {
        test::write_tiny_model(folder / "model");
        std::string lines;
        std::size_t number = 0;
        folder.write("plain.jsonl", test::tiny_pairs(24));
        for (nlohmann::json pair : test::json_lines(folder / "plain.jsonl")) {
            pair["about"]["kind"] = number++ % 2 == 0 ? "even" : "odd";
            lines += pair.dump() + "\n";
        }
        folder.write("pairs.jsonl", lines);
    }
    [[nodiscard]] teach_options options(const std::string& out) const {
        teach_options o{.model = folder / "model", .data = folder / "pairs.jsonl", .out = folder / out};
        o.held_out_share = 0.25;
        o.maximum_tokens = 32;
        o.adapter = adapter_options{.rank = 2};
        o.fine_tuning.epochs = 0;
        o.optimiser.rate = 0.1;
        o.checkpoint_every = 0;
        o.seeds = 2;
        o.category_field = "about.kind";
        return o;
    }
    static taught run(const teach_options& given) {
        return teach(test::on_processor(), given, any_loss<double>(dpo{}), [](const std::string&) {});
    }
};

} // namespace

TEST_CASE("teachers of several seeds are held against the same pairs, and their card says how far they agree") {
    repeat_files f;
    const taught made = f.run(f.options("T"));
    REQUIRE(made.consistency.has_value());
    CHECK(made.consistency->names == std::vector<std::string>{"seed 0", "seed 1"});
    CHECK(made.consistency->pairs == 6);
    CHECK(made.consistency->accuracy[0].value == made.held_out->accuracy.value);
    CHECK(made.consistency->agreement[0].value == 1);
    const auto card = nlohmann::json::parse(test::read(f.folder / "T/card.json"));
    CHECK(card["consistency"]["accuracy"].size() == 2);
    CHECK(card["by_category"].size() == 2);
    CHECK(test::contains(test::read(f.folder / "T/card.md"), "Consistency over seeds and repeats"));
    CHECK_FALSE(std::filesystem::exists(f.folder / "T.unfinished"));

    // the one that is kept is that of one seed
    teach_options alone = f.options("alone");
    alone.seeds = 1;
    f.run(alone);
    for (const char* const file : {"policy/adapter_model.safetensors", "left-out.jsonl"})
        CHECK(test::read(f.folder / "T" / file) == test::read(f.folder / "alone" / file));
    CHECK(f.run(f.options("T")).was_there);
    CHECK(test::contains(test::error_of([&] {
                             teach_options more = f.options("T");
                             more.seeds = 3;
                             f.run(more);
                         }),
                         "made in another way"));
}

TEST_CASE("stopped after a repeat, the same call goes on with it, to the same bytes") {
    repeat_files f;
    f.run(f.options("whole"));
    teach_options options = f.options("stopped");
    std::size_t trainings = 0;
    options.observe = [&](std::string_view) -> training_observer {
        if (++trainings == 2) throw std::runtime_error("killed");
        return {};
    };
    CHECK_THROWS_AS(f.run(options), std::runtime_error);
    CHECK(std::filesystem::exists(f.folder / "stopped.unfinished/repeats/seed-1/teacher.json"));
    trainings = 2; // the first is not trained again
    f.run(options);
    CHECK(trainings == 3);
    for (const char* const file : {"card.json", "teacher.json", "policy/adapter_model.safetensors"}) {
        std::string one = test::read(f.folder / "whole" / file), other = test::read(f.folder / "stopped" / file);
        if (const std::size_t at = one.find("\"whole\""); at != std::string::npos) one.replace(at, 7, "\"stopped\"");
        CHECK(one == other);
    }
}

TEST_CASE("seeds are refused where nothing is drawn, and where nothing is held out") {
    teach_options options{.kind = "longer", .data = "pairs.jsonl", .out = "T", .seeds = 2};
    CHECK(test::contains(test::error_of([&] { check_options(options); }), "nothing in it is drawn"));
    options.kind = "judge";
    CHECK_FALSE(depends_on_seed(options));
    options.judge = {.reason_tokens = 8, .temperature = 0.7};
    CHECK(depends_on_seed(options));
    options.kind = "features";
    CHECK_FALSE(depends_on_seed(options));
    options.features.head = "mlp";
    CHECK(depends_on_seed(options));
    options = {.kind = "likelihood", .model = "m", .data = "pairs.jsonl", .out = "T", .held_out_share = 0, .seeds = 2};
    CHECK(test::contains(test::error_of([&] { check_options(options); }), "none are held out"));
    const teach_options other = repeat_options(options, 1);
    CHECK(other.seed == 1);
    CHECK(other.split_by() == 0);
    CHECK(other.seeds == 1);
}

TEST_CASE("a column that no held-out pair has is refused") {
    repeat_files f;
    teach_options options = f.options("T");
    options.seeds = 1;
    options.category_field = "nowhere";
    CHECK(test::contains(test::error_of([&] { f.run(options); }), "nowhere"));
}
