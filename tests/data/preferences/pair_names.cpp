#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>

#include <preflearn/data/preferences/pair_names.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {
given_id number(std::uint64_t value) { return {.form = id_form::number, .number = value}; }
given_id text(const std::string& value) { return {.form = id_form::text, .text = value}; }
} // namespace

TEST_CASE("numbers are themselves inside, texts their hash, and what is given comes back") {
    pair_names names("a.jsonl");
    CHECK(names.add(number(7), 0, 1) == 7);
    CHECK(names.add(text("a7"), 1, 2) == hash_of("a7"));
    CHECK(names.add(text("7"), 2, 3) == hash_of("7")); // a text that looks like a number is another id
    CHECK(names.find(7).id == "7");
    CHECK(!names.find(7).is_text);
    CHECK(names.find(hash_of("7")).id == "7");
    CHECK(names.find(hash_of("7")).is_text);
    CHECK(names.find(hash_of("a7")).line == 2);
    CHECK(names.place(hash_of("a7")) == "a.jsonl:2: pair 'a7'");
    CHECK(names.place(7) == "a.jsonl:1: pair 7");
    CHECK(names.place(99) == "pair 99"); // of another file
}

TEST_CASE("lines without an id have their index, unless others have ids of their own") {
    pair_names names("a.jsonl");
    CHECK(names.add({}, 0, 1) == 0);
    CHECK(names.add({}, 3, 4) == 3);
    CHECK(names.find(3).id == "3");
    CHECK(names.place(3) == "a.jsonl:4: pair 3");
    CHECK(!names.some_are_given());
    names.add(text("x"), 4, 5);
    CHECK(names.some_are_given());
    CHECK(names.find(3).id == "line 4"); // 3 might be an id
    CHECK(names.find(3).is_text);
    CHECK(names.place(3) == "a.jsonl:4: the pair");
}

TEST_CASE("a line without an id and a number never clash, whichever comes first and however often") {
    pair_names names;
    std::set<std::uint64_t> inside;
    inside.insert(names.add(number(1), 0, 1));
    inside.insert(names.add({}, 1, 2)); // its index is taken
    inside.insert(names.add({}, 2, 3));
    const std::uint64_t moved = names.add(number(2), 3, 4); // taken by line 3
    inside.insert(moved);
    inside.insert(names.add(number(3), 4, 5));
    CHECK(inside.size() == 5);
    CHECK(names.find(moved).id == "2");
    CHECK(names.find(moved).number == 2);
    CHECK(test::error_of([&] { names.add(number(2), 5, 6); }) == "the id 2 was seen on line 4");
    CHECK(test::error_of([&] { names.add(number(3), 5, 6); }) == "the id 3 was seen on line 5");
    CHECK(test::error_of([&] { names.add(number(1), 5, 6); }) == "the id 1 was seen on line 1");
}

TEST_CASE("equal ids are refused by both lines, and so are two ids of one hash") {
    pair_names names("a.jsonl");
    names.add(text("a7"), 0, 1);
    CHECK(test::error_of([&] { names.add(text("a7"), 8, 9); }) == "the id 'a7' was seen on line 1");
    // two texts of one FNV-1a hash
    const std::string one = "8yn0iYCKYHlIj4-BwPqk", two = "GReLUrM4wMqfg9yzV3KQ";
    REQUIRE(hash_of(one) == hash_of(two));
    names.add(text(one), 1, 2);
    const std::string message = test::error_of([&] { names.add(text(two), 2, 3); });
    CHECK(test::contains(message, "'" + two + "'"));
    CHECK(test::contains(message, "'" + one + "' on line 2"));
    const std::string other = test::error_of([&] { names.add(number(hash_of("a7")), 3, 4); });
    CHECK(test::contains(other, std::to_string(hash_of("a7"))));
    CHECK(test::contains(other, "'a7' on line 1"));
}

TEST_CASE("long ids and control characters are shown shortly") {
    pair_names names("a.jsonl");
    const std::uint64_t id = names.add(text("\x1B[31m" + std::string(1000, 'x')), 0, 1);
    CHECK(names.place(id).size() < 200);
    CHECK(test::contains(names.place(id), "\\x1B"));
    CHECK(names.find(id).id.size() == 1005);
}

TEST_CASE("a message about a pair's number inside is given the file's words, other numbers are left") {
    pair_names names("a.jsonl");
    const std::uint64_t id = names.add(text("a7"), 0, 1);
    names.add({}, 1, 2);
    CHECK(names.renamed(message("step 3: pair ", id, ": x, pair 5, a pair of ", id, ", pair")) ==
          message("step 3: pair 'a7' (a.jsonl:1): x, pair 5, a pair of ", id, ", pair"));
    CHECK(names.renamed("pair 1") == "pair line 2 (a.jsonl:2)");
    CHECK(names.renamed("pair 99999999999999999999999").size() == 28);
    CHECK(names.renamed("").empty());
    const std::uint64_t line = names.add(text("line 2"), 2, 3); // somebody's id
    CHECK(names.find(line).id != names.find(1).id);
}
