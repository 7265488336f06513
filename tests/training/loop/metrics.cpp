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
