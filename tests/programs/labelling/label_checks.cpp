#include <doctest/doctest.h>

#include <preflearn/programs/labelling/label_checks.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("options that do not go together, and options of pairs for a file without any, are refused by name") {
    label_options options{.data = "d.jsonl", .out = "l.jsonl.gz"};
    CHECK(test::contains(test::error_of([&] { detail::check_label_options(options); }), "plain JSONL"));
    options.out = "l.jsonl";
    detail::check_label_options(options);
    const label_rule top{label_rule_kind::top, 50};
    detail::surveyed_file file;
    file.names = pair_names("d.jsonl");
    file.names.insert(0, {}, 3);
    file.records.push_back({.id = 0, .line = 3, .responses = 4});
    CHECK(detail::options_of_pairs(options, top).empty()); // the folder's own rule is no option
    detail::check_has_pairs(options, top, file);
    options.rule = top;
    options.flips = label_flips{};
    const auto fault = [&] { return test::error_of([&] { detail::check_has_pairs(options, top, file); }); };
    CHECK(test::contains(fault(), "--rule top, --flip: a label of two responses has this"));
    CHECK(test::contains(fault(), "d.jsonl:3"));
    CHECK(test::contains(fault(), "has 4 responses, which get scores"));
    file.records.push_back({.id = 0, .responses = 2});
    detail::check_has_pairs(options, top, file);
}
