#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include <preflearn/data/records/preparing/record_target.hpp>

#include "../../../files.hpp"

using namespace preflearn;

TEST_CASE("every name that is listed is a format, with -conversational behind it the same shape in turns") {
    const std::string listed = record_target_names();
    std::size_t known = 0;
    for (std::string_view rest = listed; rest.find(", ") != std::string_view::npos; ++known) {
        const std::string name(rest.substr(0, rest.find(", ")));
        rest.remove_prefix(name.size() + 2);
        INFO(name);
        const record_target plain = record_target_named(name), turns = record_target_named(name + "-conversational");
        CHECK(plain.style == text_style::text);
        CHECK(turns == record_target{plain.shape, text_style::conversation});
    }
    CHECK(known == 8);
    CHECK(test::contains(listed, ", hh;"));
    CHECK(record_target_named("hh") == record_target{record_shape::pairs, text_style::transcript});
    CHECK(record_target_named("trl") == record_target{}); // what is written unless something else is asked for
    CHECK(record_target_named("explicit") == record_target_named("trl"));
    CHECK(record_target_named("kto").shape == record_shape::singles);
    CHECK(record_target_named("sft-conversational").shape == record_shape::demonstrations);
}

TEST_CASE("other names are refused with those that there are") {
    for (const char* const name : {"", "-conversational", "hh-conversational", "TRL",
                                   "trl-conversational-conversational", "conversational", "trl-"}) {
        INFO(name);
        CHECK_THROWS_AS(record_target_named(name), argument_error);
        CHECK(test::contains(test::error_of([&] { record_target_named(name); }), record_target_names()));
    }
}
