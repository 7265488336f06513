#include <doctest/doctest.h>

#include <set>
#include <string_view>

#include <preflearn/policy/family/families.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("families are found by each of their names; an unknown one is told with those that are known") {
    std::set<std::string_view> names;
    for (const decoder_family& family : families::all) {
        CHECK(family_named(families::all, &decoder_family::model_type, family.model_type, "x") == family);
        CHECK(names.insert(family.model_type).second);
    }
    const auto error = test::error_of(
        [] { (void)family_named(families::all, &decoder_family::model_type, "mamba", "config.json: model_type"); });
    CHECK(error.starts_with("config.json: model_type: \"llama\" or \""));
    CHECK(error.ends_with("\" was expected, found \"mamba\""));
    for (const std::string_view name : names) CHECK(test::contains(error, message('"', name, '"')));
    const auto of_file = test::error_of(
        [] { (void)family_named(families::all, &decoder_family::gguf_name, "mamba", "general.architecture"); });
    CHECK(of_file.find("\"llama\"") == of_file.rfind("\"llama\"")); // which several share
    CHECK_THROWS_AS((void)family_named(families::all, &decoder_family::gguf_name, "", "x"), input_error);
}
