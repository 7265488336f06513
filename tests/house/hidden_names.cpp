#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hidden_names.hpp"

using namespace test;

namespace {

std::vector<std::string> lines_of_text(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> hidden_in(const std::string& a, const std::string& b) {
    declared_functions functions;
    read_functions("a.hpp", lines_of_text(a), functions);
    read_functions("b.hpp", lines_of_text(b), functions);
    return hidden_names(functions);
}

} // namespace

TEST_CASE("no function of a detail has the name of a function outside it in another header") {
    const std::filesystem::path headers = std::filesystem::path(PREFLEARN_TESTS).parent_path() / "include";
    declared_functions functions;
    for (const header& h : read_headers(headers)) read_functions(h.path, lines_of(headers / h.path), functions);
    REQUIRE(functions.size() > 500);
    std::string faults;
    for (const std::string& fault : hidden_names(functions)) faults += fault + '\n';
    CHECK_MESSAGE(faults.empty(), "give the inner ones a word more:\n" << faults);
}

TEST_CASE("what a line declares is read, and what it only mentions is not") {
    CHECK(function_declared("inline std::string name_of(int kind) {") == "name_of");
    CHECK(function_declared("lengths_in(std::span<const double> all) {") == "lengths_in");
    CHECK(function_declared("template <std::invocable<void(int)> F> void each(const F& f) {") == "each");
    CHECK(function_declared("template <class T> auto as_column(T&& x) -> column<T>;") == "as_column");
    CHECK(function_declared("[[gnu::always_inline]] inline double exp_of(double x) {") == "exp_of");
    for (const char* const other :
         {"", "    inner(1);", "// name_of(kind)", "inline constexpr auto rows = rows_of();", "struct row {", "}",
          "using f = int(int);", "static_assert(true);", "inline bool operator==(a, b);", "#define X(a)",
          "namespace detail {", "const std::vector<int> all{made(1)};"})
        CHECK_MESSAGE(function_declared(other) != "name_of", other);
    CHECK(function_declared("inline constexpr auto rows = rows_of();").empty());
    CHECK(function_declared("    inner(1);").empty());
}

TEST_CASE("a name inside detail hides one outside it, in this or an outer namespace, of another header") {
    const std::string inner =
        "namespace preflearn {\n\nnamespace detail {\n\ninline int size_of(int x) {\n    return x;\n"
        "}\n\n} // namespace detail\n\n} // namespace preflearn\n";
    const std::string outer = "namespace preflearn {\n\ninline int size_of(int x) {\n    return x;\n}\n\n"
                              "} // namespace preflearn\n";
    CHECK(hidden_in(inner, outer) ==
          std::vector<std::string>{"preflearn::detail::size_of of a.hpp hides preflearn::size_of of b.hpp"});
    CHECK(hidden_in(inner, inner).empty());
    CHECK(hidden_in(outer, outer).empty());
    CHECK(hidden_in(inner + outer, "").empty()); // one header knows what it does
    const std::string deep = "namespace preflearn::cuda {\n\nnamespace detail {\n\nint size_of(int x);\n\n"
                             "} // namespace detail\n\n} // namespace preflearn::cuda\n";
    CHECK(hidden_in(deep, outer).size() == 1);
    CHECK(hidden_in(deep, inner).empty());
}
