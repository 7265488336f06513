#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/programs/evaluating/evaluate_options.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a student is a file, with a name and a choice of responses where they are said") {
    const test::folder f;
    const std::string path = f.write("R1.jsonl", "{}").string();
    CHECK(response_source_named(path).name == "R1");
    CHECK(response_source_named(path).pick == response_pick::all);
    CHECK(response_source_named(f.write("S.v1.jsonl.gz", "{}").string()).name == "S.v1"); // as compare calls it
    const response_source named = response_source_named("weak=" + path + "#best");
    CHECK(named.name == "weak");
    CHECK(named.path == path);
    CHECK(named.pick == response_pick::best);
    const std::string odd = f.write("a=b#chosen", "{}").string(); // a file's own name comes first
    CHECK(response_source_named(odd).path == odd);
    CHECK(response_source_named(odd).pick == response_pick::all);
    CHECK(response_source_named("human=" + odd + "#rejected").pick == response_pick::rejected);
    CHECK(test::contains(test::error_of([&] { response_source_named("weak=" + path + "#worst"); }),
                         "there is no such file of responses"));
}

TEST_CASE("roles go by names, and options name others") {
    const evaluate_options plain;
    const auto roles = [](const std::vector<std::string>& names, const evaluate_options& options) {
        return roles_of(names, options);
    };
    const evaluation_roles three = roles({"sft", "weak", "human"}, plain);
    CHECK(three.sft == 0);
    CHECK(three.ceiling == 2);
    CHECK_FALSE(three.weak_teacher);
    CHECK(three.students == std::vector<std::size_t>{1});
    const evaluation_roles four = roles({"human", "student", "weak", "sft"}, plain); // a student's teacher
    CHECK(four.weak_teacher == 2);
    CHECK(four.students == std::vector<std::size_t>{1});
    CHECK(roles({"a", "b"}, plain).students.size() == 2);
    CHECK(roles({"gold", "human"}, plain).ceiling == 1);
    CHECK(roles({"teacher", "gold"}, plain).weak_teacher == 0);
    const evaluation_roles asked = roles({"a", "b", "c", "sft"}, {.sft = "a", .ceiling = "c", .weak_teacher = "b"});
    CHECK(asked.sft == 0);
    CHECK(asked.students == std::vector<std::size_t>{3});
    CHECK_FALSE(roles({"teacher", "x"}, {.weak_performance = 0.5}).weak_teacher);
    CHECK(test::contains(test::error_of([&] { roles({"a"}, {.sft = "b"}); }), "there are no responses of 'b'"));
    CHECK(test::contains(test::error_of([&] { roles({"sft", "b"}, {.ceiling = "sft"}); }), "two roles"));
}

TEST_CASE("students are compared in pairs, with SFT or who was named second") {
    const std::vector<std::string> names{"sft", "weak", "human"};
    using pairs = std::vector<std::array<std::size_t, 2>>;
    CHECK(compared_pairs(names, {}) == pairs{{1, 0}, {2, 0}, {1, 2}});
    CHECK(compared_pairs(names, {.against = "weak"}) == pairs{{0, 1}, {2, 1}});
    CHECK(test::contains(test::error_of([&] { compared_pairs(names, {.against = "who"}); }), "--against"));
}

TEST_CASE("options that do not go together are refused") {
    evaluate_options options{.responses = {{.name = "a"}, {.name = "a"}}};
    CHECK(test::contains(test::error_of([&] { check(options); }), "--gold or --judge"));
    options.gold = {"T"};
    CHECK(test::contains(test::error_of([&] { check(options); }), "two students are called 'a'"));
    options.responses[1].name = "b";
    CHECK(test::error_of([&] { check(options); }).empty());
    options.length_unit = "miles";
    CHECK(test::contains(test::error_of([&] { check(options); }), "characters or words"));
}
