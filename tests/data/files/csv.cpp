#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/files/csv.hpp>

using namespace preflearn;

namespace {

using record = std::vector<std::string>;

std::vector<record> records_of(const std::string& text, std::size_t maximum = default_maximum_line) {
    std::istringstream stream(text);
    csv_reader reader(stream, "table.csv", maximum);
    std::vector<record> all;
    while (const auto fields = reader.next()) all.emplace_back(fields->begin(), fields->end());
    return all;
}

/// The text as a field that must be quoted.
std::string in_quotes(const std::string& text) {
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
    return field + "\"";
}

} // namespace

TEST_CASE("plain fields, empty ones, and all three line ends") {
    const std::vector<record> expected{{"a", "b", "c"}, {"1", "", "3"}, {"", "", ""}};
    CHECK(records_of("a,b,c\n1,,3\n,,\n") == expected);
    CHECK(records_of("a,b,c\r\n1,,3\r\n,,\r\n") == expected);
    CHECK(records_of("a,b,c\n1,,3\n,,") == expected);
    CHECK(records_of("\xEF\xBB\xBF"
                     "a,b,c\n\n1,,3\n\r\n,,\n\n") == expected);
    CHECK(records_of("").empty());
    CHECK(records_of("\n\n").empty());
    CHECK(records_of("x") == std::vector<record>{{"x"}});
    CHECK(records_of("a,b\n  \t\n1,2\n") == std::vector<record>{{"a", "b"}, {"1", "2"}});
}

TEST_CASE("blanks around a field do not belong to it unless they stand in quotes") {
    CHECK(records_of(" left, right\t,two words ,\n") == std::vector<record>{{"left", "right", "two words", ""}});
    CHECK(records_of(" \" a \" , \"b,c\"\t\r\n\" \"") == std::vector<record>{{" a ", "b,c"}, {" "}});
}

TEST_CASE("semicolons and tabs are recognised in the line of column names, or told") {
    const std::vector<record> expected{{"a", "b c", "d"}, {"1,5", "", "x;y\t"}};
    CHECK(records_of("a;b c; d\n1,5;;\"x;y\t\"\n") == expected);
    CHECK(records_of("a\tb c\td \r\n1,5\t\t\"x;y\t\"\r\n") == expected);
    CHECK(records_of("sep=;\r\na;b c;d\r\n1,5;;\"x;y\t\"") == expected);
    CHECK(records_of("a\t\tb\n1\t\t\n") == std::vector<record>{{"a", "", "b"}, {"1", "", ""}});
    // Where several stand in the first line, the one that every line has as often counts.
    CHECK(records_of("a;b,c\n1;2\n3;4\n") == std::vector<record>{{"a", "b,c"}, {"1", "2"}, {"3", "4"}});
    CHECK(records_of("\"a;b\",c\n1,2\n") == std::vector<record>{{"a;b", "c"}, {"1", "2"}});
    CHECK(records_of("what, when\tscore\nx\t1\n") == std::vector<record>{{"what, when", "score"}, {"x", "1"}});
    CHECK_THROWS_WITH_AS(records_of("a;b,c\n1;2,3\n"),
                         "table.csv: the fields may be separated by commas or by semicolons; say which, as with "
                         "--separator comma",
                         input_error);
    std::istringstream stream("a;b,c\n1;2,3\n");
    csv_file told(csv_reader(stream, "table.csv", default_maximum_line, ';'));
    CHECK(told.columns() == record{"a", "b,c"});
    CHECK(told.recognised() == "separated by semicolons");
    CHECK(separator_named("tab") == '\t');
    CHECK(separator_named("|") == '|');
    CHECK_FALSE(separator_named("\"").has_value());
    CHECK_FALSE(separator_named("commas").has_value());
}

TEST_CASE("UTF-16 is converted, with a byte-order mark or without") {
    const std::u16string text = u"näme,人\n\"😀\n\",2\n";
    const std::vector<record> expected{{"näme", "人"}, {"😀\n", "2"}};
    for (const bool big : {false, true}) {
        for (const std::string mark : {"", "\xFF\xFE"}) {
            std::string bytes = big ? std::string(mark.rbegin(), mark.rend()) : mark;
            for (const char16_t unit : text) {
                const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
                bytes += {big ? high : low, big ? low : high};
            }
            CHECK(records_of(bytes) == expected);
            std::istringstream stream(bytes);
            CHECK(csv_file(csv_reader(stream, "t")).recognised() ==
                  (big ? "read as UTF-16 (big-endian)" : "read as UTF-16 (little-endian)"));
            CHECK_THROWS_WITH_AS(records_of(bytes + "x"), doctest::Contains("ends inside a character"), input_error);
        }
    }
    using namespace std::string_literals;
    CHECK_THROWS_WITH_AS(records_of("\xFF\xFE\0\xDC,\0"s), doctest::Contains("byte 3 belongs to half a surrogate"),
                         input_error);
    CHECK_THROWS_WITH_AS(records_of("\xFF\xFE\0\0a\0\0\0"s), doctest::Contains("is UTF-32"), input_error);
    CHECK_THROWS_WITH_AS(records_of("a,b\n1,\0\0\n"s), doctest::Contains("table.csv:2: field 2 holds a NUL byte"),
                         input_error);
}

TEST_CASE("Latin-1 is read byte by byte, and that is said") {
    std::istringstream stream("left;right\nJos\xE9;Jos\xE8\n");
    csv_file file(csv_reader(stream, "t"));
    CHECK(file.recognised() == "not UTF-8 (Latin-1, perhaps), so that letters beyond ASCII are kept but cannot be "
                               "shown, separated by semicolons");
    const auto row = file.next();
    REQUIRE(row.has_value());
    CHECK((*row)[0] != (*row)[1]);
}

TEST_CASE("UTF-16 is converted across blocks") {
    std::string bytes = "\xFF\xFE";
    for (int i = 0; i < 90'000; ++i) // 60,001 units of 3 bytes each would never end with a block
        for (const char c : std::string("a,\n")) bytes += {c, '\0'};
    const auto records = records_of(bytes);
    CHECK(records.size() == 90'000);
    CHECK(records.back() == record{"a", ""});
}

TEST_CASE("quotes hold commas, line ends and quotes") {
    CHECK(records_of("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n\"\",x\n") ==
          std::vector<record>{{"a,b", "say \"hi\"", "two\nlines"}, {"", "x"}});
    CHECK(records_of("\"\"\n") == std::vector<record>{{""}}); // an empty field that is meant
    CHECK(records_of("\"a\r\nb\"\r\n\"\"\"\"") == std::vector<record>{{"a\r\nb"}, {"\""}});
}

TEST_CASE("what was written is what is read, for any bytes and any block borders") {
    generator random(3, "csv");
    for (int trial = 0; trial < 30; ++trial) {
        std::vector<record> expected;
        std::string text;
        for (int r = 0; r < 400; ++r) {
            record fields(4);
            for (std::string& field : fields) {
                const std::size_t length = random.below(trial == 0 ? 900 : 12);
                for (std::size_t i = 0; i < length; ++i) field += "ab,\"\n\r x"[random.below(8)];
                text += in_quotes(field) + (&field == &fields.back() ? "\r\n" : ",");
            }
            expected.push_back(fields);
        }
        CHECK(records_of(text) == expected);
    }
}

TEST_CASE("malformed records are refused by file and line") {
    CHECK_THROWS_WITH_AS(records_of("a,b\n1,\"open\n2,3\n"),
                         doctest::Contains("table.csv:2: field 2 opens a quote that is never closed"), input_error);
    CHECK_THROWS_WITH_AS(records_of("a\n\n1\"2,3\n"), doctest::Contains("table.csv:3: field 1 holds a quote"),
                         input_error);
    CHECK_THROWS_WITH_AS(records_of("a,\"b\"c\n"), doctest::Contains("table.csv:1: field 2 goes on"), input_error);
    CHECK_THROWS_WITH_AS(records_of("a,b\rc,d\r"),
                         doctest::Contains("table.csv:1: field 2 holds a carriage return that ends no line"),
                         input_error);
    CHECK_THROWS_WITH_AS(records_of("a\n" + std::string(2000, 'x') + "\n", 1000),
                         doctest::Contains("table.csv:2: the record is longer than the 1000 bytes"), input_error);
    CHECK_THROWS_AS(csv_reader("/nonexistent/file.csv"), input_error);
    CHECK_THROWS_AS(csv_reader("/"), input_error);
}

TEST_CASE("a line without an end is not kept in memory") {
    // The stream gives "x" for ever; only the bound ends it.
    struct endless : std::streambuf {
        char block[4096];
        endless() { std::fill_n(block, sizeof block, 'x'); }
        int_type underflow() override {
            setg(block, block, block + sizeof block);
            return 'x';
        }
    } buffer;
    std::istream stream(&buffer);
    csv_reader reader(stream, "endless.csv");
    CHECK_THROWS_WITH_AS(reader.next(), doctest::Contains("endless.csv:1"), input_error);
}

TEST_CASE("a file has named columns and rows of equal length") {
    const auto opened = [](const std::string& text, const auto& use) {
        std::istringstream stream(text);
        csv_file file(csv_reader(stream, "table.csv"));
        use(file);
    };
    const auto all_rows = [](csv_file& file) {
        while (file.next()) continue;
    };
    opened("unit, A,B\n1,x,\"y\nz\"\n2,,w\n", [](csv_file& file) {
        CHECK(file.columns() == record{"unit", "A", "B"});
        CHECK(file.column("B") == 2);
        CHECK(file.find("A") == 1);
        CHECK_FALSE(file.find("C").has_value());
        CHECK((*file.next())[2] == "y\nz");
        CHECK((*file.next())[2] == "w");
        CHECK(message(file.place()) == "table.csv:4");
        CHECK_FALSE(file.next().has_value());
    });
    opened(",a,\n1,2,\n", [](csv_file& file) { CHECK(file.columns() == record{"unnamed 1", "a", "unnamed 3"}); });
    // What cannot be seen in a name is shown.
    opened("\" A\",b\n", [](csv_file& file) {
        CHECK_THROWS_WITH_AS((void)file.column("A"), "table.csv: there is no column 'A' among ' A', 'b'", input_error);
    });
    CHECK(csv_fields("a, \"b,c\" ,", "--list") == record{"a", "b,c", ""});
    CHECK(csv_fields("", "--list").empty());
    CHECK_THROWS_WITH_AS(opened("", all_rows), doctest::Contains("table.csv: the file is empty"), input_error);
    CHECK_THROWS_WITH_AS(opened("a,b, a\n", all_rows), "table.csv:1: two columns are named 'a'", input_error);
    CHECK_THROWS_WITH_AS(opened("a,b\n1,2\n1,2,3\n", all_rows),
                         "table.csv:3: 3 fields found, expected one for each of 2 columns", input_error);
}
