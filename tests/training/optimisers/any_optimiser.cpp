#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/optimisers/adafactor.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>
#include <preflearn/training/optimisers/any_optimiser.hpp>
#include <preflearn/training/optimisers/sgd.hpp>

using namespace preflearn;

static_assert(Optimiser<any_optimiser, float> && Optimiser<any_optimiser, double>);

namespace {

/// The parameters after three steps, with what is remembered at the end.
template <class Scalar, class Rule> std::vector<Scalar> three_steps(const Rule& rule) {
    std::vector<Scalar> parameters{1, -2, 3, 0.5};
    auto memory = rule.template start<Scalar>({0, 4});
    for (int step = 1; step <= 3; ++step) {
        std::vector<Scalar> gradients{Scalar(0.5 * step), -1, 2, Scalar(0.125)};
        rule.update(memory, std::span<Scalar>(parameters), std::span<Scalar>(gradients), 0.1, 0.5);
        CHECK(gradients == std::vector<Scalar>(4));
    }
    CHECK_FALSE(memory.state().empty());
    return parameters;
}

template <class Rule> std::string said(const Rule& rule) {
    std::string text = std::string(rule.name) + message(" ", rule.rate);
    rule.describe([&](std::string_view name, const auto& value) { text += message("; ", name, " ", value); });
    return text;
}

/// Plain descent.
struct undecayed {
    double rate = 1;
    static constexpr std::string_view name = "undecayed";
    struct counted {
        std::uint64_t steps = 0;
        std::vector<named_state> state() { return {{"steps", std::span(&steps, 1)}}; }
    };
    void check() const {}
    template <class Add> void describe(const Add& add) const { add("rate", rate); }
    template <class Scalar> [[nodiscard]] counted start(flat_range) const { return {}; }
    template <class Scalar>
    void update(counted& memory, std::span<Scalar> parameters, std::span<Scalar> gradients, double step, double) const {
        ++memory.steps;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            parameters[i] -= static_cast<Scalar>(step) * gradients[i];
            gradients[i] = 0;
        }
    }
};

template <class Rule> void check_same(const Rule& rule) {
    const any_optimiser any(rule);
    CHECK(three_steps<float>(any) == three_steps<float>(rule));
    CHECK(three_steps<double>(any) == three_steps<double>(rule));
    CHECK(said(any) == said(rule));
}

} // namespace

TEST_CASE("it is the optimiser that it holds: the same bits, memory and description") {
    check_same(adamw{.rate = 0.2, .weight_decay = 0.3});
    check_same(adamw_8bit{.rate = 0.2});
    check_same(sgd{.rate = 0.2, .momentum = 0.5});
    check_same(adafactor{.matrices = {{0, 2, 2}}});
    CHECK_THROWS_WITH_AS(any_optimiser(adamw{.beta1 = 2}).check(), doctest::Contains("adamw: beta1"), argument_error);
}

TEST_CASE("a group's weight decay takes the place of the held one's, where that has one") {
    any_optimiser decayed(adamw{.rate = 0.2});
    decayed.weight_decay = 0.3;
    CHECK(three_steps<float>(decayed) == three_steps<float>(adamw{.rate = 0.2, .weight_decay = 0.3}));
    any_optimiser none(undecayed{});
    CHECK_NOTHROW(three_steps<float>(none));
    none.weight_decay = 0.3;
    CHECK_THROWS_WITH_AS(three_steps<float>(none), "a group of parameters has a weight_decay, which undecayed has not",
                         argument_error);
}
