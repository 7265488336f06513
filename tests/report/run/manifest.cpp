#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

#include <preflearn/report/run/manifest.hpp>

using namespace preflearn;

TEST_CASE("a full manifest, key by key in the order of its members") {
    const char* const arguments[] = {"weak_teacher", "--beta", "0.1"};
    const manifest run{.program = "weak_teacher",
                       .library = "9.9.9",
                       .compiler = "cc 1",
                       .build = {"NDEBUG"},
                       .started = std::chrono::sys_days(std::chrono::year(2025) / 1 / 2) + std::chrono::hours(3),
                       .command_line = command_line_of(3, arguments),
                       .seed = UINT64_MAX,
                       .sizes = {{"test", 20}, {"labelled", 10}},
                       .ratio = 0.25,
                       .beta = 0.1,
                       .settings = {{"loss", "sigmoid"}, {"epochs", 2}},
                       .inputs = {{.path = "a.jsonl", .bytes = 6, .hash = 0x85944171f73967e8}},
                       .dependencies = {{"Eigen", "3.4.0"}},
                       .threads = 2,
                       .wall_seconds = 1.5};
    nlohmann::ordered_json json = to_json(run);
    CHECK(json["dependencies"].size() == 3);
    json["dependencies"].erase("fmt");
    json["dependencies"].erase("nlohmann-json");
    CHECK(json.dump() ==
          R"({"program":"weak_teacher","library":"preflearn 9.9.9","compiler":"cc 1","build":["NDEBUG"],)"
          R"("started":"2025-01-02T03:00:00Z","command_line":["weak_teacher","--beta","0.1"],)"
          R"("seed":18446744073709551615,"sizes":{"test":20,"labelled":10},"ratio":0.25,"beta":0.1,)"
          R"("settings":{"loss":"sigmoid","epochs":2},)"
          R"("inputs":[{"path":"a.jsonl","bytes":6,"hash":"fnv1a64:85944171f73967e8"}],)"
          R"("dependencies":{"Eigen":"3.4.0"},"threads":2,"wall_seconds":1.5})");
}

TEST_CASE("an empty manifest tells what is known without asking") {
    const nlohmann::ordered_json json = to_json(manifest{});
    CHECK(json["library"] == "preflearn " + std::string(library_version));
    CHECK(json["compiler"].get<std::string>().find_first_of("0123456789") != std::string::npos);
    CHECK(json["build"].is_array());
    CHECK(json.size() == 4);
    CHECK(to_json(manifest{}).dump() == json.dump());
}

TEST_CASE("numbers that JSON does not have are null") {
    CHECK(to_json(manifest{.beta = std::nan("")})["beta"].dump() == "null");
}
