#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/programs/teaching/taught_kind.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

TEST_CASE("what a kind says of itself is in the description, which it makes another one's") {
    test::folder f;
    f.write("pairs.jsonl", test::tiny_pairs(2));
    const taught_kind kind{.name = "longer", .settings = [](const teach_options& options) {
                               return nlohmann::ordered_json{{"seed", options.seed}};
                           }};
    teach_options options{.kind = "longer", .data = f / "pairs.jsonl", .out = f / "t"};
    const auto described = [&](const nlohmann::ordered_json& settings) {
        return detail::described(test::on_processor(), options, {}, settings);
    };
    const teacher_description told = described(kind.settings(options));
    CHECK(told.settings["seed"] == 0);
    CHECK(parse_teacher(nlohmann::json::parse(to_json(told).dump()), "t").settings == told.settings);
    CHECK(told.training["key"] == described({{"seed", 0}}).training["key"]);
    CHECK(told.training["key"] != described({{"seed", 1}}).training["key"]);
}
