#include <doctest/doctest.h>

#include <preflearn/loss/single/bco.hpp>
#include <preflearn/training/batch_state.hpp>

using namespace preflearn;

namespace {

struct counter {
    int count = 0;
    counter& operator+=(const counter& other) {
        count += other.count;
        return *this;
    }
};

reward_shift<false> rewards(double sum, std::uint64_t count) {
    reward_shift<false> shift{.rewards = {}, .count = count};
    shift.rewards += sum;
    return shift;
}

} // namespace

TEST_CASE("parts are merged in order; a new batch knows nothing of the last one") {
    batch_state<counter> state;
    state.begin();
    CHECK(!state.known());
    state.merge({2});
    state.merge({3});
    state.settle();
    CHECK(state.value().count == 5);
    CHECK(state.running().empty());
    state.begin();
    CHECK(!state.known());
}

TEST_CASE("a running mean moves on once a batch, and goes on from numbers that were restored") {
    batch_state<reward_shift<false>> state, resumed;
    state.begin();
    state.merge(rewards(3, 1));
    state.merge(rewards(3, 2));
    state.settle();
    CHECK(state.value().delta() == 2);
    REQUIRE(state.running().size() == 2);
    resumed.running()[0] = state.running()[0];
    resumed.running()[1] = state.running()[1];
    for (auto* s : {&state, &resumed}) {
        s->begin();
        s->merge(rewards(-6, 3));
        s->settle();
        CHECK(s->value().delta() == 0);
        CHECK(s->running()[1] == 6);
    }
}
