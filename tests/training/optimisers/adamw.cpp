#include <cmath>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/training/loop/clip.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

using namespace preflearn;

namespace {

nlohmann::json golden() {
    std::ifstream file(std::string(PREFLEARN_TESTS) + "/training/golden/adamw.json");
    return nlohmann::json::parse(file);
}

} // namespace

TEST_CASE_TEMPLATE("updates follow PyTorch's AdamW step by step, with and without clipping", Scalar, float, double) {
    const double tolerance = sizeof(Scalar) == 4 ? 1e-5 : 1e-13;
    const nlohmann::json traces = golden();
    for (const auto& trace : traces["cases"]) {
        const adamw numbers{.rate = trace["rate"],
                            .beta1 = trace["beta1"],
                            .beta2 = trace["beta2"],
                            .epsilon = trace["epsilon"],
                            .weight_decay = trace["weight_decay"]};
        auto parameters = trace["start"].get<std::vector<Scalar>>();
        adamw_moments<Scalar> moments(parameters.size());
        for (std::size_t step = 0; step < trace["gradients"].size(); ++step) {
            auto gradient = trace["gradients"][step].get<std::vector<Scalar>>();
            const double norm = global_norm(std::span<const Scalar>(gradient));
            CHECK(norm == doctest::Approx(trace["norms"][step].get<double>()).epsilon(1e-6));
            numbers.update<Scalar>(moments, parameters, gradient, numbers.rate, clip_factor(norm, trace["clip_norm"]));
            CHECK(gradient == std::vector<Scalar>(gradient.size()));
            for (std::size_t i = 0; i < parameters.size(); ++i) {
                const double expected = trace["parameters"][step][i];
                CHECK(std::abs(static_cast<double>(parameters[i]) - expected) < tolerance * (1 + std::abs(expected)));
            }
        }
    }
}

TEST_CASE("the first step moves every parameter by the learning rate against its gradient's sign") {
    std::vector<double> parameters(3), gradients{1e-3, -40, 7}, before = parameters;
    adamw_moments<double> moments(3);
    adamw{.epsilon = 1e-300, .weight_decay = 0}.update<double>(moments, parameters, gradients, 0.25);
    CHECK(parameters[0] == doctest::Approx(-0.25));
    CHECK(parameters[1] == doctest::Approx(0.25));
    CHECK(parameters[2] == doctest::Approx(-0.25));
}

TEST_CASE("weight decay shrinks parameters by rate times decay, whatever the moments (decoupled)") {
    std::vector<double> parameters{2, -4}, gradients(2);
    adamw_moments<double> moments(2);
    adamw{.weight_decay = 0.5}.update<double>(moments, parameters, gradients, 0.1);
    CHECK(parameters == std::vector<double>{1.9, -3.8});
    adamw{.weight_decay = 0.5}.update<double>(moments, parameters, gradients, 0);
    CHECK(parameters == std::vector<double>{1.9, -3.8});
}

TEST_CASE("the bits of an update do not depend on the number of threads") {
#if defined(_OPENMP)
    const std::size_t n = 200'003;
    generator random(3);
    std::vector<float> start(n), gradient(n);
    for (float& x : start) x = static_cast<float>(random.normal());
    for (float& x : gradient) x = static_cast<float>(random.normal());
    const int before = omp_get_max_threads();
    std::vector<std::vector<float>> results;
    std::vector<double> norms;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        std::vector<float> parameters = start, g = gradient;
        adamw_moments<float> moments(n);
        norms.push_back(global_norm(std::span<const float>(g)));
        adamw{}.update<float>(moments, parameters, g, 0.1, 0.5);
        results.push_back(std::move(parameters));
    }
    omp_set_num_threads(before);
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
    CHECK(norms[0] == norms[1]);
    CHECK(norms[0] == norms[2]);
#endif
}

TEST_CASE("numbers out of range and arrays that do not fit are refused by name") {
    CHECK_THROWS_WITH_AS(adamw{.rate = -1}.check(), doctest::Contains("rate is -1"), argument_error);
    CHECK_THROWS_WITH_AS(adamw{.beta1 = 1}.check(), doctest::Contains("beta1"), argument_error);
    CHECK_THROWS_WITH_AS(adamw{.beta2 = -0.5}.check(), doctest::Contains("beta2"), argument_error);
    CHECK_THROWS_WITH_AS(adamw{.epsilon = 0}.check(), doctest::Contains("epsilon"), argument_error);
    CHECK_THROWS_WITH_AS(adamw{.weight_decay = std::numeric_limits<double>::infinity()}.check(),
                         doctest::Contains("weight_decay"), argument_error);
    std::vector<double> parameters(3), gradients(2);
    adamw_moments<double> moments(3);
    CHECK_THROWS_AS(adamw{}.update<double>(moments, parameters, gradients, 0.1), argument_error);
}
