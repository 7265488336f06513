#include <functional>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/tables/rating_table.hpp>

using namespace preflearn;

namespace {

/// What reading the text as a wide table says; empty: it is read.
std::string wide_complaint(const std::string& text, const std::string& unit = "",
                           const rating_table_options& options = {}) {
    std::istringstream stream(text);
    try {
        wide_ratings(csv_file(csv_reader(stream, "t.csv")), unit, options);
    } catch (const input_error& refused) {
        return refused.what();
    }
    return "";
}

bool shape_says(const std::string& complaint, const std::string& what) {
    return complaint.find(what) != std::string::npos;
}

/// `rows` rows of what `cell(row)` makes.
std::string rows_text(const std::string& header, std::size_t rows, const std::function<std::string(std::size_t)>& row) {
    std::string text = header + "\n";
    for (std::size_t u = 0; u < rows; ++u) text += row(u) + "\n";
    return text;
}

} // namespace

TEST_CASE("a column that names units is refused with the option that is right") {
    const std::string ids = "id,r1,r2\n1,0,0\n2,1,1\n3,0,0\n4,1,0\n";
    CHECK(shape_says(wide_complaint(ids), "column 'id' does not look like a rater"));
    CHECK(shape_says(wide_complaint(ids), "--unit 'id'"));
    CHECK(wide_complaint(ids, "id").empty());
    CHECK(wide_complaint(ids, "", {.any_shape = true}).empty());
    CHECK(wide_complaint(ids, "", {.ignored = {"id"}}).empty());
    generator random(1, "shape");
    const auto rating = [&] { return std::to_string(1 + random.below(5)); };
    const auto refused = [&](const std::string& name, const std::function<std::string(std::size_t)>& id) {
        const std::string text =
            rows_text(name + ",r1,r2", 40, [&](std::size_t u) { return id(u) + "," + rating() + "," + rating(); });
        CAPTURE(text);
        CHECK(shape_says(wide_complaint(text), "column '" + name + "'"));
    };
    refused("x", [](std::size_t u) { return std::to_string(u); });
    refused("x", [](std::size_t u) { return std::to_string(100 + 37 * u % 97); });
    refused("x", [](std::size_t u) { return "q" + std::to_string(u); });
    refused("x", [](std::size_t u) { return "2024-01-" + std::to_string(u); });
    refused("x", [](std::size_t u) { return std::to_string(1.7e9 + 3.5 * static_cast<double>(u)); });
    refused("topic", [](std::size_t u) { return u % 3 == 0 ? "law" : "art"; });
    refused("unnamed 1", [](std::size_t u) { return std::to_string(u); });
    CHECK(shape_says(wide_complaint(",a,b\n0,1,2\n1,2,2\n"), "--unit 'unnamed 1'"));
    CHECK(wide_complaint(",a,b,\n0,1,2,\n1,2,2,\n", "unnamed 1").empty()); // a last column of nothing is none
    CHECK(shape_says(wide_complaint("u,a,b\n1,yes,no\n2,no,no\n3,yes,yes\n"),
                     "holds numbers where the other columns hold"));
    // A second one beside the unit's is to be left out.
    const std::string two = "id,when,r1,r2\na,9:01,0,0\nb,9:02,1,1\nc,9:05,0,0\nd,9:07,1,0\n";
    CHECK(shape_says(wide_complaint(two, "id"), "'when' does not look like a rater"));
    CHECK(shape_says(wide_complaint(two, "id"), "to leave it out, --ignore 'when'"));
    CHECK(shape_says(wide_complaint("x,a,b\n101,3,3\n102,4,4\n103,2,2\n104,5,5\n105,1,5\n"), "it counts the rows"));
    const std::string far = rows_text("n,a,b", 20, [&](std::size_t u) {
        return std::to_string(5000 + 37 * u % 101) + "," + std::to_string(random.uniform()) + "," +
               std::to_string(random.uniform());
    });
    CHECK(shape_says(wide_complaint(far), "far from those of the other columns"));
    // Among continuous scores.
    const std::string scores = rows_text("n,a,b", 20, [&](std::size_t u) {
        return std::to_string(u) + "," + std::to_string(random.uniform()) + "," + std::to_string(random.uniform());
    });
    CHECK(shape_says(wide_complaint(scores), "it counts the rows"));
}

TEST_CASE("a few rows are enough for an index that its name or its numbers give away") {
    const std::string ratings[] = {",0,3,1\n", ",2,3,2\n", ",4,1,4\n", ",1,2,0\n"};
    const auto complaint = [&](const std::string& name, std::size_t first, std::size_t step) {
        return wide_complaint(rows_text(name + ",a,b,c", 0, {}) + std::to_string(first) + ratings[0] +
                              std::to_string(first + 2 * step) + ratings[1] + std::to_string(first + 3 * step) +
                              ratings[2] + std::to_string(first + 7 * step) + ratings[3]);
    };
    CHECK(shape_says(complaint("x", 1'700'000'000, 37), "far from those of the other columns"));
    CHECK(shape_says(complaint("qid", 3, 1), "by its name"));
    CHECK(complaint("x", 5, 1).empty()); // a rater who likes everything
}

TEST_CASE("tables of raters are read: continuous, small, all different, sorted") {
    generator random(2, "shape");
    const auto read = [](const std::string& text) {
        CAPTURE(text);
        CHECK(wide_complaint(text).empty());
    };
    const auto score = [&] { return std::to_string(random.normal()); };
    read(rows_text("gold,pred", 300, [&](std::size_t) { return score() + "," + score(); }));
    read(rows_text(
        "gold,pred", 300, // a model's score beside a human's five points
        [&](std::size_t) { return std::to_string(random.below(5)) + "," + std::to_string(random.uniform() * 5); }));
    read("gold,pred\n1,1\n2,3\n3,2\n");
    read("gold,pred\n1,2\n2,3\n3,1\n4,4\n5,5\n"); // ranks
    read("gold,pred\n1,1\n2,2\n3,2\n4,4\n5,5\n"); // sorted, the other repeats
    read("gold,pred\n1,1\n2,2.5\n3,2.5\n4,4\n5,5\n6,6\n7,7.5\n8,7.5\n");
    read("a,b,c\n1,2,3\n4,5,6\n");
    read("a,b\ncat,cat\ndog,cat\nbird,dog\n");
    read("a,b,c\nyes,no,maybe\nno,no,no\n");
    read("a,b\nA,B\nB,A\n");
    read("a,b\n1,5\n2,6\n3,7\n4,8\n");
    read("only\n1\n2\n3\n4\n5\n");
    read("J1,J2,J3,J4\n9,2,5,8\n6,1,3,2\n8,4,6,8\n7,1,2,6\n10,5,6,9\n6,2,4,7\n");
    read(rows_text("a,b,c", 60, [&](std::size_t) { // rounded scores
        const auto rounded = [&] { return std::to_string(random.below(100)) + ".5"; };
        return rounded() + "," + rounded() + "," + rounded();
    }));
    read(rows_text("judge,answer,human", 30, [&](std::size_t) {
        const auto vote = [&] { return std::string(random.below(2) == 0 ? "A" : "B"); };
        return vote() + "," + vote() + "," + vote();
    }));
    read("a,b\n");
    read(rows_text("human,model", 30, [&](std::size_t u) { // points of a hundred beside a model's
        return std::to_string(37 * u % 101) + "," + std::to_string(random.uniform() * 100);
    }));
    CHECK(wide_complaint("unit,only\na,1\nb,2\nc,3\nd,4\ne,5\n", "unit").empty());
}

TEST_CASE("a number in another writing is the same value, not one that nobody else gives") {
    CHECK(wide_complaint("r1,r2\n1,1\n1.0,1\n01,1\n2,2\n2.0,2\n").empty());
    CHECK(wide_complaint("r1,r2,r3\n1,1.0,1\n2,2.0,1\n3,3.0,3\n4,4.0,3\n5,5.0,3\n").empty());
    CHECK(shape_says(wide_complaint("x,r1,r2\n1.0,0,0\n2.0,1,1\n3.0,0,0\n4.0,1,0\n"), "column 'x'"));
}

TEST_CASE("a long table is not read as a wide one, nor a wide one as long") {
    CHECK(shape_says(wide_complaint("unit,rater,value\n1,a,0\n1,b,0\n1,a,1\n2,a,1\n2,b,1\n"),
                     "a row for each rating: read it with --unit 'unit' --rater 'rater' --value 'value'"));
    CHECK(shape_says(wide_complaint("u,r,v\n1,c1,1\n1,c2,1\n2,c2,2\n"), "--unit 'u' --rater 'r' --value 'v'"));
    generator random(3, "shape");
    CHECK(shape_says(wide_complaint(rows_text("worker_id,item_id,label,time", 60,
                                              [&](std::size_t i) {
                                                  return "w" + std::to_string(i % 7) + ",i" + std::to_string(i / 3) +
                                                         "," + std::to_string(random.below(5)) + "," +
                                                         std::to_string(1000 + i);
                                              })),
                     "--unit 'item_id' --rater 'worker_id' --value 'label'"));
    CHECK(shape_says(wide_complaint(rows_text("a,b,c", 90, // units and raters are numbers, every unit has every rater
                                              [&](std::size_t i) {
                                                  return std::to_string(i / 3) + "," + std::to_string(i % 3) + "," +
                                                         std::to_string(random.below(5));
                                              })),
                     "--unit 'a' --rater 'b' --value 'c'"));
    // Also where its units are told.
    const std::string crowd = "unit,rater,value\n1,a,0\n1,b,0\n1,c,1\n2,a,1\n2,b,1\n";
    CHECK(shape_says(wide_complaint(crowd, "unit"), "--unit 'unit' --rater 'rater' --value 'value'"));
    CHECK(shape_says(wide_complaint("x,y,z\n1,a,0\n1,b,0\n1,c,1\n2,a,1\n2,b,1\n", "x"),
                     "--unit 'x' --rater 'y' --value 'z'"));
    const auto long_complaint = [](const std::string& text, bool any_shape) -> std::string {
        std::istringstream stream(text);
        try {
            long_ratings(csv_file(csv_reader(stream, "t.csv")), "id", "r1", "r2", {.any_shape = any_shape});
        } catch (const input_error& refused) {
            return refused.what();
        }
        return "";
    };
    const std::string wide = "id,r1,r2\n1,0,0\n2,1,1\n3,0,0\n4,1,0\n";
    CHECK(shape_says(long_complaint(wide, false), "this looks like a wide table"));
    CHECK(long_complaint(wide, true).empty());
    CHECK(shape_says(long_complaint("id,r1,r2\n1,.5,.25\n2,.75,.125\n3,.3,.6\n", false),
                     "does not look like a long table"));
    CHECK(long_complaint("id,r1,r2\n1,A,0\n1,B,1\n2,A,0\n", false).empty());
}
