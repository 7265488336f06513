#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/groups.hpp>
#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/optimisers/sgd.hpp>

#include "../recorder.hpp"

using namespace preflearn;

namespace {

std::vector<double> trained_in_groups(const training_options& options,
                                      const sgd& optimiser = {.rate = 0.5, .momentum = 0}) {
    recorder objective; // every gradient is 1
    strengths<double> model(6);
    model.theta.assign(6, 1);
    training_options own = options;
    own.batch_size = 10;
    train(model, objective, optimiser, own);
    return model.theta;
}

} // namespace

TEST_CASE("groups learn at their own rate, with their own decay and schedule, and the rest as ever") {
    const std::vector<double> found =
        trained_in_groups({.epochs = 2,
                           .clip_norm = 0,
                           .groups = {{.ranges = {{1, 2}, {4, 5}}, .rate_factor = 0.1},
                                      {.ranges = {{2, 3}}, .weight_decay = 1},
                                      {.ranges = {{5, 6}}, .schedule = [](double progress) { return progress; }}}});
    CHECK(found[0] == 0); // two steps of 0.5
    CHECK(found[3] == 0);
    CHECK(found[1] == doctest::Approx(0.9));
    CHECK(found[4] == found[1]);
    CHECK(found[2] == -0.5); // 1 − 0.5 (1 + 1), then 0 − 0.5 (1 + 0)
    CHECK(found[5] == 0.75); // rates of 0 and of 0.25
}

TEST_CASE("frozen parameters keep their values, and their gradients do not count in the norm that is clipped") {
    const std::vector<double> found =
        trained_in_groups({.clip_norm = 1, .groups = {{.ranges = {{0, 2}}, .frozen = true}}});
    CHECK(found[0] == 1);
    CHECK(found[1] == 1);
    CHECK(found[2] == 0.75); // four gradients of 1 have the norm 2
}

TEST_CASE("groups that say nothing of their own change no bit, with momentum and moments in parts, too") {
    const auto with = [](std::vector<parameter_group> groups) {
        strengths<double> model(6);
        recorder objective;
        train(model, objective, adamw{.rate = 0.1}, {.epochs = 5, .batch_size = 3, .groups = std::move(groups)});
        return model.theta;
    };
    CHECK(with({{.ranges = {{1, 3}, {5, 6}}}, {.ranges = {{3, 4}}}}) == with({}));
}

TEST_CASE("ranges that overlap, are empty or reach too far, and numbers out of range are refused by name") {
    const auto refused = [](const parameter_group& first, const parameter_group& second = {}) {
        const std::vector<parameter_group> groups{first, second};
        try {
            segments_of(groups, 10);
        } catch (const argument_error& failure) {
            return std::string(failure.what());
        }
        return std::string();
    };
    CHECK(refused({.ranges = {{0, 5}}}, {.ranges = {{5, 10}}}).empty());
    CHECK(refused({.ranges = {{0, 5}}}, {.ranges = {{4, 6}}}) ==
          "parameter groups: the range from 4 to 6 overlaps one that ends at 5");
    CHECK(refused({}, {.ranges = {{4, 4}}}) == "parameter group 1: the range from 4 to 4 is not one of 10 parameters");
    CHECK(refused({.ranges = {{4, 11}}}).find("from 4 to 11") != std::string::npos);
    CHECK(refused({.rate_factor = -1}).find("rate_factor is -1") != std::string::npos);
    CHECK(refused({.weight_decay = std::nan("")}).find("weight_decay is nan") != std::string::npos);
}

TEST_CASE("where nothing is left to train the run is refused") {
    recorder objective;
    strengths<double> model(6);
    CHECK_THROWS_WITH_AS(train(model, objective, sgd{.rate = 0.5}, {.groups = {{.ranges = {{0, 6}}, .frozen = true}}}),
                         "the groups freeze all parameters of the model", argument_error);
}
