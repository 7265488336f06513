#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <preflearn/programs/teaching/teach_options.hpp>

using namespace preflearn;

namespace {

std::string settings_changed_by(const std::function<void(teach_options&)>& change) {
    teach_options options{.model = "model"};
    change(options);
    return settings_of(options).dump();
}

} // namespace

TEST_CASE("what makes another teacher is among its settings, each by itself") {
    using o = teach_options;
    const std::vector<std::function<void(o&)>> changes{
        [](o&) {},
        [](o& t) { t.kind = "likelihood"; },
        [](o& t) { t.seed = 1; },
        [](o& t) { t.learning.fine_tuning.epochs = 2; },
        [](o& t) { t.learning.fine_tuning.batch_size = 4; },
        [](o& t) { t.learning.fine_tuning_optimiser.rate = 1; },
        [](o& t) { t.learning.training.epochs = 2; },
        [](o& t) { t.learning.training.micro_batch_size = 2; },
        [](o& t) { t.learning.training.schedule = schedule::constant; },
        [](o& t) { t.learning.training.warm_up = 0; },
        [](o& t) { t.learning.training.max_steps = 3; },
        [](o& t) { t.learning.training.clip_norm = 3; },
        [](o& t) { t.learning.fine_tuning_optimiser.weight_decay = 3; },
        [](o& t) { t.learning.adapter = adapter_options{}; },
        [](o& t) { t.learning.adapter = adapter_options{.layers = {1}}; },
        [](o& t) { t.learning.adapter = adapter_options{.rank_stabilised = true}; },
        [](o& t) { t.learning.optimiser.rate = 1; },
        [](o& t) { t.loss_name = "ipo"; },
        [](o& t) { t.loss_parameters = {"x=1"}; },
        [](o& t) { t.beta = 1; },
        [](o& t) { t.learning.eight_bit_moments = true; },
        [](o& t) { t.learning.trained_name = "last"; },
        [](o& t) { t.learning.adapter = adapter_options{.rank = 2}; },
        [](o& t) { t.learning.adapter = adapter_options{.rank = 2, .dropout = 0.5}; },
        [](o& t) { t.held_out_share = 0.2; },
        [](o& t) { t.held_out = "held-out.jsonl"; },
        [](o& t) { t.learning.watched.every = 3; },
        [](o& t) { t.learning.watched.patience = 0; },
        [](o& t) { t.learning.maximum_tokens = 8; }};
    for (std::size_t i = 0; i < changes.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            CAPTURE(i);
            CAPTURE(j);
            CHECK(settings_changed_by(changes[i]) != settings_changed_by(changes[j]));
        }
}

TEST_CASE("where it is made, how it is watched and what its kind has no use for are no settings of a teacher") {
    const std::string as_it_is = settings_changed_by([](teach_options&) {});
    CHECK(as_it_is == settings_changed_by([](teach_options& t) {
              t.model = "elsewhere";
              t.out = "out";
              t.learning.checkpoint_every = 1;
              t.command_line = {"teach"};
              t.learning.observe = [](std::string_view) { return training_observer(); };
          }));
    const auto of_likelihood = [](double beta) {
        return settings_changed_by([&](teach_options& t) {
            t.kind = "likelihood";
            t.beta = beta;
        });
    };
    CHECK(of_likelihood(1) == of_likelihood(2));
    CHECK(settings_of({.kind = "longer", .seed = 3}).dump() == R"({"kind":"longer","seed":3})");
    teach_options own_file{.model = "model"}; // its share is of no account
    own_file.held_out = "held-out.jsonl";
    CHECK(settings_of(own_file)["held_out"]["share"] == 0);
}
