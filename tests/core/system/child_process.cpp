#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/core/system/child_process.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a command is split at blanks, and quotes keep them") {
    using words = std::vector<std::string>;
    CHECK(split_command("  judge --key a\\ b\t'c \"d\\' \"e 'f\\\"\\g\" ''") ==
          words{"judge", "--key", "a b", "c \"d\\", "e 'f\"\\g", ""});
    CHECK(split_command("a|b $HOME *") == words{"a|b", "$HOME", "*"}); // no shell looks at it
    CHECK(split_command("pre'fix 'ed") == words{"prefix ed"});
    CHECK(test::contains(test::error_of([] { (void)split_command("a 'b"); }), "opens a quote (')"));
    CHECK(test::contains(test::error_of([] { (void)split_command(" \n"); }), "names no program"));
}

TEST_CASE("much text goes through a program both ways at once") {
    const std::string text(3'000'000, 'x'); // more than pipes hold
    const child_answer answer = ask_program({"cat"}, text);
    CHECK(answer.output == text);
    CHECK(answer.status == 0);
    CHECK_FALSE(answer.timed_out);
}

TEST_CASE("a program that reads little, answers nothing or fails does not end us") {
    void (*const before)(int) = std::signal(SIGPIPE, SIG_DFL);
    const std::string text(1'000'000, 'x');
    CHECK(ask_program({"true"}, text).output.empty());
    const child_answer failed = ask_program({"false"}, text);
    CHECK(failed.status == 1);
    CHECK(failed.ending() == "ended with 1");
    const child_answer killed = ask_program({"sh", "-c", "kill -9 $$"}, "");
    CHECK(killed.ending() == "was ended by signal 9");
    CHECK(test::contains(test::error_of([] { (void)ask_program({"/no/such/program"}, ""); }),
                         "/no/such/program: cannot be run: No such file"));
    std::signal(SIGPIPE, before);
}

TEST_CASE("a program that takes too long is ended, with what it began itself") {
    const auto start = std::chrono::steady_clock::now();
    const child_answer late = ask_program({"sh", "-c", "echo begun; sleep 30 & sleep 30"}, "", {.seconds = 0.2});
    CHECK(late.timed_out);
    CHECK(late.output == "begun\n");
    CHECK(ask_program({"yes"}, "", {.output = 100'000}).too_long);
    // one that closes its output and goes on
    CHECK(ask_program({"sh", "-c", "exec >&-; sleep 30"}, "", {.seconds = 0.2}).timed_out);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}
