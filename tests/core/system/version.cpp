#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <preflearn/core/system/version.hpp>

TEST_CASE("the header's version is the CMake project's") {
    std::ostringstream text;
    text << std::ifstream(std::filesystem::path(PREFLEARN_TESTS).parent_path() / "CMakeLists.txt").rdbuf();
    const std::string cmake = text.str();
    std::smatch found;
    REQUIRE(std::regex_search(cmake, found, std::regex(R"(project\(preflearn\s+VERSION\s+([0-9.]+))")));
    CHECK(found[1] == std::string(preflearn::library_version));
}
