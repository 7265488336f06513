#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

#include <preflearn/pipeline/study/study_progress.hpp>

TEST_CASE("one line counts the finished runs of a study, whoever finishes them") {
    std::FILE* const stream = std::tmpfile();
    REQUIRE(stream != nullptr);
    const preflearn::study_progress progress("study", 2, stream);
    const auto first = progress("teacher"), second = progress("student");
    first({.step = 1, .steps = 2});
    second({.step = 1, .steps = 1});
    first({.step = 2, .steps = 2});
    std::rewind(stream);
    std::array<char, 512> text{};
    const std::string shown(text.data(), std::fread(text.data(), 1, text.size(), stream));
    std::fclose(stream);
    CHECK(shown.find("1/2") != std::string::npos);
    CHECK(shown.find("student") < shown.find("2/2"));
    CHECK(shown.find("teacher") > shown.find("2/2"));
}
