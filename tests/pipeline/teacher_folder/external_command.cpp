#include <doctest/doctest.h>

#include <preflearn/pipeline/teacher_folder/external_command.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("an external program has words and limits that are some") {
    const external_command command = external_command_of("judge 'one two'", 2.5, 10);
    CHECK(command.words == std::vector<std::string>{"judge", "one two"});
    CHECK(command.seconds == 2.5);
    CHECK(command.block == 10);
    CHECK(test::contains(test::error_of([] { (void)external_command_of("x", 0); }), "may take 0 seconds"));
    CHECK(test::contains(test::error_of([] { (void)external_command_of("x", 1, 0); }), "no records at once"));
}
