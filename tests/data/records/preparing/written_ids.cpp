#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/data/records/preparing/written_ids.hpp>

using namespace preflearn;

namespace {

/// A record on a line, from 1.
response_record on_line_with_id(std::size_t line, given_id given = {}) {
    return {.given = std::move(given), .line = line, .index = line - 1};
}
const given_id id_of_seven{.form = id_form::number, .number = 7}, id_of_text{.form = id_form::text, .text = "x"};

/// What records, and the items of suffixes, are called, the first in the first file, the second in the last.
std::string ids_written(const std::vector<std::filesystem::path>& inputs, bool file_in_front,
                        const std::vector<response_record>& records, const std::string& suffix = "") {
    written_ids ids(inputs, file_in_front);
    for (const response_record& each : records) ids.see(each, {.suffix = suffix});
    auto all = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < records.size(); ++i)
        all.push_back(ids.of(records[i], i == 0 ? 0 : inputs.size() - 1, suffix));
    return all.dump();
}

} // namespace

TEST_CASE("ids of one file are numbers where all are, and otherwise texts, all of them") {
    CHECK(ids_written({"a"}, false, {on_line_with_id(1, id_of_seven)}) == "[7]");
    CHECK(ids_written({"a"}, false, {on_line_with_id(1), on_line_with_id(2)}) == "[0,1]");
    CHECK(ids_written({"a"}, false, {on_line_with_id(1, id_of_seven), on_line_with_id(2, id_of_text)}) ==
          R"(["7","x"])");
    CHECK(ids_written({"a"}, false, {on_line_with_id(1, id_of_seven), on_line_with_id(2)}) == R"(["7","line 2"])");
    CHECK(ids_written({"a"}, false, {on_line_with_id(1), on_line_with_id(2, id_of_seven)}) == R"(["line 1","7"])");
    response_record of_array = on_line_with_id(9);
    of_array.index = 2;
    CHECK(ids_written({"a"}, false, {on_line_with_id(1, id_of_text), of_array}) == R"(["x","record 3"])");
    CHECK(ids_written({"a"}, false, {on_line_with_id(1, id_of_seven), on_line_with_id(2)}, "-chosen") ==
          R"(["7-chosen","line 2-chosen"])");
    CHECK(ids_written({"a"}, false, {on_line_with_id(1, id_of_seven)}, "-0-1") == R"(["7-0-1"])");
}

TEST_CASE("what has no id in several files is called by its file and line, files of one name by their number") {
    CHECK(ids_written({"u/a", "v/b"}, false, {on_line_with_id(4), on_line_with_id(4)}) == R"(["a:4","b:4"])");
    CHECK(ids_written({"u/a", "v/a"}, false, {on_line_with_id(4), on_line_with_id(4)}) == R"(["1:4","2:4"])");
    CHECK(ids_written({"u/a", "v/b"}, false, {on_line_with_id(1, id_of_seven), on_line_with_id(4)}) ==
          R"(["7","b:4"])");
    CHECK(ids_written({"u/a", "v/b"}, true, {on_line_with_id(1, id_of_seven), on_line_with_id(1, id_of_seven)}) ==
          R"(["a:7","b:7"])");
    CHECK(ids_written({"u/a"}, true, {on_line_with_id(1, id_of_text), on_line_with_id(2)}) == R"(["a:x","a:2"])");
}

TEST_CASE("a record's name does not depend on its suffix until some item has one") {
    written_ids ids({"a"}, false);
    const response_record record = on_line_with_id(1, id_of_seven);
    ids.see(record, {});
    CHECK(ids.of(record, 0, "-1").dump() == "7");
    ids.see(record, {.suffix = "-0"});
    CHECK(ids.of(record, 0, "-1").dump() == R"("7-1")");
    CHECK(ids.of(record, 0, "").dump() == R"("7")"); // a column has one type
    CHECK(ids.of(record, 0).dump() == "7");
}
