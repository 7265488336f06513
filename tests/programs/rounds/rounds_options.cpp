#include <doctest/doctest.h>

#include <preflearn/programs/rounds/rounds_options.hpp>

using namespace preflearn;

TEST_CASE("options of rounds that do not go together are refused in words") {
    rounds_options options{.model = "student", .reference = "before", .data = "p.jsonl", .held_out = "h.jsonl"};
    check(options);
    CHECK(options.labels_itself());
    CHECK(options.asked() == "h.jsonl");
    CHECK(options.first() == "before");
    const auto refuses = [&](auto change, const char* words) {
        rounds_options changed = options;
        change(changed);
        CHECK_THROWS_WITH_AS(check(changed), doctest::Contains(words), argument_error);
    };
    refuses([](rounds_options& o) { o.reference.clear(); }, "needs a reference");
    refuses([](rounds_options& o) { o.generating.count = 1; }, "at least two responses");
    refuses([](rounds_options& o) { o.replay_share = 1; }, "share of replayed pairs is 1");
    const auto replayed = [](rounds_options& o) {
        o.replay = "human.jsonl";
        o.aligning.noise_rate = "teacher";
    };
    refuses(replayed, "replayed pairs are not labelled by the teacher");
    refuses([](rounds_options& o) { o.longest = 0.5; }, "above 1");
    refuses([](rounds_options& o) { o.rounds = 0; }, "at least one round");
    options.reference.clear();
    options.teacher = "T";
    check(options); // whoever has a teacher needs none
    CHECK(options.first() == "student");
}
