// Tables of ratings from field reports: missing words, numbers as categories, declared scales, wrong shapes, encodings.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/tables/rating_table.hpp>
#include <preflearn/pipeline/agreement/report.hpp>
#include <preflearn/pipeline/agreement/study.hpp>

#include "field_file.hpp"

using namespace preflearn;

namespace {

/// Reads a field file as a wide table and studies it.
struct field_table {
    std::filesystem::path path;
    std::string unit{};
    agreement_study study{};

    explicit field_table(std::string_view name, std::string_view unit_column = {}, agreement_study_options options = {})
        : path(test::field_file(name)), unit(unit_column) {
        if (path.empty()) return;
        options.bootstrap.replicates = 20;
        study = study_agreement(wide_ratings(csv_file(path), unit), options);
    }
    explicit operator bool() const { return !path.empty(); }
    [[nodiscard]] const estimate& operator[](std::string_view coefficient) const {
        const auto at = std::ranges::find(study.coefficients, coefficient, &named_estimate::name);
        REQUIRE(at != study.coefficients.end());
        return at->value;
    }
    /// To the four digits that are given.
    [[nodiscard]] bool is(std::string_view coefficient, double expected) const {
        return std::abs((*this)[coefficient].value - expected) < 0.5e-4;
    }
};

/// What reading the file as a wide table is refused with.
std::string wide_refusal(const std::filesystem::path& path) {
    try {
        wide_ratings(csv_file(path));
    } catch (const input_error& refused) {
        return refused.what();
    }
    return "read";
}

bool refusal_holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("words for missing ratings are no category") {
    for (const char* name : {"b01-na-text.csv", "b01-na-text-empty.csv"}) {
        const field_table table(name, "u");
        if (!table) continue;
        CHECK(table.is("cohen_kappa", 0.6154));
        CHECK(table.is("krippendorff_alpha", 0.64));
        CHECK(table.study.missing.total() == 4);
    }
}

TEST_CASE("1 and 1.0 are one category, and agreement of exactly 1 has a degenerate interval") {
    const field_table table("b02-pandas-int-float.csv");
    if (!table) return;
    for (const char* name : {"raw_agreement", "cohen_kappa", "fleiss_kappa", "gwet_ac1", "krippendorff_alpha"})
        CHECK(table[name].value == doctest::Approx(1).epsilon(1e-15));
    CHECK(table["cohen_kappa"].degenerate());
    CHECK(refusal_holds(to_text(table.study), "degenerate"));
}

TEST_CASE("a table of another shape is refused with what is right") {
    if (const auto path = test::field_file("b10-id-column.csv"); !path.empty())
        CHECK(refusal_holds(wide_refusal(path), "--unit 'id'"));
    if (const auto path = test::field_file("b11-duplicate-rating.csv"); !path.empty()) {
        CHECK(refusal_holds(wide_refusal(path), "--unit 'unit' --rater 'rater' --value 'value'"));
        CHECK_THROWS_WITH_AS(long_ratings(csv_file(path), "unit", "rater", "value"),
                             doctest::Contains(":4: rater 'a' has rated unit '1' on line 2 already"), input_error);
    }
    if (const auto path = test::field_file("b01-na-text.csv"); !path.empty())
        CHECK(refusal_holds(wide_refusal(path), "--unit 'u'"));
    if (const auto path = test::field_file("a04-alpha-singleton-long.csv"); !path.empty()) {
        CHECK(refusal_holds(wide_refusal(path), "--unit 'u' --rater 'r' --value 'v'"));
        const agreement_study study = study_agreement(long_ratings(csv_file(path), "u", "r", "v"));
        CHECK(study.coefficients.back().name == "icc_3_k");
        for (const named_estimate& e : study.coefficients)
            if (e.name == "krippendorff_alpha") CHECK(e.value.status == estimate_status::single_category);
    }
}

TEST_CASE("a declared scale counts the category that nobody used") {
    agreement_study_options options{.level = measurement_level::ordinal, .categories = {"1", "2", "3", "4", "5"}};
    const field_table ordinal("c02-skipped-category.csv", "", options);
    options.level = measurement_level::interval;
    const field_table interval_level("c02-skipped-category.csv", "", options);
    if (!ordinal) return;
    // irrCAC with categories=[1, 2, 3, 4, 5]; krippendorff, scipy
    CHECK(ordinal.is("weighted_cohen_kappa", 0.2340));
    CHECK(ordinal.is("weighted_brennan_prediger", 0.1964));
    CHECK(ordinal.is("gwet_ac2", 0.3499));
    CHECK(interval_level.is("weighted_brennan_prediger", 0.1875));
    CHECK(interval_level.is("gwet_ac2", 0.3629));
    const rater_pair_agreement& pair = ordinal.study.pairs.front();
    CHECK(pair.kendall.value == doctest::Approx(0.2222771122371935));
    CHECK(pair.spearman.value == doctest::Approx(0.233785950059759));
    CHECK(pair.pearson.value == doctest::Approx(0.2519763153394848));
    CHECK(pair.stuart_maxwell.p_value == doctest::Approx(0.43780504346076843));
    CHECK(pair.bhapkar.p_value == doctest::Approx(0.25002455157611725));
}

TEST_CASE("words have the order that is declared") {
    const field_table table("b26-text-ordinal.csv", "",
                            {.level = measurement_level::ordinal, .categories = {"neg", "ind", "pos"}});
    if (!table) return;
    CHECK(table.is("krippendorff_alpha", 0.0638)); // krippendorff; the others irrCAC
    CHECK(table.is("gwet_ac2", 0.1199));
    CHECK(table.is("weighted_fleiss_kappa", 0.0132));
    CHECK(table.is("weighted_conger_kappa", 0.0964));
    CHECK(table.is("weighted_brennan_prediger", 0.1));
}

TEST_CASE("what was right stays right") {
    using enum estimate_status;
    const std::pair<measurement_level, double> levels[] = {{measurement_level::nominal, 0.743421},
                                                           {measurement_level::ordinal, 0.815388},
                                                           {measurement_level::interval, 0.849107},
                                                           {measurement_level::ratio, 0.797403}};
    for (const auto& [level, alpha] : levels)
        if (const field_table table("a01-kripp-ordinal-wide.csv", "", {.level = level}); table)
            CHECK(table["krippendorff_alpha"].value == doctest::Approx(alpha).epsilon(1e-6));
    for (const char* name : {"a02-kappa-constant.csv", "a03-one-unit.csv"})
        if (const field_table table(name); table) {
            CHECK(table["cohen_kappa"].status == single_category);
            CHECK(table["raw_agreement"].value == 1);
        }
    if (const field_table table("a05-alpha-negative.csv"); table) CHECK(table.is("krippendorff_alpha", -0.5));
    if (const field_table table("a06-alpha-one-disagreement.csv"); table) {
        CHECK(std::abs(table["krippendorff_alpha"].value) < 1e-15);
        CHECK_FALSE(refusal_holds(to_text(table.study), "-0.0000"));
    }
    if (const field_table table("a07-one-rater.csv"); table) CHECK(table["krippendorff_alpha"].status == too_few);
    if (const field_table table("b18-ratio-zero.csv", "", {.level = measurement_level::ratio}); table)
        CHECK(table["weighted_agreement"].defined());
    if (const field_table table("b21-kappa-paradox.csv"); table) {
        CHECK(table.is("cohen_kappa", -0.1111));
        CHECK(table.is("gwet_ac1", 0.7561));
        CHECK(table.is("pabak", 0.6));
    }
    if (const field_table table("c01-shrout-fleiss.csv", "", {.level = measurement_level::interval}); table) {
        CHECK(table.is("icc_1_1", 0.1657)); // Shrout & Fleiss (1979), table 4
        CHECK(table.is("icc_2_1", 0.2898));
        CHECK(table.is("icc_3_1", 0.7148));
        CHECK(table.is("icc_3_k", 0.9093));
    }
}

TEST_CASE("UTF-16, semicolons and tabs are recognised and said") {
    const std::pair<const char*, const char*> files[] = {{"r14-utf16.csv", "read as UTF-16 (little-endian)"},
                                                         {"r12-semicolon.csv", "separated by semicolons"},
                                                         {"r13-tab.tsv", "separated by tabs"}};
    for (const auto& [name, said] : files) {
        const auto path = test::field_file(name);
        if (path.empty()) continue;
        csv_file file(path);
        CHECK(file.columns() == std::vector<std::string>{"left", "right", "winner"});
        CHECK(file.recognised() == said);
        CHECK((*file.next())[2] == "left");
        CHECK(file.next().has_value());
        CHECK_FALSE(file.next().has_value());
    }
    if (const auto path = test::field_file("r41-winless-control.csv"); !path.empty()) {
        csv_file file(path);
        CHECK(printable((*file.next())[0]) == "evil\\nname\\x1B[31m");
    }
}
