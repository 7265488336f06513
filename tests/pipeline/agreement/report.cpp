#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/pipeline/agreement/report.hpp>
#include <preflearn/pipeline/agreement/study.hpp>

using namespace preflearn;

namespace {

agreement_study ratings_study(const std::string& text, agreement_study_options options = {}) {
    std::istringstream stream(text);
    options.bootstrap.replicates = 20;
    return study_agreement(wide_ratings(csv_file(csv_reader(stream, "t.csv"))), options);
}

bool report_holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("text and JSON say what was read: units, raters, ratings, missing cells by word, categories, level") {
    const agreement_study study =
        ratings_study("a,b\nyes,yes\nno,NA\nno,no\nyes,no\n,no\n", {.bootstrap = {.confidence = 0.9}});
    const std::string text = to_text(study);
    CHECK(report_holds(text, "units: 5, raters: 2, ratings: 8, missing: 2 (NA 1, empty 1), level: nominal"));
    CHECK(report_holds(text, "categories: no (5), yes (3)"));
    CHECK(report_holds(text, "McNemar p"));
    const nlohmann::ordered_json json = to_json(study);
    CHECK(json["level"] == "nominal");
    CHECK(json["confidence"] == 0.9);
    CHECK(json["units"] == 5);
    CHECK(json["ratings"] == 8);
    CHECK(json["missing"]["total"] == 2);
    CHECK(json["missing"]["words"]["NA"] == 1);
    CHECK(json["raters"][1].dump() == R"({"name":"b","ratings":4})");
    CHECK(json["categories"][0].dump() == R"({"name":"no","ratings":5})");
    CHECK(json["cohen_kappa"]["value"].get<double>() == doctest::Approx(0.4));
    CHECK(json["pairs"][0]["mcnemar"]["p"] == 1);
    CHECK_FALSE(json["pairs"][0].contains("pearson_r"));
}

TEST_CASE("pairs are shown up to a number of raters, and beyond on request") {
    std::string text = "r0";
    for (int r = 1; r < 13; ++r) text += ",r" + std::to_string(r);
    text += "\n";
    for (int u = 0; u < 4; ++u)
        for (int r = 0; r < 13; ++r) text += std::to_string((u * r) % 3) + (r < 12 ? "," : "\n");
    const agreement_study study = ratings_study(text);
    CHECK(study.pairs.size() == 78);
    CHECK_FALSE(report_holds(to_text(study), "Every rater"));
    CHECK(report_holds(to_text(study), "13 raters: their pairs are not shown, --pairs shows them"));
    CHECK(report_holds(to_text(study, 13), "Every rater"));
    CHECK(to_json(study)["pairs"].size() == 78);
    CHECK(ratings_study(text, {.most_raters_in_pairs = 12}).pairs.empty());
}

TEST_CASE("a coefficient of exactly 1 says that its interval is degenerate, zero has no sign, infinity a name") {
    const agreement_study perfect = ratings_study("a,b\n1,1.0\n2,2.0\n3,3\n");
    CHECK(report_holds(to_text(perfect), "ok, degenerate interval"));
    CHECK(report_holds(to_text(perfect), "certainty."));
    CHECK(to_json(perfect)["cohen_kappa"]["degenerate"] == true);
    const agreement_study zero = ratings_study("a,b,c,d,e\n3,3,3,3,3\n3,3,3,3,\n3,3,,3,3\n3,3,,3,3\n3,3,3,1,3\n");
    CHECK_FALSE(report_holds(to_text(zero), "-0.0000"));
    agreement_study endless = perfect;
    endless.coefficients = {
        {"icc_2_k", {.value = -3, .bounds = {-INFINITY, 0.5}, .count = 3, .status = estimate_status::ok}},
        {"icc_1_k", estimate::none(estimate_status::too_few)}};
    CHECK(to_json(endless)["icc_2_k"]["low"] == "-Infinity");
    CHECK(to_json(endless)["icc_1_k"]["low"].is_null());
}

TEST_CASE("so does the kappa of one pair among others") {
    const agreement_study study = ratings_study("a,b,c\nx,x,y\ny,y,y\nx,x,x\n");
    CHECK(report_holds(to_text(pair_table(study)), "is degenerate"));
    CHECK(to_json(study)["pairs"][0]["cohen_kappa"]["degenerate"] == true);
    CHECK(to_json(study)["pairs"][1]["cohen_kappa"]["degenerate"] == false);
    CHECK_FALSE(report_holds(to_text(pair_table(ratings_study("a,b\nx,y\ny,y\nx,x\n"))), "degenerate"));
}

TEST_CASE("names cannot break the terminal, JSON keeps them") {
    const agreement_study study = ratings_study("\"evil\nname\x1B[31m\",b\nyes,no\nno,\x1B[2J\nno,no\n");
    const std::string text = to_text(study);
    CHECK(std::ranges::count(text, '\x1B') == 0);
    CHECK(report_holds(text, "evil\\nname\\x1B[31m"));
    CHECK(to_json(study)["raters"][0]["name"] == "evil\nname\x1B[31m");
}

TEST_CASE("the truth behind the ratings, on request") {
    std::string text = "a,b,c\n";
    for (int u = 0; u < 30; ++u)
        text += std::string(u % 2 == 0 ? "x,x," : "y,y,") +
                (u % 5 == 0 ? (u % 2 == 0 ? "y" : "x") : (u % 2 == 0 ? "x" : "y")) + "\n";
    const agreement_study study = ratings_study(text, {.dawid_skene = true});
    REQUIRE(study.truth.accuracies.size() == 3);
    CHECK(study.truth.accuracies[0] == doctest::Approx(1));
    CHECK(study.truth.accuracies[2] == doctest::Approx(0.8));
    CHECK(report_holds(to_text(study), "Truth behind the ratings"));
    const table labels = label_table(study);
    CHECK(labels.rows.size() == 30);
    CHECK(std::get<std::string>(labels.rows[1][1].content) == "y");
    CHECK(labels.columns.back().name == "P(y)");
    const nlohmann::ordered_json json = to_json(study);
    CHECK(json["dawid_skene"]["prior"]["x"].get<double>() == doctest::Approx(0.5));
    CHECK(json["dawid_skene"]["raters"][2]["confusion"][0][1].get<double>() == doctest::Approx(0.2));
    CHECK_THROWS_AS(label_table(ratings_study(text)), argument_error);
    CHECK_FALSE(to_json(ratings_study(text)).contains("dawid_skene"));
    CHECK(report_holds(to_text(ratings_study("a,b,c\n", {.dawid_skene = true})), "empty"));
    std::string many = "a,b\n";
    for (int u = 0; u < 5000; ++u) many += std::to_string(u) + ".5," + std::to_string(u) + ".25\n";
    CHECK_THROWS_WITH_AS(ratings_study(many, {.dawid_skene = true}), doctest::Contains("parameters, too many"),
                         input_error);
}
