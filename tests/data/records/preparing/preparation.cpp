#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include <preflearn/data/records/preparing/preparation.hpp>

#include "../../../files.hpp"

using namespace preflearn;

namespace {

/// What is written of `before`, when the file holds `after` by the time of the second pass.
std::string prepared_through(const std::string& before, const std::string& after, std::string_view format = "trl") {
    const test::folder folder;
    const prepare_options options{.inputs = {folder.write("in.jsonl", before)},
                                  .items = {.target = record_target_named(format)}};
    detail::preparation work(options);
    work.result().parts.push_back({.path = "out"});
    work.decide({}, {});
    folder.write("in.jsonl", after);
    std::ostringstream out;
    work.write({&out}, {});
    return out.str();
}

} // namespace

TEST_CASE("a file that grows, shrinks or goes bad between the passes is an error, not other records") {
    const std::string one = R"({"id": 1, "prompt": "p", "chosen": "a", "rejected": "b"})"
                            "\n",
                      two = R"({"id": 2, "prompt": "q", "chosen": "a", "rejected": "b"})"
                            "\n";
    CHECK(prepared_through(one + two, one + two) == R"({"id":1,"prompt":"p","chosen":"a","rejected":"b"})"
                                                    "\n"
                                                    R"({"id":2,"prompt":"q","chosen":"a","rejected":"b"})"
                                                    "\n");
    CHECK(test::contains(test::error_of([&] { prepared_through(one, one + two); }), "in.jsonl: changed while"));
    CHECK(test::contains(test::error_of([&] { prepared_through(one + two, one); }), "in.jsonl: changed while"));
    CHECK(test::contains(test::error_of([&] { prepared_through(one + two, one + "{"); }), "in.jsonl:2: "));
}

TEST_CASE("one probability makes every pair's label one, whichever record has it") {
    const std::string labelled = R"({"id": 1, "prompt": "p", "responses": ["a", "b"], "label": 0.75})"
                                 "\n",
                      certain = R"({"id": 2, "prompt": "q", "chosen": "a", "rejected": "b", "probability": 1})"
                                "\n";
    for (const std::string& lines : {labelled + certain, certain + labelled}) {
        const std::string written = prepared_through(lines, lines);
        CHECK(test::contains(written, R"("probability":0.75)"));
        CHECK(test::contains(written, R"("probability":1.0)"));
        CHECK(!test::contains(written, R"("label")"));
    }
    CHECK(test::contains(prepared_through(labelled, labelled), R"("label":0.75)"));
    CHECK(!test::contains(prepared_through(labelled + certain, labelled + certain, "responses"), "probability"));
}

TEST_CASE("what compares no responses keeps records of identical ones, and repeats are those of what is written") {
    const std::string lines = R"({"id": 1, "prompt": "p", "chosen": "a", "rejected": "a"}
{"id": 2, "prompt": "p", "chosen": "b", "rejected": "c"}
{"id": 3, "prompt": "q", "chosen": "b", "rejected": "c"}
)";
    CHECK(!test::contains(prepared_through(lines, lines), R"("id":1)"));
    CHECK(prepared_through(lines, lines, "prompts") == R"({"id":1,"prompt":"p"}
{"id":3,"prompt":"q"}
)");
    CHECK(test::contains(prepared_through(lines, lines, "sft"), R"("id":1)"));
}
