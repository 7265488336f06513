#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/core/system/progress.hpp>

using preflearn::is_terminal;
using preflearn::progress;

namespace {

struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using stream = std::unique_ptr<std::FILE, closer>;

std::vector<std::string> lines_of(std::FILE* file) {
    std::rewind(file);
    std::string text;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text.push_back(static_cast<char>(c));
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("a file gets a line at every tenth of the way, with the note of that moment") {
    const stream file(std::tmpfile());
    REQUIRE(file);
    CHECK_FALSE(is_terminal(file.get()));
    {
        progress bar("training", 1000, file.get());
        for (std::size_t done = 1; done <= 1000; ++done) bar.update(done, "loss " + std::to_string(done));
    }
    const std::vector<std::string> lines = lines_of(file.get());
    REQUIRE(lines.size() == 10);
    CHECK(lines[0].starts_with("training [##......................] 100/1000 "));
    CHECK(lines[0].ends_with(" loss 100"));
    CHECK(lines[4].find("] 500/1000 ") != std::string::npos);
    CHECK(lines[9].starts_with("training [########################] 1000/1000 "));
    CHECK(lines[4].find(" left ") != std::string::npos);
    CHECK(lines[9].find(" left ") == std::string::npos);
}

TEST_CASE("few steps, no steps and steps out of order give no more lines than tenths") {
    const stream file(std::tmpfile());
    REQUIRE(file);
    {
        progress three("three", 3, file.get());
        for (std::size_t done = 0; done <= 3; ++done) three.update(done);
        three.update(2);
        three.update(3);
    }
    CHECK(lines_of(file.get()).size() == 3);
    {
        progress none("none", 0, file.get());
        none.update(0);
        none.update(0);
    }
    const std::vector<std::string> lines = lines_of(file.get());
    REQUIRE(lines.size() == 4);
    CHECK(lines[3].starts_with("none [########################] 0/0"));
}

TEST_CASE("a null stream shows nothing") {
    progress silent("silent", 10, nullptr);
    for (std::size_t done = 0; done <= 10; ++done) silent.update(done);
}

#if defined(__linux__)
TEST_CASE("a terminal redraws one line and ends it") {
    const int keyboard = posix_openpt(O_RDWR | O_NOCTTY);
    if (keyboard < 0 || grantpt(keyboard) != 0 || unlockpt(keyboard) != 0) {
        MESSAGE("no pseudo-terminal here");
        return;
    }
    stream screen(std::fopen(ptsname(keyboard), "w"));
    REQUIRE(screen);
    CHECK(is_terminal(screen.get()));
    {
        progress bar("scoring", 50, screen.get());
        for (std::size_t done = 1; done <= 50; ++done) bar.update(done);
    }
    screen.reset(); // then reading ends where the text does
    std::string shown;
    std::array<char, 256> piece;
    for (ssize_t length = 0; (length = ::read(keyboard, piece.data(), piece.size())) > 0;)
        shown.append(piece.data(), static_cast<std::size_t>(length));
    CHECK(shown.starts_with("\r\033[Kscoring ["));
    CHECK(shown.find("] 50/50 ") != std::string::npos);
    CHECK(shown.find('\n') == shown.size() - 1);
    // Nowhere near one drawing per step: at most ten a second, and the last.
    std::size_t drawings = 0;
    for (const char c : shown) drawings += c == '\033' ? 1 : 0;
    CHECK(drawings < 25);
    ::close(keyboard);
}
#endif

TEST_CASE("what is made of the machine is known from the second time on, as far as work is counted") {
    preflearn::machine_use plain, tokens, all(1e5), beyond(1);
    CHECK(all.text().empty());
    for (int i = 0; i < 2; ++i) {
        plain.add(std::nan(""));
        tokens.add(100);
        all.add(100, 1000);
        beyond.add(100, 1000);
        if (i == 0) CHECK(all.text().empty());
        if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(plain.text().empty());
    CHECK(tokens.text().ends_with(" tokens/s"));
    CHECK(beyond.text().ends_with(" tokens/s")); // more than the peak: it was none
    const double rate = std::stod(all.text());
    CHECK(rate > 0);
    CHECK(rate <= 5000); // 100 in at least 20 ms
    const std::string text = all.text();
    CHECK(text.ends_with("% of peak"));
    CHECK(std::abs(std::stod(text.substr(text.find("tokens/s ") + 9)) - rate / 100) <= 1); // 10 operations each of 1e5
}

TEST_CASE("times are short") {
    CHECK(preflearn::short_time(0) == "0s");
    CHECK(preflearn::short_time(59.4) == "59s");
    CHECK(preflearn::short_time(59.6) == "1m00s");
    CHECK(preflearn::short_time(3599) == "59m59s");
    CHECK(preflearn::short_time(2 * 3600 + 5 * 60 + 59) == "2h05m");
    CHECK(preflearn::short_time(-1) == "0s");
}
