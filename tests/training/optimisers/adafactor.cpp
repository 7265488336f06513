#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/training/optimisers/adafactor.hpp>

#include "traces.hpp"

using namespace preflearn;

TEST_CASE_TEMPLATE("updates follow transformers' Adafactor, of a matrix and of vectors beside it", Scalar, float,
                   double) {
    const double error = largest_error<Scalar>("adafactor", [](const nlohmann::json& o) {
        return adafactor{.rate = o["rate"],
                         .relative = o["relative"],
                         .least_size = o["least_size"],
                         .threshold = o["threshold"],
                         .power = o["power"],
                         .epsilon = o["epsilon"],
                         .weight_decay = o["weight_decay"],
                         .matrices = {{2, 4, 3}}};
    });
    CHECK(error < (sizeof(Scalar) == 4 ? 1e-4 : 1e-12));
}

TEST_CASE("a matrix of rank one is divided by its own size: its first update has a root mean square of 1") {
    const std::vector<double> rows{1, -20, 3}, columns{0.5, 7, -0.01, 2};
    std::vector<double> parameters(12), gradients;
    for (const double r : rows)
        for (const double c : columns) gradients.push_back(r * c);
    const std::vector<double> before = gradients;
    const adafactor numbers{.relative = false, .matrices = {{0, 3, 4}}};
    auto memory = numbers.start<double>({0, 12});
    CHECK(memory.second.size() == 7);
    numbers.update<double>(memory, parameters, gradients, 0.5);
    for (std::size_t i = 0; i < 12; ++i) CHECK(parameters[i] == doctest::Approx(before[i] > 0 ? -0.5 : 0.5));
}

TEST_CASE("a matrix costs a number for each row and column, a vector one for each number, wherever a range begins") {
    const adafactor numbers{.matrices = {{10, 100, 50}, {5010, 20, 30}}};
    CHECK(numbers.start<float>({0, 6000}).second.size() == 10 + 150 + 50 + 390);
    CHECK(numbers.start<float>({5010, 5700}).second.size() == 50 + 90);
    CHECK_THROWS_WITH_AS((void)numbers.start<float>({100, 6000}), doctest::Contains("matrix at 10 of 100 x 50"),
                         argument_error);
}

TEST_CASE("the bits of an update do not depend on the number of threads") {
#if defined(_OPENMP)
    generator random(3);
    std::vector<float> start(150'000), gradient(150'000);
    for (float& x : start) x = static_cast<float>(random.normal());
    for (float& x : gradient) x = static_cast<float>(random.normal());
    const adafactor numbers{.matrices = {{1'000, 700, 100}}};
    const int before = omp_get_max_threads();
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        std::vector<float> parameters = start, g = gradient;
        auto memory = numbers.start<float>({0, start.size()});
        numbers.update<float>(memory, parameters, g, 0.1, 0.5);
        results.push_back(std::move(parameters));
    }
    omp_set_num_threads(before);
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
#endif
}

TEST_CASE("numbers out of range and matrices that overlap are refused by name") {
    CHECK_THROWS_WITH_AS(adafactor{.power = 0}.check(), doctest::Contains("adafactor: power is 0"), argument_error);
    CHECK_THROWS_WITH_AS(adafactor{.threshold = 0}.check(), doctest::Contains("threshold"), argument_error);
    const adafactor overlapping{.matrices = {{0, 2, 3}, {5, 2, 2}}};
    CHECK_THROWS_WITH_AS(overlapping.check(), doctest::Contains("matrix 1"), argument_error);
}
