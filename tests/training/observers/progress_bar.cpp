#include <cstdint>
#include <cstdio>
#include <string>

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
}
