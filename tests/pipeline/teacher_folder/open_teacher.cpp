#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/report/run/write.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// A folder of recorded verdicts, described as `change` makes it.
struct recorded_folder {
    test::folder outer;
    std::filesystem::path folder = outer / "t";

    recorded_folder() {
        std::filesystem::create_directory(folder);
        outer.write("t/records.jsonl", "{}");
        write([](teacher_description&) {});
    }
    template <class Change> void write(const Change& change) const {
        teacher_description told{.kind = "recorded", .records = "records.jsonl"};
        told.records_hash = part_hash(folder, "records.jsonl");
        change(told);
        write_json(to_json(told), folder / "teacher.json");
    }
    [[nodiscard]] std::string fault(const open_options& options = {}) const {
        return test::error_of([&] { open_teacher(folder, options); });
    }
};

} // namespace

TEST_CASE("a folder is opened by what it says, under its own name") {
    const recorded_folder f;
    const opened_teacher opened = open_teacher(f.folder / "");
    CHECK(opened.name.starts_with("t:"));
    CHECK(opened.name.size() == 10);
    CHECK(is_teacher_folder(f.folder));
    CHECK_FALSE(is_teacher_folder(f.outer.path()));
    CHECK(test::contains(test::error_of([&] { open_teacher(f.outer / "none"); }), "a teacher's folder was expected"));
    CHECK(test::contains(test::error_of([&] { open_teacher(f.outer.path()); }), "teacher.json"));
    CHECK(test::contains(f.fault({.model = f.outer.path()}), "has no base model, and one was given"));
    CHECK(test::contains(f.fault({.reference = f.outer.path()}), "no other model as reference, and one was given"));
    CHECK(f.fault({.chat_format = ""}).empty());
    CHECK(test::contains(f.fault({.chat_format = "chatml"}), "not as the format chatml"));
    CHECK_THROWS_AS(open_teacher(f.folder, {.chat_format = "chatml"}), argument_error); // the folder is right
    const bool other_rule = !open_teacher(f.folder).description.end_token;
    CHECK_THROWS_AS(open_teacher(f.folder, {.end_token = other_rule}), argument_error);
}

TEST_CASE("content that was exchanged, and files that lie elsewhere, are refused") {
    const recorded_folder f;
    f.outer.write("t/records.jsonl", "{ }");
    CHECK(test::contains(f.fault(), "records.jsonl: was changed since the teacher was made"));
    f.outer.write("other.jsonl", "{}");
    std::filesystem::remove(f.folder / "records.jsonl");
    std::filesystem::create_symlink(f.outer / "other.jsonl", f.folder / "records.jsonl");
    CHECK(test::contains(f.fault(), "leads out of the teacher's folder"));
    std::filesystem::remove(f.folder / "records.jsonl");
    f.outer.write("t/records.jsonl", "{}");
    f.write([&](teacher_description& told) { told.records = (f.outer / "other.jsonl").string(); });
    CHECK(test::contains(f.fault(), "relative to the folder"));
    f.write([](teacher_description& told) { told.records = "../other.jsonl"; });
    CHECK(test::contains(f.fault(), "climbs out"));
    std::filesystem::create_directory(f.folder / "policy");
    f.outer.write("t/policy/config.json", "1");
    f.write([&](teacher_description& told) {
        told.policy = teacher_weights{weights_from::model, "policy", part_hash(f.folder, "policy"), {}};
    });
    CHECK(f.fault().empty());
    f.outer.write("t/policy/config.json", "2");
    CHECK(test::contains(f.fault(), "policy: was changed since the teacher was made"));
}
