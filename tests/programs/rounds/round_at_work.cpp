#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/rounds/round_at_work.hpp>

#include "../../pipeline/tiny_models.hpp"
#include "../aligning/tiny_losses.hpp"

using namespace preflearn;

TEST_CASE("a round goes from the student before it to its own, and its gold reward is the mean over its answers") {
    const test::folder folder;
    test::write_tiny_model(folder / "student", true, 5);
    test::write_tiny_model(folder / "before", true, 6);
    folder.write("pairs.jsonl", test::tiny_pairs(40)); // more than one block
    write_implicit_reward(folder / "before", folder / "student", {}, folder / "teacher");
    rounds_options options{.model = folder / "student",
                           .data = folder / "pairs.jsonl",
                           .teacher = folder / "teacher",
                           .out = folder / "out",
                           .gold = folder / "teacher"};
    options.generating.sampling.max_tokens = 6;
    options.aligning.maximum_tokens = 48;
    const loss_maker losses = test::tiny_loss;
    std::vector<std::size_t> seen;
    const speaker quiet = [](const std::string&) {};
    const work_progress watched = [&](std::string_view title, std::size_t done, std::size_t, double tokens, double) {
        if (title != "gold reward") return;
        CHECK(tokens > 0);
        seen.push_back(done);
    };
    const detail::rounds_at_work work(test::on_processor(), options, losses, quiet, watched);
    CHECK(work.student(0) == options.model);
    std::vector<round_result> made;
    for (const std::size_t round : {0U, 1U})
        made.push_back(detail::rounds_at_work(test::on_processor(), options, losses, quiet, watched).play(round));
    CHECK(made[0].labels == 0);
    CHECK(made[1].labels > 0);
    CHECK(std::filesystem::exists(work.student(1) / "model.safetensors"));
    const std::vector<nlohmann::json> answers = test::json_lines(work.folder(1) / "answers.jsonl");
    CHECK(seen.size() < answers.size());
    response_judge judge(load_teacher(open_teacher(options.gold), test::on_processor()), {}, 0);
    double sum = 0;
    for (const nlohmann::json& answer : answers) {
        const nlohmann::json& prompt = answer.at("prompt");
        sum += *judge(std::vector<candidate_responses>{{.prompt = &prompt, .texts = answer.at("responses")}})[0].of[0];
    }
    CHECK(*made[1].gold == sum / static_cast<double>(answers.size()));
}
