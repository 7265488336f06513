#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/pipeline/output/kept_lines.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("lines are kept up to the last whole one, under a header that names the run") {
    const test::folder f;
    const auto part = f / "part";
    const std::array<std::string, 3> lines{"one", "", "three"};
    {
        kept_lines begun(part, "header");
        CHECK(begun.lines().empty());
        begun.append(lines);
    }
    CHECK(test::read(part) == "header\none\n\nthree\n");
    for (const std::size_t cut : {std::size_t{0}, std::size_t{3}}) {
        f.write("part", test::read(part) + std::string("half").substr(cut));
        const kept_lines again(part, "header");
        CHECK(again.lines() == std::vector<std::string>(lines.begin(), lines.end()));
        CHECK(test::read(part) == "header\none\n\nthree\n");
    }
    f.write("part", "head");
    CHECK(kept_lines(part, "header").lines().empty());
    CHECK(test::read(part) == "header\n");
    CHECK(test::contains(test::error_of([&] { kept_lines(part, "other"); }), "belongs to a run with other inputs"));
    CHECK(test::read(part) == "header\n");
    CHECK(test::contains(test::error_of([&] { kept_lines(f / "none" / "part", "header"); }), "cannot be written"));
}

TEST_CASE("of a run that kept nothing nothing is lost: another of its kind begins anew, and none of another kind") {
    const test::folder f;
    const auto part = f / "part";
    const auto taken = [&](const std::string& content, const std::string& header) {
        f.write("part", content);
        const std::string fault = test::error_of([&] { kept_lines(part, header); });
        CHECK(test::read(part) == (fault.empty() ? header + "\n" : content));
        return fault.empty();
    };
    CHECK(taken("# preflearn labels 17\n", "# preflearn labels 18"));
    CHECK(taken("# preflearn labels 17\nhalf", "# preflearn labels 18"));
    CHECK_FALSE(taken("# preflearn labels 17\none\n", "# preflearn labels 18"));
    CHECK_FALSE(taken("# preflearn responses 17\n", "# preflearn labels 18"));
    CHECK_FALSE(taken("a user's own line\n", "# preflearn labels 18"));
    CHECK_FALSE(taken("a user's own line, which nothing ends", "# preflearn labels 18"));
    CHECK(taken("# prefl", "# preflearn labels 18"));
    CHECK(taken("# preflearn labels 1", "# preflearn labels 28"));
    CHECK(taken("", "# preflearn labels 18"));
}

TEST_CASE("kept lines belong to one at a time") {
    const test::folder f;
    {
        kept_lines first(f / "part", "# preflearn labels 1");
        CHECK(test::contains(test::error_of([&] { kept_lines(f / "part", "# preflearn labels 1"); }),
                             "another process is making"));
        first.append(std::array<std::string, 1>{"one"});
    }
    CHECK(kept_lines(f / "part", "# preflearn labels 1").lines().size() == 1);
}

TEST_CASE("what runs kept is removed when they are done, and nothing that they did not keep") {
    const test::folder f;
    f.write("own", "# preflearn labels 1\nline\n");
    f.write("begun", "# pre");
    f.write("other", "# my notes\n");
    remove_kept({f / "own", f / "begun", f / "other", f / "none"});
    CHECK_FALSE(std::filesystem::exists(f / "own"));
    CHECK_FALSE(std::filesystem::exists(f / "begun"));
    CHECK(test::read(f / "other") == "# my notes\n");
}

TEST_CASE("a kept line that cannot be read is told by its number in the file") {
    const test::folder f;
    f.write("part", "header\n1\n22\nx\n");
    const kept_lines kept(f / "part", "header");
    CHECK(kept.read_lines([](std::string_view line) { return line.size(); }) == std::vector<std::size_t>{1, 2, 1});
    const auto number = [](std::string_view line) { return std::stoi(std::string(line)); };
    CHECK(test::contains(test::error_of([&] { (void)kept.read_lines(number); }), "line 4 was damaged"));
}
