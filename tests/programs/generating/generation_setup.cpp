#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <preflearn/programs/generating/generation_setup.hpp>

#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>

#include "tiny_responder.hpp"

using namespace preflearn;

TEST_CASE("what ends a response: the model's tokens, those that are named, and a chat format's end of a turn") {
    test::tiny_responder f;
    const auto ends = [&](const generate_options& options, const chosen_chat_format& chat = {}) {
        return detail::ends_of(options, f.texts.words(), f.model, chat);
    };
    CHECK(ends({}).tokens == std::vector<token_id>{5, 5}); // the model's, and the tokenizer's
    CHECK(ends({.stop_tokens = {"ab", "c"}, .stop_ids = {0}, .ignore_ends = true}).tokens ==
          std::vector<token_id>{0, 4, 2});
    CHECK(ends({}, named_chat("zephyr")).tokens.back() == 5);
    CHECK(ends({}, named_chat("chatml")).strings == std::vector<std::string>{"<|im_end|>"}); // no token of this model
    CHECK(test::contains(test::error_of([&] { ends({.stop_tokens = {"ba"}}); }), "a stop string may be any text"));
    CHECK(test::contains(test::error_of([&] { ends({.stop_ids = {6}}); }), "ends at 5"));
}

TEST_CASE("prompts that do not fit are left out with their reason") {
    test::tiny_responder f;
    f.files.write("prompts.jsonl", "{\"prompt\":\"\"}\n{\"prompt\":\"dcba\"}\n{\"prompt\":\"" + std::string(64, 'd') +
                                       "\"}\n{\"prompt\":\"ddddddddd\"}\n");
    prompt_file file = read_prompts(f.files / "prompts.jsonl", {});
    render_prompts(file, {}, false);
    detail::leave_out_unfit(file, f.texts, f.model.config(), {.maximum_prompt_tokens = 8});
    REQUIRE(file.prompts.size() == 1);
    CHECK(file.prompts[0].text == "dcba");
    std::vector<left_out_reason> reasons;
    for (const left_out_prompt& one : file.left_out) reasons.push_back(one.why.reason);
    CHECK(reasons == std::vector<left_out_reason>{left_out_reason::empty_prompt, left_out_reason::longer_than_model,
                                                  left_out_reason::too_long});
    CHECK(file.left_out[1].why.message == "the prompt has 64 tokens, the model's maximum is 64");
}

TEST_CASE("conversations are written as the model's own template does, unless another format is asked for") {
    test::tiny_responder f;
    f.files.write("prompts.jsonl", R"({"prompt":[{"role":"user","content":"a"}]})");
    const prompt_file file = read_prompts(f.files / "prompts.jsonl", {});
    std::string told;
    const auto chat = [&](const std::string& format) {
        return detail::chat_of_prompts({.model = f.files / "model", .chat_format = format}, file,
                                       [&](const std::string& line) { told += line + "\n"; });
    };
    CHECK(!chat("").render);
    CHECK(test::contains(told, "no chat template"));
    CHECK(layout_of(chat("chatml").format).name == "chatml");
    std::ofstream(f.files / "model/chat_template.jinja")
        << "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
           "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
           "{% endif %}";
    CHECK(layout_of(chat("").format).name == "chatml");
    CHECK(test::contains(told, "chatml, the model's own"));
    CHECK_THROWS_AS(chat("nonsense"), argument_error);
}

TEST_CASE("a model is called by its folder and what it is; an adapter makes another one of it") {
    test::tiny_responder f;
    const std::string name = detail::model_name({.model = f.files / "model"});
    CHECK(name.starts_with("model:"));
    CHECK(name.size() == 14);
    CHECK(detail::model_name({.model = f.files / "model/"}) == name);
    std::filesystem::create_directory(f.files / "adapter");
    f.files.write("adapter/adapter_config.json", "{}");
    CHECK(
        detail::model_name({.model = f.files / "model", .adapter = f.files / "adapter"}).starts_with("model+adapter:"));
}
