#include <doctest/doctest.h>

#include <preflearn/data/preferences/json_id.hpp>

using namespace preflearn;

TEST_CASE("an id is written as the file has it, up to the largest number") {
    pair_names names;
    const std::uint64_t largest = ~std::uint64_t{0};
    names.add({.form = id_form::number, .number = largest}, 0, 1);
    const auto text = names.add({.form = id_form::text, .text = "3"}, 1, 2);
    CHECK(json_id(names.find(largest)).dump() == "18446744073709551615");
    CHECK(json_id(names.find(text)).dump() == "\"3\"");
    CHECK(json_id(names.find(5)).dump() == "5"); // of no file
    const auto none = names.add({}, 2, 3);
    CHECK(json_id(names.find(none)).dump() == "\"line 3\"");
}
