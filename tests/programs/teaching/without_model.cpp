#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/programs/teaching/without_model.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

TEST_CASE("a teacher without a model is held against all pairs and takes what it needs into its folder") {
    test::folder f;
    f.write("pairs.jsonl", test::tiny_pairs(6));
    teach_options options{.kind = "longer", .data = f / "pairs.jsonl", .out = f / "longer"};
    const chosen_chat_format chat;
    const speaker say = [](const std::string&) {};
    const any_loss<double> loss;
    const teaching at{.on = test::on_processor(), .options = options, .chat = chat, .loss = loss, .say = say};
    const taught longer = teach_without_model(at, detail::described(at.on, options, chat));
    REQUIRE(longer.held_out.has_value());
    CHECK(longer.held_out->pairs == 6);

    f.write("verdicts.jsonl", "{\"id\":\"p0\",\"label\":\"first\"}\n");
    options.kind = "recorded";
    options.data = f / "verdicts.jsonl";
    options.out = f / "recorded";
    const taught recorded = teach_without_model(at, detail::described(at.on, options, chat));
    CHECK_FALSE(recorded.held_out.has_value());
    CHECK(test::read(f / "recorded/records.jsonl") == test::read(f / "verdicts.jsonl"));

    options.kind = "ensemble";
    options.data = f / "pairs.jsonl";
    options.out = f / "both";
    options.members = {f / "longer"};
    const taught both = teach_without_model(at, detail::described(at.on, options, chat));
    CHECK(std::filesystem::exists(f / "both/members/0/teacher.json"));
    CHECK(both.held_out->accuracy.value == longer.held_out->accuracy.value);
    CHECK(both.held_out->learned_from == 0);

    nlohmann::json member = nlohmann::json::parse(test::read(f / "longer/teacher.json"));
    member["training"]["pairs_hash"] = "of a member that learns"; // from the file that the ensemble is held against
    f.write("longer/teacher.json", member.dump());
    options.out = f / "again";
    const taught again = teach_without_model(at, detail::described(at.on, options, chat));
    CHECK(again.held_out->remembered);
    CHECK(test::contains(to_text(*again.held_out), "warning: the teacher learned from all 6 of them"));
    CHECK_FALSE(teacher_noise(f / "again")->usable());
    CHECK(test::contains(teacher_noise(f / "again")->why, "learned from all 6 pairs"));
    f.write("others.jsonl", test::tiny_pairs(6, 2));
    options.held_out = f / "others.jsonl";
    options.out = f / "held";
    CHECK(teach_without_model(at, detail::described(at.on, options, chat)).held_out->learned_from == 0);
    CHECK(teacher_noise(f / "held")->rate.defined());
}

TEST_CASE("what is wrong with a member is told by the folder that was given, not by the copy in an unfinished one") {
    test::folder f;
    f.write("pairs.jsonl", test::tiny_pairs(6));
    teach_options options{.kind = "longer", .data = f / "pairs.jsonl", .out = f / "longer"};
    const chosen_chat_format chat;
    const speaker say = [](const std::string&) {};
    const any_loss<double> loss;
    const teaching at{.on = test::on_processor(), .options = options, .chat = chat, .loss = loss, .say = say};
    teach_without_model(at, detail::described(at.on, options, chat));
    options.kind = "ensemble";
    options.out = f / "inner";
    options.members = {f / "longer"};
    teach_without_model(at, detail::described(at.on, options, chat));
    options.out = f / "outer";
    options.members = {f / "longer", f / "inner"};
    const auto fault = [&] {
        return test::error_of([&] { teach_without_model(at, detail::described(at.on, options, chat)); });
    };
    CHECK(fault() == (f / "inner").string() + ": is an ensemble within one; give its members");
    options.data.clear(); // also where it is held against nothing
    CHECK(fault() == (f / "inner").string() + ": is an ensemble within one; give its members");
    std::filesystem::create_directory(f / "empty");
    f.write("empty/teacher.json", "{}");
    options.members = {f / "longer", f / "empty"};
    CHECK(fault() == (f / "empty").string() + ": a teacher's folder was expected as a member (--member)");
    CHECK_FALSE(std::filesystem::exists(f / "outer"));
}
