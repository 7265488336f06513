#include <cstdio>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/training/loop/metrics.hpp>

using namespace preflearn;

TEST_CASE("metrics carry TRL's names, and what a step does not have is left out") {
    std::map<std::string, double> seen;
    const auto see = [&](std::string_view name, double value) { seen[std::string(name)] = value; };
    for_each_metric({.loss = 0.5, .rewards_chosen = 1, .rewards_accuracies = 0.75, .logps_rejected = -3}, see);
    CHECK(seen.at("loss") == 0.5);
    CHECK(seen.at("rewards/chosen") == 1);
    CHECK(seen.at("rewards/accuracies") == 0.75);
    CHECK(seen.at("logps/rejected") == -3);
    CHECK(seen.count("grad_norm") == 1);
    CHECK(seen.count("learning_rate") == 1);
    CHECK(seen.count("epoch") == 1);
    CHECK(seen.count("rewards/margins") == 0);
    CHECK(seen.count("logps/chosen") == 0);
}

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
