#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/scoring/score_file.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>

#include "../../files.hpp"
#include "../../policy/models.hpp"

using namespace preflearn;

namespace {

using json = nlohmann::json;

/// A folder with a small model whose tokenizer knows a b c d, "ab", <s> and </s>, and a file of pairs.
struct scored {
    test::folder folder;
    std::string told;

    explicit scored(const std::string& pairs) {
        save_transformer(transformer<float>(test::grouped(), generator(4, "weights")), folder.path());
        folder.write("tokenizer.json", R"({"added_tokens": [{"id": 5, "content": "<s>", "special": true},
            {"id": 6, "content": "</s>", "special": true}], "model": {"type": "BPE",
            "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4}, "merges": [["a", "b"]]}})");
        folder.write("tokenizer_config.json", R"({"eos_token": "</s>"})");
        folder.write("pairs.jsonl", pairs);
    }
    [[nodiscard]] score_file_options options() const {
        return {.model = folder.path(), .data = folder / "pairs.jsonl", .out = folder / "out.jsonl"};
    }
    std::vector<json> run(const score_file_options& given) {
        told.clear();
        score_file<float>(
            given, [&](const std::string& line) { told += line + "\n"; }, [](std::size_t, std::size_t) {});
        std::vector<json> lines;
        std::ifstream out(folder / "out.jsonl");
        for (std::string line; std::getline(out, line);) lines.push_back(json::parse(line));
        return lines;
    }
    [[nodiscard]] json beside(const std::string& end) const {
        return json::parse(test::read(folder / ("out.jsonl" + end)));
    }
};

const std::string three_pairs = R"({"id": "x", "prompt": "ca", "chosen": "bab", "rejected": "d"}
{"id": "y", "prompt": "", "chosen": "a", "rejected": "b"}
{"id": "z", "prompt": "d", "chosen": "a</s>", "rejected": "a</s>"}
)";

} // namespace

TEST_CASE("tokens are written without a model, and a pair that cannot be scored among them") {
    scored s(three_pairs);
    std::filesystem::remove(s.folder / "model.safetensors");
    std::filesystem::remove(s.folder / "config.json");
    score_file_options options = s.options();
    options.tokens_only = true;
    options.after_response = response_end::end_token;
    const auto lines = s.run(options);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == json::parse(R"({"index": "x", "prompt_ids": [2, 0], "chosen_ids": [1, 4, 6],
                                      "rejected_ids": [3, 6]})"));
    CHECK(lines[1]["prompt_ids"].empty());
    CHECK(lines[2]["chosen_ids"] == json({0, 6})); // one end token
    options.model = s.folder / "tokenizer.json";
    CHECK(s.run(options) == lines);
}

TEST_CASE("the joint boundary is counted and told, and a prompt with other tokens before the rejected is written") {
    scored s(three_pairs);
    score_file_options options = s.options();
    options.tokens_only = true;
    options.boundary = token_boundary::joint;
    const auto lines = s.run(options);
    CHECK(lines[0]["prompt_ids"] == json({2, 4}));
    CHECK(lines[0]["chosen_ids"] == json({4}));
    CHECK(lines[0]["rejected_prompt_ids"] == json({2, 0}));
    CHECK(test::contains(s.told, "token boundary: joint; in 1 of 3 pairs"));
    CHECK(s.beside(".manifest.json")["settings"]["boundary"] == "joint");
    CHECK(s.beside(".manifest.json")["settings"]["pairs_whose_prompt_changes"] == 1);
}

TEST_CASE("pairs are scored, by token where that is asked for; what cannot be is left out, listed and told") {
    scored s(three_pairs);
    score_file_options options = s.options();
    const auto sums = s.run(options);
    REQUIRE(sums.size() == 2);
    CHECK(sums[0]["index"] == "x");
    CHECK(sums[1]["index"] == "z");
    CHECK(sums[1]["chosen_tokens"] == 2);
    CHECK(test::contains(s.told, "3 pairs, 2 kept"));
    CHECK(test::contains(s.told, "with an empty prompt (first: line 2, id 'y'"));
    CHECK(test::contains(s.told, "kept: 1 with two identical responses"));
    CHECK(s.beside(".left-out.jsonl")["line"] == 2);
    CHECK(s.beside(".manifest.json")["sizes"]["written"] == 2);

    options.per_token = true;
    options.after_response = response_end::end_token;
    const auto by_token = s.run(options);
    const auto chosen = by_token[0]["chosen_token_logps"].get<std::vector<double>>();
    CHECK(by_token[0]["chosen_tokens"] == 3);
    REQUIRE(chosen.size() == 3);
    CHECK(chosen[0] + chosen[1] + chosen[2] == by_token[0]["chosen_logp"].get<double>());
    CHECK(chosen[0] + chosen[1] == doctest::Approx(sums[0]["chosen_logp"].get<double>()));

    options.strict = true;
    CHECK(test::contains(test::error_of([&] { (void)s.run(options); }), "pairs.jsonl:2: pair 'y' is left out"));
    options.strict = false;
    options.maximum_tokens = 1;
    CHECK(test::contains(test::error_of([&] { (void)s.run(options); }), "no pair is left"));
}

TEST_CASE("conversations are read in the model's own format where that is asked for, and told of where not") {
    scored s(R"({"prompt": [{"role": "user", "content": "a"}], "chosen": [{"role": "assistant", "content": "b"}],
"rejected": [{"role": "assistant", "content": "c"}]})");
    std::string pairs = test::read(s.folder / "pairs.jsonl");
    std::ranges::replace(pairs, '\n', ' ');
    s.folder.write("pairs.jsonl", pairs + "\n");
    s.folder.write("tokenizer_config.json",
                   R"j({"eos_token": "</s>", "chat_template": "{% for m in messages %}{{ '<|' + m.role + '|>\n' +
m.content + eos_token + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"})j");
    std::string config = test::read(s.folder / "tokenizer_config.json");
    std::ranges::replace(config, '\n', ' ');
    s.folder.write("tokenizer_config.json", config);
    score_file_options options = s.options();
    options.tokens_only = true;
    options.after_response = response_end::end_token;
    (void)s.run(options);
    CHECK(test::contains(s.told,
                         "conversations are read as HH transcripts; the model's chat template is the format zephyr"));
    options.chat_format = "auto";
    CHECK(s.run(options)[0]["chosen_ids"] == json({1, 6}));
    CHECK(test::contains(s.told, "chat format: zephyr"));
    options.chat_format = "chatml";
    (void)s.run(options);
    CHECK(test::contains(s.told, "differs from the format chatml"));
}

TEST_CASE("pairs are scored with an adapter, which the manifest names") {
    scored s(three_pairs);
    const auto plain = s.run(s.options());
    const auto base = load_transformer<float>(s.folder.path(), trained_tensors::none());
    transformer<float> adapted = with_adapter(base, {.rank = 2});
    for (float& value : adapted.parameters()) value += 0.2F;
    save_adapter(adapted, s.folder / "adapter");
    score_file_options options = s.options();
    options.adapter = s.folder / "adapter";
    const auto lines = s.run(options);
    CHECK(lines[0]["chosen_logp"] != plain[0]["chosen_logp"]);
    const std::vector<token_id> prompt{2, 0}, response{1, 4};
    CHECK(lines[0]["chosen_logp"].get<double>() == adapted.log_prob(prompt, response));
    CHECK(s.beside(".manifest.json")["settings"]["adapter"] == (s.folder / "adapter").string());
    options.adapter = s.folder / "none";
    CHECK(test::contains(test::error_of([&] { s.run(options); }), "none"));
}

TEST_CASE("the files of parts, one behind the other, are the file of a whole run") {
    std::string pairs;
    for (int i = 0; i < 40; ++i)
        pairs += R"({"prompt": "ca", "chosen": ")" + std::string(static_cast<std::size_t>(i % 7 + 1), "abcd"[i % 4]) +
                 R"(", "rejected": "d"})" + "\n";
    pairs += R"({"prompt": "", "chosen": "a", "rejected": "b"})";
    scored s(pairs);
    score_file_options options = s.options();
    s.run(options);
    const std::string whole = test::read(options.out), left_out = test::read(s.folder / "out.jsonl.left-out.jsonl");
    std::string joined;
    for (std::size_t index = 1; index <= 3; ++index) {
        options.shard = {index, 3};
        const auto lines = s.run(options);
        CHECK(lines.size() == (index == 3 ? 8 : 16));
        CHECK(s.told.find("shard " + std::to_string(index) + "/3: ") != s.told.npos);
        CHECK(s.beside(".manifest.json")["settings"]["shard"] == std::to_string(index) + "/3");
        CHECK(s.beside(".manifest.json")["sizes"]["written"] == lines.size());
        CHECK(test::read(s.folder / "out.jsonl.left-out.jsonl") == left_out); // of the whole file
        joined += test::read(options.out);
    }
    CHECK(joined == whole);
}
