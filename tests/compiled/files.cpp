#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <preflearn/compiled/files.hpp>
#include <preflearn/policy/files/save.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../files.hpp"
#include "../policy/models.hpp"

using namespace preflearn;

TEST_CASE("compiled functions read what was written, with all their defaults") {
    const test::folder folder;
    const transformer<float> model(test::grouped(), generator(1, "weights"));
    save_transformer(model, folder.path());
    CHECK(read_safetensors(folder.path()).tensors().size() > 0);
    CHECK(read_config_json(folder / "config.json").layers == model.config().layers);
    CHECK(test::contains(test::error_of([&] { (void)load_tokenizer(folder.path()); }), "tokenizer.json was expected"));
    CHECK(test::contains(test::error_of([&] { (void)read_gguf(folder / "config.json"); }), "config.json"));
    CHECK_FALSE(find_chat_template(folder.path()));
    const std::vector models{folder.path()};
    CHECK(test::contains(test::error_of([&] { (void)choose_chat_format("auto", models); }), "has no chat template"));
}

TEST_CASE("compiled functions read pairs and leave out those that do not fit") {
    const test::folder folder;
    const std::string_view pairs = R"({"prompt": "a", "chosen": "b", "rejected": "c"}
{"prompt": "a", "chosen": "b", "rejected": "b"}
)";
    const preference_data data = read_preferences(folder.write("pairs.jsonl", std::string(pairs)));
    CHECK(data.size() == 2);
    const fitting_pairs fitting = fit_pairs(data, {}, {.needs_difference = true});
    CHECK(fitting.kept.size() == 1);
    write_left_out(folder / "left-out.jsonl", fitting.left_out);
    CHECK(read_json_file(folder / "left-out.jsonl").at("line") == 2);
}
