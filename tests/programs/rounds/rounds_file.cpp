#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/programs/rounds/rounds_file.hpp>

#include "../../pipeline/tiny_models.hpp"
#include "../aligning/tiny_losses.hpp"

using namespace preflearn;

namespace {

struct rounds_files {
    test::folder folder;
    std::string told;

    rounds_files() {
        test::write_tiny_model(folder / "student", true, 5);
        test::write_tiny_model(folder / "before", true, 6);
        folder.write("pairs.jsonl", test::tiny_pairs(16));
        folder.write("held.jsonl", test::tiny_pairs(10, 2));
    }
    [[nodiscard]] rounds_options options(const std::string& out = "out") const {
        rounds_options o{.model = folder / "student",
                         .reference = folder / "before",
                         .data = folder / "pairs.jsonl",
                         .out = folder / out,
                         .rounds = 2,
                         .held_out = folder / "held.jsonl",
                         .patience = 0,
                         .longest = 0};
        o.generating.sampling.max_tokens = 6;
        o.aligning.learning.maximum_tokens = 48;
        o.aligning.held_out_share = 0;
        o.aligning.learning.optimiser.rate = 1e-2;
        o.aligning.learning.checkpoint_every = 1;
        return o;
    }
    rounds_made run(const rounds_options& given, const work_progress& seen = {}) {
        return rounds_file(
            test::on_processor(), given, test::tiny_loss, [&](const std::string& line) { told += line + "\n"; }, seen);
    }
    /// What is learned in the rounds.
    [[nodiscard]] std::string learned(const std::string& out) const {
        std::string all = test::read(folder / out / "rounds.kept");
        for (const char* const name :
             {"round-1/responses.jsonl", "round-1/labels.jsonl", "round-1/student/model.safetensors",
              "round-2/student/model.safetensors", "round-2/answers.jsonl", "round-2/held-out.jsonl"})
            all += test::read(folder / out / name);
        return all.substr(all.find('\n')); // behind the key, which knows where nothing lies
    }
};

} // namespace

TEST_CASE("a student that labels for itself goes from round to round; stopped anywhere it comes to the same bits") {
    rounds_files f;
    const rounds_made whole = f.run(f.options());
    REQUIRE(whole.rounds.size() == 3);
    CHECK(whole.rounds[0].accuracy.has_value());
    CHECK(whole.rounds[1].labels > 0);
    CHECK(whole.rounds[2].tokens > 0);
    CHECK(whole.stopped.empty());
    CHECK(f.run(f.options()).was_there);
    CHECK(test::read(f.folder / "out/round-1/student/model.safetensors") !=
          test::read(f.folder / "out/round-2/student/model.safetensors"));
    const auto named = nlohmann::json::parse(test::read(f.folder / "out/rounds.json"));
    CHECK(named["rounds"].size() == 3);
    CHECK(named["rounds"][1]["held_out_accuracy"] == *whole.rounds[1].accuracy);

    const std::string kept = f.learned("out");
    std::filesystem::rename(f.folder / "out", f.folder / "whole"); // a reward's folder knows where its student is
    std::size_t stops = 0, steps = 0;
    for (bool done = false; !done; ++stops) {
        std::size_t until = ++steps;
        try {
            f.run(f.options(), [&](std::string_view, std::size_t, std::size_t, double, double) {
                if (until-- == 0) throw std::runtime_error("stopped");
            });
            done = true;
        } catch (const std::runtime_error&) {
        }
        REQUIRE(stops < 40);
    }
    CHECK(stops > 3);
    CHECK((f.learned("out") == kept));

    rounds_options more = f.options();
    more.rounds = 3; // goes on
    CHECK(f.run(more).rounds.size() == 4);
    CHECK(test::contains(test::error_of([&] { f.run(f.options()); }), "holds 3 rounds already"));
    more.beta = 0.2;
    CHECK(test::contains(test::error_of([&] { f.run(more); }), "belongs to a run with other inputs"));
}

TEST_CASE("rounds are not written into a folder of other things") {
    rounds_files f;
    std::filesystem::create_directory(f.folder / "out");
    f.folder.write("out/thesis.txt", "ten years");
    CHECK(test::contains(test::error_of([&] { f.run(f.options()); }), "holds no rounds"));
    CHECK(std::filesystem::exists(f.folder / "out/thesis.txt"));
    CHECK_FALSE(std::filesystem::exists(f.folder / "out/rounds.kept"));
}

TEST_CASE("a teacher labels n responses, a gold reward judges answers, pairs are replayed, prompts are fresh") {
    rounds_files f;
    write_implicit_reward(f.folder / "before", f.folder / "student", {}, f.folder / "teacher");
    rounds_options options = f.options();
    options.teacher = options.gold = f.folder / "teacher";
    options.reference.clear();
    options.held_out.clear();
    options.test = f.folder / "held.jsonl";
    options.replay = f.folder / "pairs.jsonl";
    options.replay_share = 0.5;
    options.fresh_prompts = options.first_reference = true;
    options.generating.count = 3;
    const rounds_made made = f.run(options);
    for (const round_result& round : made.rounds) {
        CHECK(round.gold.has_value());
        CHECK_FALSE(round.accuracy.has_value());
    }
    CHECK(made.rounds[1].replayed == made.rounds[1].labels);
    CHECK(made.rounds[0].gold == doctest::Approx(*made.rounds[0].gold));
    const auto first = test::json_lines(f.folder / "out/round-1/responses.jsonl"),
               second = test::json_lines(f.folder / "out/round-2/responses.jsonl");
    CHECK(first.front()["responses"].size() == 3);
    for (const auto& a : first)
        for (const auto& b : second) CHECK(a["prompt"] != b["prompt"]);
    options.out = f.folder / "never";
    options.generating.count = 1;
    CHECK_THROWS_AS(f.run(options), argument_error);
}
