#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <preflearn/training/observers/progress_bar.hpp>

using namespace preflearn;

TEST_CASE("the progress bar shows the loss, on a stream that is no terminal too") {
    std::FILE* const stream = std::tmpfile();
    REQUIRE(stream != nullptr);
    const training_observer bar = progress_bar("student", stream);
    for (std::uint64_t i = 1; i <= 20; ++i) bar({.step = i, .steps = 20, .loss = 0.125, .rewards_accuracies = 0.5});
    std::rewind(stream);
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), stream));
    std::fclose(stream);
    CHECK(text.find("student") != std::string::npos);
    CHECK(text.find("20/20") != std::string::npos);
    CHECK(text.find("loss 0.1250 accuracy 0.50") != std::string::npos);
    CHECK(text.find("tokens/s") == std::string::npos);
}

TEST_CASE("where tokens are counted it shows their rate, and the share of the peak that they take") {
    std::FILE* const stream = std::tmpfile();
    REQUIRE(stream != nullptr);
    const training_observer bar = progress_bar("student", stream, 1e3);
    const training_run run{.operations_per_token = 2};
    for (std::uint64_t i = 1; i <= 20; ++i) {
        bar({.step = i, .steps = 20, .loss = 0.125, .tokens = 10}, run);
        if (i == 1) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::rewind(stream);
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), stream));
    std::fclose(stream);
    const std::size_t at = text.rfind(" tokens/s ");
    REQUIRE(at != std::string::npos);
    const double rate = std::stod(text.substr(text.rfind(' ', at - 1)));
    CHECK(rate > 0);
    CHECK(rate <= 3800); // 190 tokens in at least 50 ms
    CHECK(std::abs(std::stod(text.substr(at + 10)) - 100 * 2 * rate / 1e3) <= 1);
    CHECK(text.find("% of peak", at) != std::string::npos);
}
