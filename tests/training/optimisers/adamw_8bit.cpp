#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>

using namespace preflearn;

static_assert(Optimiser<adamw_8bit, float> && Optimiser<adamw_8bit, double>);

TEST_CASE("updates and codes follow bitsandbytes' AdamW8bit") {
    std::ifstream file(std::string(PREFLEARN_TESTS) + "/training/golden/adamw_8bit.json");
    const nlohmann::json golden = nlohmann::json::parse(file);
    const adamw_8bit numbers{.rate = 1e-2, .beta2 = 0.95, .weight_decay = 0.1};
    std::vector<float> parameters(600), gradients(600);
    for (std::size_t i = 0; i < 600; ++i) parameters[i] = static_cast<float>(std::sin(0.1 * static_cast<double>(i)));
    adamw_8bit_moments moments(600);
    std::size_t next = 0;
    for (int t = 0; t < 12; ++t) {
        for (std::size_t i = 0; i < 600; ++i) {
            const auto x = static_cast<double>(i);
            gradients[i] = static_cast<float>(std::copysign(std::pow(10.0, std::sin(0.37 * x + 1.7 * t) - 1),
                                                            std::sin(12.9898 * (x + 1) + 78.233 * t)));
        }
        numbers.update<float>(moments, parameters, gradients, numbers.rate);
        if (golden["trace"][next]["step"] != t + 1) continue;
        const nlohmann::json& expected = golden["trace"][next++];
        const auto there = expected["parameters"].get<std::vector<double>>();
        const auto first = expected["first"].get<std::vector<int>>(),
                   second = expected["second"].get<std::vector<int>>();
        double worst = 0; // its code on the CPU is not always the nearest
        std::size_t other = 0;
        int most = 0;
        for (std::size_t i = 0; i < 600; ++i) {
            worst = std::max(worst, std::abs(static_cast<double>(parameters[i]) - there[i]));
            other += moments.first[i] != first[i] || moments.second[i] != second[i];
            most = std::max({most, std::abs(moments.first[i] - first[i]), std::abs(moments.second[i] - second[i])});
        }
        CHECK(worst < (t == 0 ? 1e-6 : 1e-3));
        CHECK(most <= 1);
        CHECK(other < 60);
        for (std::size_t b = 0; b < 3; ++b) {
            CHECK(moments.first_scale[b] == doctest::Approx(expected["first_scale"][b].get<double>()).epsilon(0.01));
            CHECK(moments.second_scale[b] == doctest::Approx(expected["second_scale"][b].get<double>()).epsilon(0.01));
        }
    }
    CHECK(next == 2);
}

TEST_CASE("a regression is learned as by AdamW with moments in float, in two bytes a parameter") {
    constexpr std::size_t n = 700;
    generator random(5);
    std::vector<double> best(n), scale(n);
    for (std::size_t i = 0; i < n; ++i) {
        best[i] = random.normal();
        scale[i] = std::pow(10, 2 * random.uniform() - 1); // curvatures over two orders of magnitude
    }
    const auto trained = [&](const auto& optimiser, auto memory) {
        generator noise(6);
        std::vector<double> x(n), g(n);
        for (int step = 0; step < 300; ++step) {
            for (std::size_t i = 0; i < n; ++i) g[i] = scale[i] * (x[i] - best[i] + 0.1 * noise.normal());
            optimiser.update(memory, std::span<double>(x), std::span<double>(g), 0.05 * (1 - step / 300.0), 1.0);
        }
        double loss = 0;
        for (std::size_t i = 0; i < n; ++i) loss += scale[i] * (x[i] - best[i]) * (x[i] - best[i]) / n;
        return loss;
    };
    const double exact = trained(adamw{.weight_decay = 0}, adamw_moments<double>(n)),
                 coded = trained(adamw_8bit{.weight_decay = 0}, adamw_8bit_moments(n));
    CHECK(exact < 0.01);
    CHECK(coded < 1.25 * exact);
    std::size_t bytes = 0;
    adamw_8bit_moments moments(1 << 16);
    for (const named_state& part : moments.state())
        bytes += std::visit([](const auto& values) { return values.size_bytes(); }, part.values);
    CHECK(static_cast<double>(bytes) < 2.04 * (1 << 16));
}

TEST_CASE("a step's first moves are AdamW's, and blocks of other parameters change nothing") {
    std::vector<float> alone(256), many(1000), g_alone(256), g_many(1000), plain(256), g_plain(256);
    for (std::size_t i = 0; i < 1000; ++i) g_many[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    std::copy_n(g_many.begin() + 256, 256, g_alone.begin());
    g_plain = g_alone;
    adamw_8bit_moments of_alone(256), of_many(1000);
    adamw_moments<float> of_plain(256);
    adamw_8bit{}.update<float>(of_alone, alone, g_alone, 0.1);
    adamw_8bit{}.update<float>(of_many, many, g_many, 0.1);
    adamw{}.update<float>(of_plain, plain, g_plain, 0.1);
    CHECK(std::equal(alone.begin(), alone.end(), many.begin() + 256));
    CHECK(alone == plain); // the moments are rounded afterwards
    CHECK(g_many == std::vector<float>(1000));
}

TEST_CASE("the bits of an update do not depend on the number of threads") {
#if defined(_OPENMP)
    const std::size_t n = 70'003;
    const int before = omp_get_max_threads();
    std::vector<std::vector<float>> results;
    std::vector<std::vector<std::uint8_t>> codes;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        generator random(3);
        std::vector<float> parameters(n), gradients(n);
        for (float& x : gradients) x = static_cast<float>(random.normal());
        adamw_8bit_moments moments(n);
        adamw_8bit{}.update<float>(moments, parameters, gradients, 0.1, 0.5);
        results.push_back(std::move(parameters));
        codes.push_back(moments.second);
    }
    omp_set_num_threads(before);
    CHECK((results[0] == results[1] && results[0] == results[2]));
    CHECK((codes[0] == codes[1] && codes[0] == codes[2]));
#endif
}

TEST_CASE("numbers out of range and arrays that do not fit are refused by name") {
    CHECK_THROWS_WITH_AS(adamw_8bit{.beta1 = 1}.check(), doctest::Contains("adamw_8bit: beta1"), argument_error);
    std::vector<double> parameters(3), gradients(2);
    adamw_8bit_moments moments(3);
    CHECK_THROWS_AS(adamw_8bit{}.update<double>(moments, parameters, gradients, 0.1), argument_error);
}
