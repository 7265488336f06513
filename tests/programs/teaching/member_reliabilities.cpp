#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/teaching/without_model.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

/// Recorded teachers that are right so often about pairs whose chosen response is the better one.
struct voting_files {
    test::folder folder;
    std::string told;
    teach_options options{.kind = "ensemble", .combination = "dawid_skene", .out = folder / "T"};
    chosen_chat_format chat{};
    speaker say = [this](const std::string& line) { told += line + "\n"; };

    explicit voting_files(const std::vector<double>& right, std::size_t pairs = 300) {
        folder.write("pairs.jsonl", test::tiny_pairs(pairs));
        generator random(2, "verdicts");
        for (std::size_t m = 0; m < right.size(); ++m) {
            std::string lines;
            for (std::size_t i = 0; i < pairs; ++i)
                lines += nlohmann::json{{"id", "p" + std::to_string(i)},
                                        {"label", random.bernoulli(right[m]) ? "first" : "second"}}
                             .dump() +
                         "\n";
            const std::string name = "member" + std::to_string(m);
            folder.write(name + ".jsonl", lines);
            make({.kind = "recorded", .data = folder / (name + ".jsonl"), .out = folder / name});
            options.members.push_back(folder / name);
        }
        options.data = folder / "pairs.jsonl";
    }
    taught make(const teach_options& given) {
        const any_loss<double> loss;
        const teaching at{.on = test::on_processor(), .options = given, .chat = chat, .loss = loss, .say = say};
        return teach_without_model(at, detail::described(at.on, given, chat));
    }
};

} // namespace

TEST_CASE("an ensemble weighs votes by reliabilities that it finds without looking at a label") {
    voting_files f({0.95, 0.8, 0.6, 0.6, 0.6});
    const taught made = f.make(f.options);
    const std::vector<double> right = made.description.settings["reliabilities"];
    CHECK(std::abs(right[0] - 0.95) < 0.1);
    CHECK(std::abs(right[4] - 0.6) < 0.1);
    const double weighed = made.held_out->accuracy.value; // where a plain vote has less
    f.options.combination = "vote";
    f.options.out = f.folder / "vote";
    CHECK(f.make(f.options).held_out->accuracy.value < weighed);
    CHECK(test::contains(f.told, "member 1 is right on"));

    std::string unlabelled; // the same pairs without a verdict
    for (const auto& line : test::json_lines(f.folder / "pairs.jsonl"))
        unlabelled += nlohmann::json{{"id", line["id"]},
                                     {"prompt", line["prompt"]},
                                     {"responses", {line["chosen"], line["rejected"]}}}
                          .dump() +
                      "\n";
    f.folder.write("unlabelled.jsonl", unlabelled);
    f.options.combination = "dawid_skene";
    f.options.data = f.folder / "unlabelled.jsonl";
    f.options.out = f.folder / "unlabelled";
    const taught plain = f.make(f.options);
    CHECK_FALSE(plain.held_out.has_value());
    CHECK(plain.description.settings["reliabilities"] == made.description.settings["reliabilities"]);
}
