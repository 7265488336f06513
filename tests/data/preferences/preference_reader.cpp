#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include <preflearn/data/preferences/preference_reader.hpp>

#include "../../files.hpp"
#include "../gzip.hpp"

using namespace preflearn;

namespace {
const std::string good = R"({"prompt": "p", "chosen": "a", "rejected": "b"})";
std::string with_id(int id) {
    return R"({"id": )" + std::to_string(id) + R"(, "prompt": "p", "chosen": "a", "rejected": "b"})";
}
preference_data read_all(const std::string& content, const preference_options& options = {}) {
    std::istringstream stream(content);
    preference_reader reader(stream, "pairs.jsonl", options);
    return read_preferences(reader);
}
std::vector<std::uint64_t> ids_of(const preference_data& data) {
    std::vector<std::uint64_t> id_list;
    for (const auto& pair : data.comparisons()) id_list.push_back(pair.id);
    return id_list;
}
using id_list = std::vector<std::uint64_t>;
} // namespace

TEST_CASE("ids are line indices from 0, blank lines counted, or the records' own") {
    CHECK(ids_of(read_all(good + "\n" + good + "\n")) == id_list{0, 1});
    CHECK(ids_of(read_all("\n" + good + "\r\n \t\r\n\n" + good)) == id_list{1, 4});
    CHECK(ids_of(read_all("\xEF\xBB\xBF" + with_id(9) + "\n" + good + "\n" + with_id(0))) == id_list{9, 1, 0});
    CHECK(read_all("").empty());
    CHECK(read_all("\n\n").empty());
}

TEST_CASE("a malformed line is an error with file, line and field, and reading goes on behind it") {
    std::istringstream stream(with_id(0) + "\n\n{\"chosen\": 1}\n" + with_id(0) + "\n{\n" + good);
    preference_reader reader(stream, "pairs.jsonl", {.maximum_line = 100});
    CHECK(reader.next()->id == 0);
    CHECK(test::error_of([&] { reader.next(); }) ==
          "pairs.jsonl:3: field 'rejected': found nothing, expected a text or a list of turns {role, content}");
    CHECK(test::error_of([&] { reader.next(); }) == "pairs.jsonl:4: the id 0 was seen on line 1");
    CHECK(test::contains(test::error_of([&] { reader.next(); }), "pairs.jsonl:5: is not valid JSON at byte 2"));
    CHECK(reader.next()->id == 5);
    CHECK(!reader.next());
    CHECK(!reader.next());
    CHECK(reader.skipped().count == 0);
}

TEST_CASE("malformed lines are skipped and counted when asked, and ids stay those of the lines") {
    const std::string role =
        R"({"chosen": [{"role": "bot", "content": ""}, {"role": "assistant", "content": ""}], "rejected": [{"role": "bot", "content": ""}, {"role": "assistant", "content": ""}]})";
    const std::string content =
        "{\n" + with_id(1) + "\n" + std::string(1000, ' ') + "\n" + with_id(1) + "\n" + role + "\n" + good + "\n[]";
    const auto data = read_all(content, {.skip_malformed = true, .kept_messages = 3, .maximum_line = 500});
    CHECK(ids_of(data) == id_list{1, 5});
    CHECK(data.skipped.count == 5);
    REQUIRE(data.skipped.messages.size() == 3);
    CHECK(test::contains(data.skipped.messages[0], "pairs.jsonl:1: is not valid JSON"));
    CHECK(data.skipped.messages[1] == "pairs.jsonl:3: the line is longer than the 500 bytes allowed");
    CHECK(data.skipped.messages[2] == "pairs.jsonl:4: the id 1 was seen on line 2");
    REQUIRE(data.skipped.lines.size() == 5); // every one of them, without the place
    CHECK(data.skipped.lines[3].line == 5);
    CHECK(data.skipped.reasons[data.skipped.lines[2].reason] == "the id 1 was seen on line 2");
    CHECK(data.skipped.reasons[data.skipped.lines[4].reason] == "found array, expected one JSON object a line");
    CHECK(read_all("[]\n[]\n" + good, {.skip_malformed = true}).skipped.reasons.size() == 1);
    CHECK_THROWS_AS(read_all(role), input_error); // what the renderer throws is the line's error
}

TEST_CASE("ids are read from the field that is named, which must be there") {
    const std::string named = R"({"uid": "q-1", "prompt": "p", "chosen": "a", "rejected": "b"})";
    const auto data = read_all(named + "\n" + good, {.id_field = "uid"});
    CHECK(data.comparisons()[0].id == hash_of("q-1"));
    CHECK(data.names().place(data.comparisons()[0].id) == "pairs.jsonl:1: pair 'q-1'");
    CHECK(data.names().place(data.comparisons()[1].id) == "pairs.jsonl:2: the pair");
    CHECK(test::error_of([&] { read_all(named, {.id_field = "uuid"}); }) ==
          "pairs.jsonl: no pair has the field 'uuid', which is to hold its id");
    CHECK(read_all(good, {.id_field = ""}).size() == 1);
    CHECK(read_all("", {.id_field = "uuid"}).empty());
}

TEST_CASE("files are read by path, gzipped or not, and damage to a file is never skipped") {
    const test::folder folder;
    const auto size = [](const std::filesystem::path& path) { return read_preferences(path).size(); };
    CHECK(size(folder.write("a.jsonl", good + "\n" + good)) == 2);
    CHECK(size(folder.write("b", test::gzipped(good + "\n") + test::gzipped(good + "\n"))) == 2);
    const std::string zipped = test::gzipped(good + "\n" + good + "\n");
    const auto path = folder.write("c.gz", zipped.substr(0, zipped.size() - 4));
    CHECK(test::error_of([&] { read_preferences(path, {.skip_malformed = true}); }) ==
          path.string() + ": the gzip data end early; the file is cut short");
    CHECK_THROWS_AS(read_preferences(folder / "none", {.skip_malformed = true}), input_error);
}

TEST_CASE("a reader streams: a record comes before the rest of the stream is there") {
    std::stringstream stream;
    stream << good << "\n";
    preference_reader reader(stream, "pipe");
    CHECK(reader.next()->prompt == "p");
    CHECK(reader.line() == 1);
    preference_reader moved = std::move(reader);
    CHECK(!moved.next());
}
