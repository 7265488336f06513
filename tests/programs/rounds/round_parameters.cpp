#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/programs/rounds/round_parameters.hpp>

using namespace preflearn;

TEST_CASE("spa extrapolates half as far in every round, unless it is told how far") {
    align_options options{.loss_name = "SPA", .loss_parameters = {"share=0.2"}};
    CHECK(parameters_of_round(options, 1) == std::vector<std::string>{"share=0.2", "lambda=0.5"});
    CHECK(parameters_of_round(options, 3) == std::vector<std::string>{"share=0.2", "lambda=0.125"});
    options.loss_parameters = {"lambda=0.3"};
    CHECK(parameters_of_round(options, 2) == options.loss_parameters);
    options = {.loss_name = "sigmoid"};
    CHECK(parameters_of_round(options, 2).empty());
    CHECK_THROWS_AS(parameters_of_round(options, 0), argument_error);
}
