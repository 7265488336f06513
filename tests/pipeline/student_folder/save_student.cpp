#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../files.hpp"
#include "../../json_lines.hpp"
#include "../tiny_models.hpp"
#include "tiny_gguf.hpp"

using namespace preflearn;

namespace {

/// A tiny model with everything that goes along.
struct student_source {
    test::folder folder;

    student_source() {
        test::write_tiny_model(folder / "base");
        folder.write("base/LICENSE", "free\n");
        folder.write("base/USE_POLICY.md", "be kind\n");
        folder.write("base/README.md", "---\nlicense: other\nlicense_name: kind\nlibrary_name: x\n---\nA model.\n");
        folder.write("base/chat_template.jinja", "{{ messages[0]['content'] }}");
        folder.write("base/generation_config.json",
                     R"({"eos_token_id": 4, "temperature": 0.5, "pad_token_id": 3, "bos_token_id": 99})");
        folder.write("base/optimizer.bin", "not part of the model");
    }
    [[nodiscard]] any_transformer<float> adapted() const {
        auto model = with_adapter(load_any_transformer(test::on_processor(), folder / "base", trained_tensors::none()),
                                  {.rank = 2});
        model.write_parameters([](auto numbers) {
            for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 0.01F * static_cast<float>(i % 17);
        });
        return model;
    }
    [[nodiscard]] student_origin origin() const { return {.model = folder / "base"}; }
    [[nodiscard]] nlohmann::json json(const std::string& name) const {
        return nlohmann::json::parse(test::read(folder / name));
    }
    [[nodiscard]] std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()));
    }
};

std::vector<double> student_scores(const any_transformer<float>& model) {
    const std::vector<token_id> prompt{0, 1, 2}, response{3, 4};
    const token_completion one{prompt, response};
    return model.log_probs({&one, 1});
}

} // namespace

TEST_CASE("a student's folder is the model with its adapter merged, and all that goes along") {
    const student_source f;
    const auto model = f.adapted();
    save_student(model, f.origin(), f.folder / "S",
                 {.method = "dpo",
                  .data = {{"/there/pairs.jsonl", 12, 255}},
                  .settings = {{"beta", 0.1}},
                  .files = {{"manifest.json", "{}"}}});
    const auto again = load_any_transformer(test::on_processor(), f.folder / "S");
    CHECK(student_scores(again) == student_scores(merged(model)));
    for (const char* const same :
         {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "LICENSE", "USE_POLICY.md"})
        CHECK(test::read(f.folder / "S" / same) == test::read(f.folder / "base" / same));
    CHECK_FALSE(std::filesystem::exists(f.folder / "S/optimizer.bin"));
    CHECK(test::read(f.folder / "S/manifest.json") == "{}");
    const auto generation = f.json("S/generation_config.json"), config = f.json("S/config.json");
    CHECK(generation["temperature"] == 0.5);
    CHECK(generation["eos_token_id"] == 4);
    CHECK_FALSE(generation.contains("bos_token_id")); // 99 is none of five
    CHECK(config["pad_token_id"] == 3);
    const std::string card = test::read(f.folder / "S/README.md");
    for (const char* const said : {"\nbase_model: \"base\"\n", "\nlicense: other\nlicense_name: kind\n", "- \"dpo\"",
                                   "`pairs.jsonl`, 12 bytes, fnv1a64:00000000000000ff", "| beta | 0.1 |", "# S\n"})
        CHECK_MESSAGE(test::contains(card, said), said);
    CHECK_FALSE(test::contains(card, "library_name: x"));
    CHECK_FALSE(test::contains(card, "/there/"));
}

TEST_CASE("a student is written over nothing, and a full disk leaves nothing") {
    const student_source f;
    const auto model = f.adapted();
    save_student(model, f.origin(), f.folder / "S", {});
    const std::string before = test::read(f.folder / "S/model.safetensors");
    CHECK(test::contains(test::error_of([&] { save_student(model, f.origin(), f.folder / "S", {}); }),
                         "is there already"));
    CHECK(test::contains(test::error_of([&] { save_student(model, f.origin(), f.folder / "base", {}); }),
                         "is there already"));
    CHECK(test::read(f.folder / "S/model.safetensors") == before);
    const std::size_t entries = f.entries();
    {
        const test::largest_file small(400);
        CHECK_THROWS_AS(save_student(model, f.origin(), f.folder / "full", {}), input_error);
    }
    CHECK(f.entries() == entries);
}

TEST_CASE("an adapter is kept on request, as PEFT reads it, with the base that it is for") {
    const student_source f;
    const auto model = f.adapted();
    save_student(model, f.origin(), f.folder / "A", {}, {.keep_adapter = true});
    CHECK(f.json("A/adapter_config.json")["base_model_name_or_path"] == (f.folder / "base").string());
    CHECK_FALSE(std::filesystem::exists(f.folder / "A/model.safetensors"));
    CHECK(std::filesystem::exists(f.folder / "A/tokenizer.json"));
    const auto base = load_any_transformer(test::on_processor(), f.folder / "base", trained_tensors::none());
    CHECK(student_scores(load_adapter(base, f.folder / "A")) == student_scores(model));
    CHECK(test::contains(test::read(f.folder / "A/README.md"), "library_name: peft"));
    CHECK(test::contains(
        test::error_of([&] { save_student(base, f.origin(), f.folder / "B", {}, {.keep_adapter = true}); }),
        "the model has none"));
}

TEST_CASE(
    "from a GGUF file: the folder has its numbers, its tokens' ids and what its metadata say; a GGUF file again") {
    const test::folder folder;
    const auto source = test::write_tiny_gguf(folder / "base.gguf");
    const auto model = load_any_transformer(test::on_processor(), source);
    const student_origin origin{.model = source};
    check_student(origin, folder / "S");
    CHECK_FALSE(std::filesystem::exists(folder / "S"));
    save_student(model, origin, folder / "S", {.method = "sft"});
    CHECK(student_scores(load_any_transformer(test::on_processor(), folder / "S")) == student_scores(model));
    const tokenizer before = load_tokenizer(source), after = load_tokenizer(folder / "S");
    CHECK(compare_ids(before, after).different == 0);
    CHECK(before.begin_tokens().size() == 1);
    CHECK(std::ranges::equal(before.begin_tokens(), after.begin_tokens()));
    CHECK(find_chat_template(folder / "S")->source == find_chat_template(source)->source);
    const auto read = [&](const char* name) { return nlohmann::json::parse(test::read(folder / "S" / name)); };
    CHECK(read("generation_config.json")["eos_token_id"] == nlohmann::json({4, 11})); // end of text, end of turn
    CHECK(read("generation_config.json")["bos_token_id"] == 10);
    CHECK(read("config.json")["eos_token_id"] == nlohmann::json({4, 11}));
    const std::string card = test::read(folder / "S/README.md");
    for (const char* const said : {"base_model: \"house/tiny\"", "license: \"gemma\"", "| author | somebody |"})
        CHECK_MESSAGE(test::contains(card, said), said);
    CHECK(test::contains(test::read(folder / "S/NOTICE"), "Gemma Terms of Use"));
    folder.write("S.README.md", "another's");
    for (const bool unlearned : {true, false})
        CHECK(test::contains(test::error_of([&] {
                                 if (unlearned)
                                     check_student(origin, folder / "S.gguf");
                                 else
                                     save_student(model, origin, folder / "S.gguf", {});
                             }),
                             "there already"));
    CHECK_FALSE(std::filesystem::exists(folder / "S.gguf"));
    std::filesystem::remove(folder / "S.README.md");
    {
        const test::largest_file small(3000);
        CHECK_THROWS_AS(save_student(model, origin, folder / "S.gguf", {}), input_error);
    }
    save_student(model, origin, folder / "S.gguf", {});
    CHECK(test::contains(test::read(folder / "S.README.md"), "license: \"gemma\""));
    CHECK(test::read(folder / "S.NOTICE") == test::read(folder / "S/NOTICE"));
    CHECK(student_scores(load_any_transformer(test::on_processor(), folder / "S.gguf")) == student_scores(model));
    CHECK(test::contains(test::error_of([&] { save_student(model, origin, folder / "S.gguf", {}); }), "there already"));
    CHECK(test::contains(test::error_of([&] { save_student(model, origin, source, {}); }), "there already"));
}

TEST_CASE("a tokenizer that tokenizer.json cannot express is refused before and after learning, with a way out") {
    const test::folder folder;
    // "zq" is merged of characters that are no tokens, by text; merges by rank are of tokens
    const auto source = test::write_tiny_gguf(folder / "base.gguf", "zq");
    const auto model = load_any_transformer(test::on_processor(), source);
    for (const bool before : {true, false}) {
        const std::string refusal = test::error_of([&] {
            if (before)
                check_student({.model = source}, folder / "S");
            else
                save_student(model, {.model = source}, folder / "S", {});
        });
        CHECK(test::contains(refusal, "cannot express"));
        CHECK(test::contains(refusal, "GGUF"));
    }
    CHECK_FALSE(std::filesystem::exists(folder / "S"));
    check_student({.model = source}, folder / "S.gguf");
}
