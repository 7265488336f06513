#include <doctest/doctest.h>

#include <preflearn/programs/generating/generate_options.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("options that do not go together are refused in words") {
    const auto fault = [](const auto& change) {
        generate_options options{.model = "m", .data = "d", .out = "o"};
        change(options);
        return test::error_of([&] { check(options); });
    };
    CHECK(fault([](generate_options&) {}).empty());
    CHECK(test::contains(fault([](generate_options& o) { o.best_of = 4; }), "need a teacher"));
    CHECK(test::contains(fault([](generate_options& o) { o.teacher = "t"; }), "a teacher chooses"));
    CHECK(test::contains(fault([](generate_options& o) {
                             o.teacher = "t";
                             o.best_of = 2;
                             o.count = 3;
                         }),
                         "the 3 best of 2"));
    CHECK(test::contains(fault([](generate_options& o) {
                             o.teacher = "t";
                             o.best_of = 2;
                             o.search = search_options{};
                         }),
                         "a search chooses already"));
    CHECK(test::contains(fault([](generate_options& o) { o.stop_strings = {""}; }), "not empty"));
    CHECK(test::contains(fault([](generate_options& o) { o.sampling.min_p = 1.5; }), "min_p"));
    generate_options search{.count = 3};
    search.search = search_options{.width = 2, .successors = 5};
    CHECK(search.sequences() == 30);
    CHECK(generate_options{.best_of = 7}.drawn() == 7);
}
