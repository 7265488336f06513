#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/loop/loop.hpp>
#include <preflearn/training/observers/early_stop.hpp>
#include <preflearn/training/observers/held_out.hpp>
#include <preflearn/training/observers/keep_best.hpp>
#include <preflearn/training/optimisers/adamw_8bit.hpp>
#include <preflearn/training/optimisers/lion.hpp>
#include <preflearn/training/optimisers/sgd.hpp>

#include "../toys.hpp"

using namespace preflearn;

namespace {

/// A quadratic with its minimum at `best`, whose gradients are noisy by example.
struct hill {
    std::vector<double> best{1, -2, 3};
    double loss = 0, per_weight = 0;

    [[nodiscard]] std::size_t size() const { return 12; }
    [[nodiscard]] double weight(std::size_t) const { return 1; }
    void begin(double total) {
        per_weight = 1 / total;
        loss = 0;
    }
    void accumulate(strengths<double>& model, std::span<const std::size_t> examples) {
        for (const std::size_t example : examples) {
            for (std::size_t i = 0; i < best.size(); ++i) {
                const double off = model.theta[i] - best[i] + std::sin(static_cast<double>(7 * example + i));
                model.gradient[i] += per_weight * off;
                loss += per_weight * off * off / 2;
            }
        }
    }
    void finish(training_step& step) const { step.loss = loss; }
    void describe(run_description& run) const { run.add("data", fingerprint_of(best)); }
};

/// Keeps a run in memory, as bytes.
struct memory_keeper {
    struct part {
        std::string name;
        std::vector<std::byte> bytes;
    };
    struct content {
        bool full = false;
        run_description description;
        std::vector<part> parts;
        std::vector<training_step> steps;
        std::uint64_t total = 0;
    };
    std::shared_ptr<content> kept = std::make_shared<content>();
    std::size_t every = 1;

    [[nodiscard]] std::string place() const { return "memory"; }
    static std::span<std::byte> bytes_of(const named_state& state) {
        return std::visit([](const auto& values) { return std::as_writable_bytes(values); }, state.values);
    }
    void save(const kept_run& run) const {
        *kept = {true, run.description, {}, run.steps, run.total};
        for (const named_state& state : run.state)
            kept->parts.push_back({state.name, {bytes_of(state).begin(), bytes_of(state).end()}});
    }
    [[nodiscard]] bool load(kept_run& run) const {
        if (!kept->full) return false;
        const std::string different = differences(run.description, [&](const std::string& name) {
            for (const auto& [there, value] : kept->description.fields())
                if (there == name) return value;
            return std::string("(missing)");
        });
        require<input_error>(different.empty(), "memory: belongs to another run (", different, ")");
        if (run.accept) run.accept(kept->steps, kept->total);
        REQUIRE(run.state.size() == kept->parts.size());
        for (std::size_t i = 0; i < run.state.size(); ++i) {
            CHECK(run.state[i].name == kept->parts[i].name);
            REQUIRE(bytes_of(run.state[i]).size() == kept->parts[i].bytes.size());
            std::memcpy(bytes_of(run.state[i]).data(), kept->parts[i].bytes.data(), kept->parts[i].bytes.size());
        }
        run.steps = kept->steps;
        run.total = kept->total;
        return true;
    }
};

/// Momentum in one byte a parameter: an optimiser that remembers other things than numbers of the parameters' type.
struct byte_momentum {
    double rate = 0.1;
    static constexpr std::string_view name = "byte momentum";
    struct bytes {
        std::vector<std::uint8_t> codes;
        std::vector<named_state> state() { return {{"codes", std::span(codes)}}; }
    };
    void check() const {}
    template <class Add> void describe(const Add& add) const { add("rate", rate); }
    template <class Scalar> [[nodiscard]] bytes start(flat_range range) const {
        return {std::vector<std::uint8_t>(range.size(), 128)};
    }
    template <class Scalar>
    void update(bytes& memory, std::span<Scalar> parameters, std::span<Scalar> gradients, double step, double) const {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const double moved = 0.5 * (memory.codes[i] - 128) / 32 + static_cast<double>(gradients[i]);
            memory.codes[i] = static_cast<std::uint8_t>(std::clamp(std::round(128 + 32 * moved), 0.0, 255.0));
            parameters[i] -= static_cast<Scalar>(step * moved);
            gradients[i] = 0;
        }
    }
};

template <class Optimiser = adamw>
training_history climb(strengths<double>& model, training_options options, const Optimiser& optimiser = {}) {
    hill objective;
    options.batch_size = 5;
    return train(model, objective, optimiser, options);
}

bool same_steps(const training_history& a, const training_history& b) {
    return a.steps.size() == b.steps.size() &&
           std::memcmp(a.steps.data(), b.steps.data(), a.steps.size() * sizeof(training_step)) == 0;
}

/// What refuses to go on says.
template <class Optimiser = adamw>
std::string refusal_by(const memory_keeper& kept, training_options options, const Optimiser& optimiser = {}) {
    strengths<double> model(3);
    options.keeper = kept;
    try {
        climb(model, options, optimiser);
    } catch (const input_error& failure) {
        return failure.what();
    }
    return "went on";
}

/// A run that is killed after `stop` of its nine steps and goes on has the bits of one that was never stopped.
template <class Optimiser> void check_resume(const Optimiser& optimiser, const training_options& given) {
    strengths<double> expected(3);
    const training_history whole = climb(expected, given, optimiser);
    for (std::uint64_t stop = 1; stop < whole.steps.size(); ++stop) {
        training_options options = given;
        options.keeper = memory_keeper{.every = 2};
        options.observers.push_back([&](const training_step& step) {
            if (step.step == stop) throw killed("killed");
        });
        strengths<double> model(3), resumed(3);
        CHECK_THROWS_AS(climb(model, options, optimiser), killed);
        options.observers.pop_back();
        const training_history again = climb(resumed, options, optimiser);
        CHECK(again.resumed_steps == stop / 2 * 2);
        CHECK(again.stopped == whole.stopped);
        CHECK(same_steps(again, whole));
        CHECK(resumed.theta == expected.theta);
    }
}

} // namespace

TEST_CASE("every optimiser's memory is kept, whole numbers and bytes included, in groups, too") {
    const training_options options{.epochs = 3, .schedule = schedule::cosine};
    check_resume(adamw{.rate = 0.1}, options);
    check_resume(adamw_8bit{.rate = 0.1}, options);
    check_resume(sgd{.rate = 0.1}, options);
    check_resume(lion{.rate = 0.1}, options);
    check_resume(byte_momentum{}, options);
    check_resume(
        adamw{.rate = 0.1},
        {.epochs = 3, .groups = {{.ranges = {{0, 1}}, .rate_factor = 0.5}, {.ranges = {{1, 2}}, .frozen = true}}});
}

TEST_CASE("evaluations, early stop and the best parameters survive a stop: the same bits as in one run") {
    std::size_t calls = 0;
    const held_out evaluate{.evaluate =
                                [&] {
                                    ++calls;
                                    return held_out_result{0};
                                },
                            .every = 1};
    struct parabola { // an evaluation that is best after the fourth step, of the parameters alone
        void on_step(training_step& step, const training_run& run) const {
            const double x = std::get<std::span<double>>(run.parameters)[0];
            step.eval_loss = (x - 0.35) * (x - 0.35);
        }
    };
    for (const std::size_t patience : {2UL, 3UL, 100UL})
        check_resume(adamw{.rate = 0.1},
                     {.epochs = 3, .observers = {parabola{}, early_stop{.patience = patience}, keep_best{}}});
    check_resume(adamw{}, {.epochs = 3, .observers = {evaluate}});
    CHECK(calls > 0);
}

TEST_CASE("a run that was finished or stopped goes on with more steps as if it had always had them") {
    const adamw optimiser{.rate = 0.1};
    strengths<double> expected(3);
    const training_history whole = climb(expected, {.epochs = 4, .warm_up = 2}, optimiser);
    REQUIRE(whole.steps.size() == 12);
    training_options options{.epochs = 1, .warm_up = 2, .keeper = memory_keeper{.every = 0}};
    strengths<double> first(3), second(3), third(3), last(3);
    CHECK(climb(first, options, optimiser).steps.size() == 3);
    options.epochs = 4;
    options.max_steps = 7;
    CHECK(climb(second, options, optimiser).resumed_steps == 3);
    options.max_steps = 0;
    options.observers = {[](const training_step& step) { return step.step != 9; }};
    const training_history stopped = climb(third, options, optimiser);
    CHECK(stopped.stopped);
    CHECK(stopped.resumed_steps == 7);
    CHECK(stopped.steps.size() == 9);
    options.observers = {};
    const training_history again = climb(last, options, optimiser);
    CHECK(again.resumed_steps == 9);
    CHECK_FALSE(again.stopped);
    CHECK(same_steps(again, whole));
    CHECK(last.theta == expected.theta);
}

TEST_CASE("a run that early stop ended is over, unless it is given more patience") {
    struct rising {
        void on_step(training_step& step) const { step.eval_loss = static_cast<double>(step.step); }
    };
    training_options options{
        .epochs = 9, .keeper = memory_keeper{}, .observers = {rising{}, early_stop{.patience = 2}}};
    strengths<double> first(3), second(3), third(3);
    CHECK(climb(first, options).steps.size() == 3);
    const training_history again = climb(second, options);
    CHECK(again.resumed_steps == 3);
    CHECK(again.steps.size() == 3);
    CHECK(again.stopped);
    options.observers = {rising{}, early_stop{.patience = 5}};
    CHECK(climb(third, options).steps.size() == 6);
}

TEST_CASE("a schedule over all steps of a run is refused another number of them, in words") {
    const memory_keeper kept;
    CHECK(refusal_by(kept, {.epochs = 2, .schedule = schedule::linear}) == "went on");
    const std::string text = refusal_by(kept, {.epochs = 3, .schedule = schedule::linear});
    CHECK(text.find("memory: belongs to another run (steps: 6 there, 9 here, over which the schedule linear") == 0);
    CHECK(text.find("step 2 had ") != std::string::npos);
    CHECK(refusal_by(kept, {.epochs = 1, .schedule = schedule::linear})
              .find("memory: holds 6 steps, this run ends after "
                    "3 (epochs, max_steps)") == 0);
    const memory_keeper warm; // as many steps of warm-up for any length, but not the same share
    CHECK(refusal_by(warm, {.epochs = 2, .warm_up = 0.5}) == "went on");
    CHECK(refusal_by(warm, {.epochs = 4, .warm_up = 0.5}).find("steps: 6 there, 12 here") != std::string::npos);
    const memory_keeper grouped;
    training_options options{.epochs = 2, .groups = {{.ranges = {{0, 1}}, .schedule = schedule::cosine}}};
    CHECK(refusal_by(grouped, options) == "went on");
    options.epochs = 3;
    CHECK(refusal_by(grouped, options).find("the schedule cosine") != std::string::npos);
}

TEST_CASE("another optimiser, other groups or another function as schedule are another run, which is said") {
    const memory_keeper kept;
    CHECK(refusal_by(kept, {}, adamw{}) == "went on");
    CHECK(refusal_by(kept, {}, sgd{.rate = 0.001}).find("optimiser: adamw there, sgd here") != std::string::npos);
    CHECK(refusal_by(kept, {}, adamw{.beta1 = 0.5}).find("beta1: 0.90000000000000002 there, 0.5 here") !=
          std::string::npos);
    CHECK(refusal_by(kept, {.groups = {{.ranges = {{0, 2}}, .frozen = true}}})
              .find("parameter groups: none there, [0, 2) frozen here") != std::string::npos);
    const memory_keeper own;
    const auto constant = [](double) { return 1.0; };
    CHECK(refusal_by(own, {.schedule = constant}) == "went on");
    CHECK(refusal_by(own, {.schedule = constant}) == "went on");
    CHECK(refusal_by(own, {.schedule = [](double progress) { return 1 - progress; }}).find("schedule: own ") !=
          std::string::npos);
}

TEST_CASE("what a model holds besides its parameters is part of what its run is") {
    struct frozen_below : strengths<double> {
        using strengths<double>::strengths;
        double frozen = 1;
        void describe(run_description& run) const { run.add("frozen weights", frozen); }
    };
    const memory_keeper kept;
    const auto run_with = [&](double frozen) {
        frozen_below model(3);
        model.frozen = frozen;
        hill objective;
        train(model, objective, {}, {.keeper = kept});
    };
    run_with(1);
    run_with(1);
    CHECK_THROWS_WITH_AS(run_with(2), doctest::Contains("frozen weights: 1 there, 2 here"), input_error);
}

TEST_CASE("a run goes on under the observers that it depends on, and under no others, which is said") {
    struct rising {
        void on_step(training_step& step) const { step.eval_loss = static_cast<double>(step.step); }
    };
    const auto evaluation = [] { return held_out_result{1}; };
    const auto every = [&](std::size_t steps, std::string name) {
        return held_out{.evaluate = evaluation, .every = steps, .name = std::move(name)};
    };
    const memory_keeper best;
    CHECK(refusal_by(best, {.observers = {rising{}, keep_best{}}}) == "went on");
    CHECK(refusal_by(best, {.observers = {keep_best{}, rising{}}}) == "went on");
    CHECK(refusal_by(best, {.observers = {rising{}, keep_best{.watch = &training_step::loss}}})
              .find("observer 1: keep_best: smallest eval_loss there, smallest loss here") != std::string::npos);
    CHECK(refusal_by(best, {.observers = {rising{}, keep_best{.larger_is_better = true}}})
              .find("smallest eval_loss there, largest eval_loss here") != std::string::npos);
    const memory_keeper evaluated;
    CHECK(refusal_by(evaluated, {.observers = {every(2, "dev")}}) == "went on");
    CHECK(refusal_by(evaluated, {.observers = {every(2, "dev"), early_stop{}}}) == "went on"); // follows from the steps
    CHECK(refusal_by(evaluated, {.observers = {every(3, "dev")}})
              .find("observer 1: held_out: every 2 steps there, every 3 steps here") != std::string::npos);
    CHECK(refusal_by(evaluated, {.observers = {every(2, "test")}})
              .find("observer 1: held_out of: dev there, test here") != std::string::npos);
    CHECK(refusal_by(evaluated, {.observers = {every(2, "dev"), keep_best{}}})
              .find("observer 2: keep_best: (missing) there, smallest eval_loss here") != std::string::npos);
    const memory_keeper plain;
    CHECK(refusal_by(plain, {}) == "went on");
    CHECK(refusal_by(plain, {.observers = {[](const training_step&) {}}}) == "went on");
    CHECK(refusal_by(plain, {.observers = {every(2, "dev")}}).find("observer 1: held_out: (missing) there") !=
          std::string::npos);
}

TEST_CASE("whoever remembers something is known by it, and an evaluation that says nothing of itself is noted") {
    struct counter {
        std::uint64_t steps = 0;
        void operator()(const training_step&) { ++steps; }
        std::vector<named_state> state() { return {{"steps seen", std::span(&steps, 1)}}; }
    };
    const memory_keeper plain;
    CHECK(refusal_by(plain, {}) == "went on");
    CHECK(
        refusal_by(plain, {.observers = {counter{}}}).find("observer 1: remembers: (missing) there, steps seen here") !=
        std::string::npos);
    training_options options{.keeper = memory_keeper{},
                             .observers = {held_out{.evaluate = [] { return held_out_result{1}; }}}};
    strengths<double> first(3), second(3);
    CHECK(climb(first, options).notes.empty());
    const training_history again = climb(second, options);
    REQUIRE(again.notes.size() == 1);
    CHECK(again.notes[0].find("held_out: whether the kept run was evaluated on the same data is not known") == 0);
}

TEST_CASE("a schedule of one's own that gave a step taken another rate is refused, and the model is left alone") {
    const auto ones = [](double) { return 1.0; };
    const auto between = [](double progress) { return std::floor(64 * progress) == 64 * progress ? 1.0 : 0.5; };
    const auto later = [](double progress) { return progress > 0.99 ? 0.5 : 1.0; };
    REQUIRE(rate_schedule(ones).name() == rate_schedule(between).name());
    const memory_keeper kept;
    CHECK(refusal_by(kept, {.epochs = 3, .schedule = ones}) == "went on");
    CHECK(refusal_by(kept, {.epochs = 3, .schedule = later}) == "went on"); // the same in every step
    const std::string text = refusal_by(kept, {.epochs = 3, .schedule = between});
    CHECK(text.find("step 2 had a learning rate of 0.001") != std::string::npos);
    strengths<double> model(3);
    CHECK_THROWS_AS(climb(model, {.epochs = 3, .schedule = between, .keeper = kept}), input_error);
    CHECK(model.theta == std::vector<double>(3));
    const memory_keeper grouped;
    training_options options{.epochs = 3, .groups = {{.ranges = {{0, 1}}, .schedule = ones}}};
    CHECK(refusal_by(grouped, options) == "went on");
    CHECK(refusal_by(grouped, options) == "went on");
    options.groups[0].schedule = between;
    CHECK(refusal_by(grouped, options).find("the schedules of its groups of parameters gave other rates") !=
          std::string::npos);
}

TEST_CASE("where nothing can be kept the run says so before its first step") {
    struct full : memory_keeper {
        void prepare() const { throw input_error("memory: is full"); }
    };
    training_options options{.keeper = full{}};
    strengths<double> model(3);
    CHECK_THROWS_WITH_AS(climb(model, options), "memory: is full", input_error);
    CHECK(model.theta == std::vector<double>(3));
    options.epochs = 0; // keeps nothing
    CHECK(climb(model, options).steps.empty());
}
