#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

#include <preflearn/text/chat/end_of_turn.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("every format has a name of its own, by which it is found") {
    std::set<std::string_view> names;
    for (const auto& [name, format] : chat_formats) {
        CHECK(names.insert(name).second);
        CHECK(chat_format_named(name) == format);
    }
    CHECK(layout_of(chat_format::openchat).name == "openchat"); // the last: the table is in the order of the names
    CHECK(layout_of(chat_format::gemma).name == "gemma");
    CHECK(test::contains(test::error_of([] { (void)chat_format_named("auto"); }), "there are transcript, chatml"));
}

TEST_CASE("an assistant's turn ends in what ends turns, and responses so rendered get no second end") {
    for (const auto& [name, format] : chat_formats) {
        const chat_layout& layout = layout_of(format);
        CAPTURE(std::string(name));
        CHECK(end_of_turn(format) == layout.end_of_turn);
        if (format == chat_format::transcript) continue;
        CHECK(without_space_at_end(layout.assistant_after).ends_with(layout.end_of_turn));
        const bool known = std::ranges::find(end_of_turn_marks, layout.end_of_turn) != end_of_turn_marks.end();
        CHECK((known || layout.end_of_turn == "</s>"));
    }
}
