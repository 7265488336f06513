#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/training/files/run_file.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/reference/reference.hpp>

#include "../../files.hpp"
#include "../toys.hpp"

using namespace preflearn;

namespace {

training_observer kill_after(std::uint64_t step) {
    return [step](const training_step& now) {
        if (now.step == step) throw killed("killed");
    };
}

/// A soft-label DPO run of 14 steps over two epochs, with everything that has a state.
struct run {
    token_data data{27};
    label_set labels;
    std::vector<double> references;
    training_options options{.epochs = 2,
                             .batch_size = 4,
                             .micro_batch_size = 3,
                             .schedule = schedule::cosine,
                             .warm_up = 0.2,
                             .clip_norm = 0.05,
                             .seed = 12};
    adamw optimiser{.rate = 0.1};
    dpo loss{.beta = 0.2};

    run() {
        generator random(1);
        for (const auto& c : data.comparisons) labels.add({c.id, random.uniform()});
        references = reference_log_probs(token_model<float>(6, 3), data.comparisons);
    }
    training_history train(token_model<float>& model) const {
        return train_preferences(model, data.comparisons, labels, references, loss, optimiser, options);
    }
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool same_bits(const training_history& a, const training_history& b) {
    if (a.steps.size() != b.steps.size()) return false;
    for (std::size_t i = 0; i < a.steps.size(); ++i) {
        if (std::memcmp(&a.steps[i], &b.steps[i], sizeof(training_step)) != 0) return false;
    }
    return true;
}

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What refuses to go on from the checkpoint says.
std::string refusal(const run& r) {
    token_model<float> model(6, 3);
    try {
        r.train(model);
    } catch (const input_error& failure) {
        return failure.what();
    }
    return "went on";
}

} // namespace

TEST_CASE("a run that is killed after any step and resumed has the bits of one that was never stopped") {
    const test::folder here;
    run whole;
    token_model<float> expected(6, 3);
    const training_history history = whole.train(expected);
    REQUIRE(history.steps.size() == 14);
    for (std::uint64_t stop = 1; stop <= 14; ++stop) {
        for (const std::size_t every : {1U, 3U}) {
            run r;
            r.options.keeper = run_file{here / "run.safetensors", every};
            std::filesystem::remove(here / "run.safetensors");
            r.options.observers = {kill_after(stop)};
            token_model<float> model(6, 3);
            CHECK_THROWS_AS(r.train(model), killed);
            r.options.observers = {};
            token_model<float> resumed(6, 3);
            const training_history again = r.train(resumed);
            CHECK(same_bits(resumed.logits, expected.logits));
            CHECK(same_bits(again, history));
            CHECK(again.resumed_steps == (stop == 14 ? 14 : stop / every * every));
        }
    }
}

TEST_CASE("a finished run resumes to its result at once, and a supervised run resumes like any other") {
    const test::folder here;
    const token_data data(9);
    training_options options{.epochs = 3, .batch_size = 2};
    token_model<double> expected(6, 3), stopped(6, 3), resumed(6, 3), finished(6, 3);
    train_supervised(expected, data.completions, {}, options);
    options.keeper = run_file{here / "run.safetensors", 4};
    options.observers = {kill_after(11)};
    CHECK_THROWS_AS(train_supervised(stopped, data.completions, {}, options), killed);
    options.observers = {};
    CHECK(train_supervised(resumed, data.completions, {}, options).resumed_steps == 8);
    CHECK(resumed.logits == expected.logits);
    CHECK(train_supervised(finished, data.completions, {}, options).resumed_steps == 15);
    CHECK(finished.logits == expected.logits);
}

TEST_CASE("what a killed writer leaves behind does not matter") {
    const test::folder here;
    run r;
    r.options.keeper = run_file{here / "run.safetensors", 5};
    r.options.observers = {kill_after(7)};
    token_model<float> model(6, 3), resumed(6, 3), expected(6, 3);
    CHECK_THROWS_AS(r.train(model), killed);
    std::ofstream(here / ".run.safetensors.0.tmp") << "half a checkpo";
    r.options.observers = {};
    CHECK(r.train(resumed).resumed_steps == 5);
    r.options.keeper = {};
    r.train(expected);
    CHECK(same_bits(resumed.logits, expected.logits));
}

TEST_CASE("a checkpoint of another run is refused with a message that says what differs") {
    const test::folder here;
    run r;
    r.options.keeper = run_file{here / "run.safetensors", 0};
    token_model<float> model(6, 3);
    r.train(model);
    const auto differs = [&](auto change, const char* what) {
        run other;
        other.options.keeper = r.options.keeper;
        change(other);
        const std::string text = refusal(other);
        INFO(text);
        CHECK(text.find("belongs to another run") != std::string::npos);
        CHECK(text.find(what) != std::string::npos);
        CHECK(text.find("; ") == text.rfind("; ")); // nothing else differs
    };
    differs([](run& o) { o.options.seed = 13; }, "seed: 12 there, 13 here");
    differs([](run& o) { o.options.batch_size = 5; }, "batch_size: 4 there, 5 here");
    differs([](run& o) { o.options.micro_batch_size = 0; }, "micro_batch_size");
    differs([](run& o) { o.options.epochs = 3; }, "steps: 14 there, 21 here");
    differs([](run& o) { o.options.schedule = schedule::linear; }, "schedule: cosine there, linear here");
    differs([](run& o) { o.options.clip_norm = 0; }, "clip_norm");
    differs([](run& o) { o.options.warm_up = 0; }, "warm_up");
    differs([](run& o) { o.optimiser.rate = 0.2; }, "rate: ");
    differs([](run& o) { o.loss.beta = 0.3; }, "loss: ");
    differs([](run& o) { o.references[5] += 1e-9; }, "reference log-probs: ");
    differs([](run& o) { o.data.comparisons[3].first = o.data.comparisons[4].second; }, "data: ");
    differs(
        [](run& o) {
            label_set changed;
            for (const label& l : o.labels) changed.add({l.id, l.id == 103 ? preference{0.5} : l.verdict});
            o.labels = changed;
        },
        "labels: ");
    run same;
    same.options.keeper = r.options.keeper;
    token_model<float> another(6, 4), larger(7, 3);
    token_model<double> wider(6, 3);
    CHECK_THROWS_WITH_AS(same.train(another), doctest::Contains("parameters at the start"), input_error);
    CHECK_THROWS_WITH_AS(same.train(larger), doctest::Contains("number of parameters: 6 there, 7 here"), input_error);
    CHECK_THROWS_WITH_AS(train_preferences(wider, same.data.comparisons, same.labels, same.references, same.loss,
                                           same.optimiser, same.options),
                         doctest::Contains("parameter type: float there, double here"), input_error);
    CHECK_THROWS_WITH_AS(train_supervised(model, same.data.completions, same.optimiser, same.options),
                         doctest::Contains("objective: preferences there, supervised here"), input_error);
}

TEST_CASE("a truncated or damaged checkpoint gives an error that names the file, and the model is not touched") {
    const test::folder here;
    run r;
    r.options.keeper = run_file{here / "run.safetensors", 0};
    token_model<float> model(6, 3);
    r.train(model);
    const std::string good = content(here / "run.safetensors");
    const auto refused = [&](const std::string& bad) {
        std::ofstream(here / "run.safetensors", std::ios::binary) << bad;
        token_model<float> fresh(6, 3);
        try {
            r.train(fresh);
        } catch (const input_error& failure) {
            CHECK(std::string(failure.what()).find("run.safetensors") != std::string::npos);
            CHECK(same_bits(fresh.logits, token_model<float>(6, 3).logits));
            return true;
        }
        return false;
    };
    for (std::size_t length = 0; length < good.size(); length += 37) CHECK(refused(good.substr(0, length)));
    CHECK(refused(good.substr(0, good.size() - 1)));
    // Damage in the header is refused or harmless; damage of numbers cannot be seen, and must not crash.
    const std::size_t header = good.find("history");
    generator random(2);
    for (int i = 0; i < 300; ++i) {
        std::string bad = good;
        bad[random.below(bad.size())] ^= static_cast<char>(1 << random.below(8));
        try {
            refused(bad);
        } catch (const numeric_error&) {
        }
    }
    std::string bad = good;
    bad[header] = 'H';
    CHECK(refused(bad));
}

TEST_CASE("the bits of a run do not depend on the number of threads") {
#if defined(_OPENMP)
    const int before = omp_get_max_threads();
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        token_model<float> model(6, 3);
        run{}.train(model);
        results.push_back(model.logits);
    }
    omp_set_num_threads(before);
    CHECK(same_bits(results[0], results[1]));
    CHECK(same_bits(results[0], results[2]));
#endif
}

TEST_CASE("a folder in which nothing can be kept is found before the first step") {
    const test::folder here;
    run r;
    std::size_t steps = 0;
    r.options.observers = {[&](const training_step&) { ++steps; }};
    std::filesystem::create_directory(here / "folder");
    const token_model<float> start(6, 3);
    for (const std::filesystem::path& path : {here / "missing" / "run.safetensors", here / "folder"}) {
        r.options.keeper = run_file{path, 0};
        token_model<float> model(6, 3);
        CHECK_THROWS_WITH_AS(r.train(model), doctest::Contains(path.string().c_str()), input_error);
        CHECK(same_bits(model.logits, start.logits));
    }
    CHECK(steps == 0);
    CHECK(std::filesystem::is_empty(here / "folder"));
}

TEST_CASE("a file whose history knows fewer numbers of a step goes on, and they are not known") {
    const test::folder here;
    const auto path = here / "run.safetensors";
    run r;
    r.options.keeper = run_file{path, 5};
    r.options.observers = {kill_after(7)};
    token_model<float> model(6, 3), resumed(6, 3), expected(6, 3);
    CHECK_THROWS_AS(r.train(model), killed);
    {
        const checkpoint_file file = read_safetensors(path);
        const tensor_view& history = file.at("history");
        const std::size_t steps = history.shape[0], now = history.shape[1], before = 14;
        REQUIRE(now == step_metrics.size());
        std::vector<double> all(steps * now), fewer;
        std::memcpy(all.data(), history.bytes.data(), history.bytes.size());
        for (std::size_t i = 0; i < steps; ++i)
            for (std::size_t j = 0; j < before; ++j) fewer.push_back(all[i * now + j]);
        std::vector<tensor_view> tensors;
        for (const tensor_view& tensor : file.tensors())
            tensors.push_back(tensor.name == "history" ? tensor_view{"history",
                                                                     element_type::f64,
                                                                     {steps, before},
                                                                     std::as_bytes(std::span<const double>(fewer))}
                                                       : tensor);
        std::map<std::string, std::string> metadata;
        for (const auto& [name, value] : file.metadata().items()) metadata[name] = value.get<std::string>();
        write_safetensors(here / "old.safetensors", tensors, metadata);
    }
    r.options.keeper = run_file{here / "old.safetensors", 5};
    r.options.observers = {};
    const training_history history = r.train(resumed);
    CHECK(history.resumed_steps == 5);
    CHECK(std::isnan(history.steps[0].tokens));
    CHECK(history.steps[0].loss > 0);
    r.options.keeper = {};
    r.train(expected);
    CHECK(same_bits(resumed.logits, expected.logits));
}
