#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {
using json = nlohmann::json;
}

TEST_CASE("a description is read as it was written") {
    teacher_description told{.kind = "implicit",
                             .base = outside_model{"/m", {"w", "t", "c"}},
                             .policy = teacher_weights{weights_from::adapter, "policy", "h", {}},
                             .reference = teacher_weights{weights_from::outside, {}, {}, {"/r", {"x", "", ""}}},
                             .beta = 0.25,
                             .temperature = 3.5,
                             .calibrated = true,
                             .rule = {"abstain", 0.75},
                             .per_token = true,
                             .end_token = true,
                             .boundary = "joint",
                             .pretokenizer = "gpt-2",
                             .chat_format = "auto",
                             .chat_layout = "zephyr",
                             .maximum_tokens = 77,
                             .records = "records.jsonl",
                             .records_hash = "r",
                             .members = {{"members/0", "m"}},
                             .combination = "careful",
                             .spread = 0.5,
                             .files = {{"head.safetensors", "f"}},
                             .settings = {{"pooling", "last"}}};
    told.training = {{"pairs", 3}};
    const auto written = to_json(told);
    const teacher_description read = parse_teacher(json::parse(written.dump()), "teacher.json");
    CHECK(to_json(read).dump() == written.dump());
    CHECK(read.reference->outside.identity == told.reference->outside.identity);
    CHECK(read.maximum_tokens == 77);
}

TEST_CASE("what is no teacher's description is refused, by member") {
    const json good = json::parse(to_json(teacher_description{.kind = "longer"}).dump());
    const auto fault = [&](const char* name, const json& value) {
        json changed = good;
        changed[name] = value;
        return test::error_of([&] { parse_teacher(changed, "T/teacher.json"); });
    };
    CHECK(fault("kind", "longer").empty());
    CHECK(test::contains(fault("format", "other"), "T/teacher.json: is not the description of a teacher"));
    CHECK(test::contains(fault("version", 2), "another preflearn made it"));
    CHECK(test::contains(fault("kind", 3), "'kind' is 3, a text was expected"));
    CHECK(test::contains(fault("temperature", 0), "a positive number was expected"));
    CHECK(test::contains(fault("boundary", "sometimes"), "separate or joint"));
    CHECK(test::contains(fault("policy", {{"from", "thin air"}}), "base, adapter, model or outside"));
    CHECK(test::contains(fault("policy", {{"from", "model"}}), "'path' is missing"));
    CHECK(test::contains(fault("files", {{"path", "x"}}), "'files' is no list"));
    CHECK(test::contains(fault("settings", 3), "'settings': an object was expected"));
    CHECK(test::contains(test::error_of([] { parse_teacher(json(3), "T"); }), "an object was expected"));
}
