#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/steps/pretokenise.hpp>

using namespace preflearn;
using pieces = std::vector<std::string>;

namespace {
pieces cut(std::string text, const std::vector<pretokenise_step>& steps,
           text_position position = text_position::start) {
    text_pieces found(std::move(text));
    for (const auto& step : steps) pretokenise(found, step, position);
    pieces all;
    found.for_each([&](std::string_view piece) { all.emplace_back(piece); });
    return all;
}
} // namespace

TEST_CASE("steps compose: what one has cut the next cuts further, looking no further than the piece") {
    CHECK(cut("a  12", {number_split{1}, gpt2_split()}) == pieces{"a", "  ", "1", "2"});
    CHECK(cut("a  12", {gpt2_split()}) == pieces{"a", " ", " 12"});
    CHECK(cut("", {number_split{1}, byte_level_step{true, true}, metaspace_step{}}).empty());
}

TEST_CASE("the byte-level step maps bytes after cutting, and may add a space") {
    CHECK(cut("é x\n", {byte_level_step{}}) == pieces{"Ã©", "Ġx", "Ċ"});
    CHECK(cut("a b", {byte_level_step{true, true}}) == pieces{"Ġa", "Ġb"});
    CHECK(cut(" a", {byte_level_step{true, false}}) == pieces{"Ġa"});
    CHECK(cut("\xff", {byte_level_step{}}) == pieces{"ÿ"});
}

TEST_CASE("metaspace marks words, in front of the text when asked to") {
    using enum metaspace_step::prefix;
    CHECK(cut("a b", {metaspace_step{}}) == pieces{"▁a", "▁b"});
    CHECK(cut(" a  b", {metaspace_step{.prepended = never}}) == pieces{"▁a", "▁", "▁b"});
    CHECK(cut("a", {metaspace_step{.prepended = first}}) == pieces{"▁a"});
    CHECK(cut("a", {metaspace_step{.prepended = first}}, text_position::after_added) == pieces{"a"});
    CHECK(cut("a b", {metaspace_step{.symbol = "_", .prepended = never, .splits = false}}) == pieces{"a_b"});
}

TEST_CASE("a text that goes on gets no space in front, its later pieces as ever") {
    using prefix = metaspace_step::prefix;
    for (const prefix prepended : {prefix::first, prefix::always})
        CHECK(cut("ab c", {metaspace_step{.prepended = prepended}}, text_position::continuation) == pieces{"ab", "▁c"});
    CHECK(cut("ab c", {metaspace_step{.prepended = prefix::always}}, text_position::after_added) ==
          pieces{"▁ab", "▁c"});
    CHECK(cut("a1", {number_split{1}, metaspace_step{}}, text_position::continuation) == pieces{"a", "▁1"});
    CHECK(cut("a b", {byte_level_step{true, true}}, text_position::continuation) == pieces{"a", "Ġb"});
}

TEST_CASE("an expression's matches stand alone, join a neighbour, join each other or go") {
    using enum expression_split::behaviours;
    const auto by = [](expression_split::behaviours behaviour, bool inverted = false) {
        return cut("a--b-", {expression_split{expression("-"), behaviour, inverted}});
    };
    CHECK(by(isolated) == pieces{"a", "-", "-", "b", "-"});
    CHECK(by(removed) == pieces{"a", "b"});
    CHECK(by(removed, true) == pieces{"-", "-", "-"});
    CHECK(by(joins_previous) == pieces{"a-", "-", "b-"});
    CHECK(by(joins_next) == pieces{"a", "-", "-b", "-"});
    CHECK(by(contiguous) == pieces{"a", "--", "b", "-"});
    CHECK(cut("abc", {expression_split{expression("(?=[bc])")}}) == pieces{"a", "b", "c"});
    CHECK(cut("", {expression_split{expression("-"), removed}}).empty());
}
