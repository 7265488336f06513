#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/output/unfinished_folder.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// A teacher that prefers the longer response, and pairs of which it is right about three in four.
struct taught_folder_files {
    test::folder folder;
    teach_options options{.kind = "longer"};

    taught_folder_files() {
        std::string lines;
        for (int i = 0; i < 40; ++i)
            lines += R"({"prompt": "p)" + std::to_string(i) + R"(", "chosen": ")" + (i % 4 == 0 ? "a" : "ccc") +
                     R"(", "rejected": "bb"})" + "\n";
        options.data = folder.write("pairs.jsonl", lines);
        options.out = folder / "t";
    }
    static const any_backend<float>& on() {
        static const any_backend<float> none{.name = "cpu", .learns = false, .make = nullptr};
        return none;
    }
    [[nodiscard]] teacher_description described() const { return detail::described(on(), options, {}); }
    [[nodiscard]] std::string key() const { return described().training.at("key").get<std::string>(); }
    template <class Write> taught write(const Write& write_weights) const {
        taught made{.description = described()};
        const teach_data data = read_teach_data(options, {}, {}, false, [](const std::string&) {});
        write_teacher(on(), options, data, made, write_weights);
        return made;
    }
    [[nodiscard]] std::size_t entries() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++count;
        return count;
    }
};

} // namespace

TEST_CASE("a taught teacher's key is what it is made of, not where that lies") {
    taught_folder_files f;
    for (const char* const name : {"a", "b"}) {
        std::filesystem::create_directory(f.folder / name);
        for (const char* const file : {"config.json", "model.safetensors", "tokenizer.json"})
            f.folder.write(std::string(name) + "/" + file, "{}");
    }
    f.options.kind = "likelihood";
    f.options.model = f.folder / "a";
    const std::string before = f.key();
    f.options.model = f.folder / "b";
    f.options.out = f.folder / "elsewhere";
    CHECK(f.key() == before);
    f.options.per_token = true;
    CHECK(f.key() != before);
    f.options.per_token = false;
    f.folder.write("b/model.safetensors", "{ }");
    CHECK(f.key() != before);
    f.options.model = f.folder / "a";
    CHECK(f.key() == before);
    f.folder.write("pairs.jsonl", "{}");
    CHECK(f.key() != before);
    CHECK(unfinished_path(f.folder / "t" / "") == f.folder / "t.unfinished");
}

TEST_CASE("it is held against its pairs as it was written, is found by the same call, and nothing is written over") {
    taught_folder_files f;
    const std::size_t before = f.entries();
    CHECK_FALSE(detail::teacher_made_before(f.options.out, f.described()).has_value());
    CHECK(f.entries() == before); // nothing is left of the trial
    const taught made = f.write([](const std::filesystem::path& folder) { CHECK(std::filesystem::is_empty(folder)); });
    REQUIRE(made.held_out.has_value());
    CHECK(made.held_out->accuracy.value == doctest::Approx(0.75));
    CHECK(made.description.calibrated);
    CHECK(f.entries() == before + 1);
    const auto found = detail::teacher_made_before(f.options.out / "", f.described());
    REQUIRE(found.has_value());
    CHECK(found->was_there);
    CHECK(found->description.temperature == made.description.temperature);
    CHECK(found->description.evaluation.at("chosen_on_these") == false);
    CHECK(nlohmann::json::parse(test::read(f.options.out / "results.json")).at("held_out") ==
          nlohmann::json(found->description.evaluation));
    f.options.seed = 1;
    const auto fault = [&] {
        return test::error_of([&] { (void)detail::teacher_made_before(f.options.out, f.described()); });
    };
    CHECK(test::contains(fault(), "made in another way"));
    f.folder.write("t/teacher.json", "{}");
    CHECK(test::contains(fault(), "no teacher's folder"));
}

TEST_CASE("a teacher whose weights cannot be written leaves nothing") {
    const taught_folder_files f;
    const std::size_t before = f.entries();
    CHECK(test::error_of([&] {
              f.write([](const std::filesystem::path&) { throw input_error("the disk is full"); });
          }) == "the disk is full");
    CHECK(f.entries() == before);
}
