#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/programs/generating/generate_file.hpp>
#include <preflearn/programs/labelling/label_file.hpp>

#include "../../files.hpp"
#include "../../pipeline/tiny_models.hpp"

using namespace preflearn;

namespace {

using json = nlohmann::json;

/// A student, a teacher of two other models, and prompts among pairs.
struct generated_files {
    test::folder folder;
    std::string told;

    generated_files() {
        test::write_tiny_model(folder / "student", false, 4);
        test::write_tiny_model(folder / "model", true, 5);
        test::write_tiny_model(folder / "before", true, 6);
        folder.write("pairs.jsonl", test::tiny_pairs(20));
        std::filesystem::create_directory(folder / "teacher");
        write_json(to_json(teacher_description{
                       .kind = "implicit",
                       .base = outside_model{(folder / "model").string(), identify_model(folder / "model")},
                       .policy = teacher_weights{},
                       .reference = teacher_weights{.from = weights_from::outside,
                                                    .outside = {(folder / "before").string(),
                                                                identify_model(folder / "before")}},
                       .beta = 0.5,
                       .end_token = true}),
                   folder / "teacher/teacher.json");
    }
    [[nodiscard]] generate_options options(const std::string& out = "r.jsonl") const {
        return {.model = folder / "student",
                .data = folder / "pairs.jsonl",
                .out = folder / out,
                .count = 3,
                .sampling = {.max_tokens = 8},
                .batch = 12};
    }
    generated_file run(const generate_options& given, const work_progress& seen = {}) {
        return generate_file(
            test::on_processor(), given, [&](const std::string& line) { told += line + "\n"; }, seen);
    }
    [[nodiscard]] std::string bytes(const std::string& name) const { return test::read(folder / name); }
    [[nodiscard]] std::vector<json> lines(const std::string& name) const { return test::json_lines(folder / name); }
};

} // namespace

TEST_CASE("each prompt of a file of pairs is answered once, in lines that say all, and the run tells how") {
    generated_files f;
    const generated_file found = f.run(f.options());
    const auto lines = f.lines("r.jsonl"), pairs = f.lines("pairs.jsonl");
    REQUIRE(lines.size() == found.counts.prompts);
    CHECK(found.records == 20);
    std::set<std::string> prompts;
    for (const json& pair : pairs) prompts.insert(pair["prompt"]);
    CHECK(lines.size() == prompts.size());
    for (const json& line : lines) {
        CHECK(line["responses"].size() == 3);
        CHECK(line["finish"].size() == 3);
        CHECK(line["model"].get<std::string>().starts_with("student:"));
        CHECK(!line.contains("scores"));
    }
    CHECK(lines[0]["id"] == pairs[0]["id"]);
    CHECK(lines[0]["prompt"] == pairs[0]["prompt"]);
    CHECK(test::contains(f.told, "the rest will take about"));
    CHECK(test::contains(to_text(found), "tokens each"));
    const json manifest = json::parse(f.bytes("r.manifest.json"));
    CHECK(manifest["settings"]["result"]["responses"] == found.counts.responses);
    CHECK(!std::filesystem::exists(f.folder / "r.jsonl.part"));
    CHECK(f.run(f.options()).was_there);
    CHECK(f.run(f.options()).counts.responses > 0);
    generate_options other = f.options();
    other.seed = 1;
    CHECK(test::contains(test::error_of([&] { f.run(other); }), "nothing is written over"));
}

TEST_CASE("the first responses stay when more are drawn, in any batch, and where a prompt stands elsewhere") {
    generated_files f;
    f.run(f.options());
    generate_options more = f.options("more.jsonl");
    more.count = 5;
    more.batch = 64;
    f.run(more);
    const auto three = f.lines("r.jsonl"), five = f.lines("more.jsonl");
    REQUIRE(three.size() == five.size());
    for (std::size_t i = 0; i < three.size(); ++i)
        for (std::size_t k = 0; k < 3; ++k) CHECK(three[i]["responses"][k] == five[i]["responses"][k]);
    f.folder.write("one.jsonl", json{{"id", three[4]["id"]}, {"prompt", three[4]["prompt"]}}.dump());
    generate_options one = f.options("other.jsonl");
    one.data = f.folder / "one.jsonl";
    f.run(one);
    CHECK(f.lines("other.jsonl").at(0) == three[4]);
}

TEST_CASE(
    "a stopped run goes on to the same bytes, also from within a line and a block; shards one behind the other are "
    "the whole") {
    generated_files f;
    std::ofstream(f.folder / "pairs.jsonl", std::ios::app)
        << json{{"id", "long"}, {"prompt", std::string(70, 'a')}}.dump() << "\n";
    f.run(f.options());
    const generate_options again = f.options("again.jsonl");
    CHECK_THROWS_AS(f.run(again,
                          [](std::string_view, std::size_t done, std::size_t, double, double) {
                              if (done >= 24) throw std::runtime_error("stopped");
                          }),
                    std::runtime_error);
    const std::filesystem::path part = f.folder / "again.jsonl.part";
    REQUIRE(std::filesystem::exists(part));
    std::filesystem::resize_file(part, std::filesystem::file_size(part) - 7);
    std::vector<std::size_t> seen;
    f.run(again, [&](std::string_view, std::size_t done, std::size_t, double, double) { seen.push_back(done); });
    CHECK(seen.front() == 21); // seven lines of three are whole
    CHECK(f.bytes("again.jsonl") == f.bytes("r.jsonl"));
    std::string whole, left;
    for (std::size_t i = 1; i <= 3; ++i) {
        generate_options part_of = f.options("s" + std::to_string(i) + ".jsonl");
        part_of.shard = {i, 3};
        f.run(part_of);
        whole += f.bytes("s" + std::to_string(i) + ".jsonl");
        const std::string beside_it = "s" + std::to_string(i) + ".left-out.jsonl";
        if (std::filesystem::exists(f.folder / beside_it)) left += f.bytes(beside_it);
    }
    CHECK(whole == f.bytes("r.jsonl"));
    CHECK(left == f.bytes("r.left-out.jsonl"));
    CHECK(test::contains(left, "longer_than_model"));
    generate_options strict = f.options("strict.jsonl");
    strict.strict = true;
    CHECK(test::contains(test::error_of([&] { f.run(strict); }), "which strict refuses"));
}

TEST_CASE("of the best of several the teacher's scores are those that it gives whoever labels them") {
    generated_files f;
    generate_options best = f.options("best.jsonl");
    best.teacher = f.folder / "teacher";
    best.best_of = 6;
    f.run(best);
    generate_options all = f.options("all.jsonl");
    all.count = 6;
    f.run(all);
    label_file(test::on_processor(),
               {.teacher = f.folder / "teacher", .data = f.folder / "all.jsonl", .out = f.folder / "labels.jsonl"},
               [](const std::string&) {});
    const auto kept = f.lines("best.jsonl"), labelled = f.lines("labels.jsonl");
    REQUIRE(kept.size() == labelled.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        std::vector<double> scores = labelled[i]["scores"].get<std::vector<double>>();
        REQUIRE(scores.size() == 6);
        for (std::size_t k = 0; k < 3; ++k) {
            const auto top = std::max_element(scores.begin(), scores.end());
            CHECK(kept[i]["scores"][k].get<double>() == doctest::Approx(*top).epsilon(1e-12));
            CHECK(kept[i]["responses"][k] == labelled[i]["responses"][static_cast<std::size_t>(top - scores.begin())]);
            *top = -INFINITY;
        }
        CHECK(kept[i]["teacher"].get<std::string>().starts_with("teacher:"));
    }
}

TEST_CASE("a search by another family's teacher scores higher than plain responses, and resumes to the same bytes") {
    generated_files f;
    generate_options search = f.options("search.jsonl");
    search.teacher = f.folder / "teacher";
    search.search = search_options{.width = 2, .successors = 3, .chunk = 2};
    search.count = 1;
    f.run(search);
    generate_options plain = search;
    plain.out = f.folder / "plain.jsonl";
    plain.search = search_options{.width = 1, .successors = 1, .chunk = 3};
    f.run(plain);
    double found = 0, without = 0;
    for (const json& line : f.lines("search.jsonl")) found += line["scores"][0].get<double>();
    for (const json& line : f.lines("plain.jsonl")) without += line["scores"][0].get<double>();
    CHECK(found > without);
    generate_options sampled = f.options("sampled.jsonl");
    sampled.count = 1;
    f.run(sampled);
    const auto searched = f.lines("plain.jsonl"), drawn = f.lines("sampled.jsonl");
    for (std::size_t i = 0; i < drawn.size(); ++i) CHECK(searched[i]["responses"] == drawn[i]["responses"]);
    search.out = f.folder / "again.jsonl";
    CHECK_THROWS(f.run(search, [](std::string_view, std::size_t done, std::size_t, double, double) {
        if (done >= 4) throw std::runtime_error("stopped");
    }));
    f.run(search);
    CHECK(f.bytes("again.jsonl") == f.bytes("search.jsonl"));
}

TEST_CASE("two shards of responses one behind the other, and of their labels, are what one run of each makes") {
    generated_files f;
    std::string prompts; // without ids: a shard counts them as the whole file does
    for (json& pair : f.lines("pairs.jsonl")) prompts += json{{"prompt", pair["prompt"]}}.dump() + "\n";
    f.folder.write("prompts.jsonl", prompts);
    const auto both = [&](const std::string& name, const auto& run) {
        run(name + ".jsonl", shard{});
        std::string one_behind_the_other;
        for (std::size_t i = 1; i <= 2; ++i) {
            const std::string part = name + std::to_string(i) + ".jsonl";
            run(part, shard{i, 2});
            CHECK_FALSE(f.bytes(part).empty());
            one_behind_the_other += f.bytes(part);
        }
        f.folder.write(name + ".cat.jsonl", one_behind_the_other);
        CHECK(one_behind_the_other == f.bytes(name + ".jsonl"));
    };
    const auto generated = [&](const std::string& out, const shard& part, auto search) {
        generate_options options = f.options(out);
        options.data = f.folder / "prompts.jsonl";
        options.teacher = f.folder / "teacher";
        options.count = 2;
        options.search = search;
        if (!search) options.best_of = 4;
        options.shard = part;
        f.run(options);
    };
    both("searched", [&](const std::string& out, const shard& part) {
        generated(out, part, std::optional(search_options{.width = 2, .successors = 2, .chunk = 3}));
    });
    both("best",
         [&](const std::string& out, const shard& part) { generated(out, part, std::optional<search_options>()); });
    both("labels", [&](const std::string& out, const shard& part) { // of what was put together
        label_file(test::on_processor(),
                   {.teacher = f.folder / "teacher",
                    .data = f.folder / "best.cat.jsonl",
                    .out = f.folder / out,
                    .shard = part},
                   [](const std::string&) {});
    });
    label_options judging{.teacher = f.folder / "teacher", .data = f.folder / "best.cat.jsonl", .judge_only = true};
    for (std::size_t i = 1; i <= 2; ++i) { // by a rule that looks at all
        judging.shard = {i, 2};
        judging.out = f.folder / ("part" + std::to_string(i) + ".judged");
        label_file(test::on_processor(), judging, [](const std::string&) {});
    }
    label_options top{.teacher = judging.teacher, .data = judging.data, .out = f.folder / "top.jsonl"};
    top.rule = label_rule{label_rule_kind::top, 40};
    label_file(test::on_processor(), top, [](const std::string&) {});
    top.out = f.folder / "merged.jsonl";
    top.merge = {f.folder / "part1.judged", f.folder / "part2.judged"};
    label_file(test::on_processor(), top, [](const std::string&) {});
    CHECK(f.bytes("merged.jsonl") == f.bytes("top.jsonl"));
}

TEST_CASE("an adapter's folder given as the model is told to be one") {
    generated_files f;
    std::filesystem::create_directory(f.folder / "adapter");
    f.folder.write("adapter/adapter_config.json", R"({"base_model_name_or_path": "some/model", "r": 4})");
    f.folder.write("adapter/adapter_model.safetensors", "x");
    test::write_tiny_model(f.folder / "with_tokenizer");
    for (const char* const file : {"tokenizer.json", "tokenizer_config.json"})
        std::filesystem::copy_file(f.folder / "with_tokenizer" / file, f.folder / "adapter" / file);
    generate_options options = f.options();
    options.model = f.folder / "adapter";
    const std::string fault = test::error_of([&] { f.run(options); });
    CHECK(test::contains(fault, "adapter: holds an adapter (adapter_config.json), and a model was expected"));
    CHECK(test::contains(fault, "some/model"));
    CHECK(test::contains(fault, "--adapter"));
}
