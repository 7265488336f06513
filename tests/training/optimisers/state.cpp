#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/optimisers/adafactor.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>
#include <preflearn/training/optimisers/lion.hpp>
#include <preflearn/training/optimisers/sgd.hpp>
#include <preflearn/training/optimisers/state.hpp>

using namespace preflearn;

namespace {

/// Two steps, and the second again from what the state held after the first: both must end at the same numbers.
template <class Rule> bool goes_on_from_its_state(const Rule& rule) {
    const std::vector<double> first{0.5, -2, 3, 0.25}, second{-1, 1, 0.125, 4};
    const auto step = [&](auto& memory, std::vector<double>& parameters, std::vector<double> gradients) {
        rule.update(memory, std::span<double>(parameters), std::span<double>(gradients), 0.125, 1.0);
    };
    auto memory = rule.template start<double>({0, 4}), fresh = rule.template start<double>({0, 4});
    std::vector<double> parameters(4, 1), again;
    step(memory, parameters, first);
    again = parameters;
    std::vector<named_state> from = memory.state(), to = fresh.state();
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (from[i].name != to[i].name) return false;
        std::visit(
            [&](const auto& values) {
                const auto& there = std::get<std::remove_cvref_t<decltype(values)>>(to[i].values);
                std::copy(values.begin(), values.end(), there.begin());
            },
            from[i].values);
    }
    step(memory, parameters, second);
    step(fresh, again, second);
    return parameters == again;
}

} // namespace

TEST_CASE("a state is in place and all that an optimiser remembers: who is given it goes on with the same bits") {
    CHECK(goes_on_from_its_state(adamw{}));
    CHECK(goes_on_from_its_state(adamw_8bit{}));
    CHECK(goes_on_from_its_state(sgd{}));
    CHECK(goes_on_from_its_state(lion{}));
    CHECK(goes_on_from_its_state(adafactor{}));
    CHECK(goes_on_from_its_state(adafactor{.matrices = {{0, 2, 2}}}));
}
