/// \file
/// Teachers of the kind `features`: hidden states of a model that does not learn, computed once, and a head on them by
/// Bradley-Terry: a linear one by its exact fit, or an MLP by training. Its L2 penalty is the best of several on
/// held-out pairs unless it is given.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/pipeline/learning/learning_run.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/features.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/pipeline/teacher_kinds/text_head.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/programs/teaching/hidden_states.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>
#include <preflearn/programs/teaching/taught_kind.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/programs/teaching/watched_training.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/reward/logistic_fit.hpp>
#include <preflearn/reward/mlp.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/observers/held_out.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

namespace preflearn {

namespace detail {

/// From weak to strong, of inputs with deviation 1.
inline constexpr std::array tried_penalties{1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0};
inline constexpr double usual_penalty = 1e-2;

/// Hidden states of pairs, first and second response of each in turn, and their outcomes.
struct state_pairs {
    std::vector<double> states{};
    std::vector<std::uint64_t> ids{};
    std::vector<double> targets{}; ///< P(first ≻ second)
    std::size_t size = 0;          ///< of a state

    [[nodiscard]] std::span<const double> state(std::size_t pair, bool second) const {
        return std::span(states).subspan((2 * pair + (second ? 1 : 0)) * size, size);
    }
};

/// The states of pairs that a split took from a file. In the file's order, whatever the split, so that they are found
/// again by another one.
inline state_pairs states_of(const any_transformer<float>& model, const head_reading& reading,
                             const preference_data& file, std::span<const text_comparison> pairs,
                             const label_set& labels, std::uint64_t seed, const hidden_store& store) {
    std::unordered_set<std::uint64_t> wanted;
    for (const text_comparison& pair : pairs) wanted.insert(pair.id);
    std::vector<token_completion> completions;
    std::unordered_map<std::uint64_t, std::size_t> place;
    for (const text_comparison& pair : file.comparisons()) {
        if (!wanted.contains(pair.id)) continue;
        place.emplace(pair.id, completions.size());
        for (const std::string_view response : {pair.first, pair.second})
            completions.push_back(reading(pair.prompt, response));
    }
    const std::vector<float> states = hidden_states(model, completions, store);
    state_pairs made{.size = model.config().hidden_size};
    for (const text_comparison& pair : pairs) {
        const preference verdict = labels.at(pair.id);
        if (verdict.abstained()) continue;
        made.ids.push_back(pair.id);
        made.targets.push_back(verdict.half_win());
        const std::size_t swapped = is_swapped(seed, pair.id) ? 1 : 0;
        for (const std::size_t response : {swapped, 1 - swapped}) {
            const auto row = states.begin() + static_cast<std::ptrdiff_t>((place.at(pair.id) + response) * made.size);
            made.states.insert(made.states.end(), row, row + static_cast<std::ptrdiff_t>(made.size));
        }
    }
    return made;
}

/// Mean and 1 / deviation of every number of the states; a constant one is left as it is.
inline void standards_of(const state_pairs& pairs, std::vector<double>& mean, std::vector<double>& scale) {
    mean.assign(pairs.size, 0);
    scale.assign(pairs.size, 0);
    const double rows = static_cast<double>(pairs.states.size() / pairs.size);
    for (std::size_t i = 0; i < pairs.states.size(); ++i) mean[i % pairs.size] += pairs.states[i] / rows;
    for (std::size_t i = 0; i < pairs.states.size(); ++i) {
        const double apart = pairs.states[i] - mean[i % pairs.size];
        scale[i % pairs.size] += apart * apart / rows;
    }
    for (double& variance : scale) variance = variance > 0 ? 1 / std::sqrt(variance) : 1;
}

/// First minus second, scaled: pairs × size.
inline std::vector<double> differences_of(const state_pairs& pairs, std::span<const double> scale) {
    std::vector<double> x(pairs.ids.size() * pairs.size);
    for (std::size_t i = 0; i < pairs.ids.size(); ++i)
        for (std::size_t j = 0; j < pairs.size; ++j)
            x[i * pairs.size + j] = (pairs.state(i, false)[j] - pairs.state(i, true)[j]) * scale[j];
    return x;
}

/// How margins fare on pairs: the mean loss in nats, and the share whose sign is right (ties are wrong, as in TRL).
inline held_out_result fared(std::span<const double> margins, std::span<const double> targets) {
    double loss = 0, right = 0;
    for (std::size_t i = 0; i < margins.size(); ++i) {
        loss -= targets[i] * log_sigmoid(margins[i]) + (1 - targets[i]) * log_sigmoid(-margins[i]);
        const double sides = (targets[i] - 0.5) * margins[i];
        right += sides > 0 ? 1 : sides == 0 ? 0.5 : 0;
    }
    const auto count = static_cast<double>(margins.size());
    return {loss / count, right / count};
}

/// Which tried_penalties are tried.
inline std::vector<double> penalties_for(const teach_options& options, bool held_out) {
    if (options.features.l2) return {*options.features.l2};
    if (!held_out) return {usual_penalty};
    return {tried_penalties.rbegin(), tried_penalties.rend()}; // the strong first, whose fit is near zero
}

inline feature_head fit_linear_head(const teaching& at, const state_pairs& learned, const state_pairs& held,
                                    taught& made) {
    std::vector<double> mean, scale;
    standards_of(learned, mean, scale);
    const std::vector<double> x = differences_of(learned, scale), x_held = differences_of(held, scale);
    const std::vector<double> tried = penalties_for(at.options, !held.ids.empty());
    feature_head best;
    double least = 0, chosen = 0;
    std::vector<double> start;
    for (const double l2 : tried) {
        const logistic_fit fit = fit_logistic({x.data(), learned.ids.size(), learned.size}, learned.targets, l2, start);
        start = fit.weights;
        training_step step{.step = made.preferences.steps.size() + 1, .steps = tried.size(), .loss = fit.loss};
        if (!held.ids.empty()) {
            std::vector<double> margins(held.ids.size());
            for (std::size_t i = 0; i < x_held.size(); ++i) margins[i / held.size] += x_held[i] * start[i % held.size];
            const held_out_result found = fared(margins, held.targets);
            step.eval_loss = found.loss;
            step.eval_accuracy = found.accuracy;
            at.say(message("L2 penalty ", shortest_digits(l2), ": held-out loss ", shown(found.loss, 4), ", accuracy ",
                           shown(found.accuracy, 1, notation::percent)));
        }
        if (!fit.converged)
            at.say(message("L2 penalty ", shortest_digits(l2), ": the fit stopped before its gradient was zero"));
        if (tried.size() > 1) made.preferences.steps.push_back(step); // else nothing was chosen
        if (!best.weights.empty() && !(step.eval_loss < least)) continue;
        least = step.eval_loss;
        chosen = l2;
        best.weights = start;
    }
    for (std::size_t j = 0; j < scale.size(); ++j) best.weights[j] *= scale[j];
    made.description.training["l2"] = chosen;
    return best;
}

inline feature_head train_mlp_head(const teaching& at, const learning_run& run, const state_pairs& learned,
                                   const state_pairs& held, const teach_data& data, taught& made) {
    using state_comparison = comparison<no_prompt, std::span<const double>>;
    feature_head best;
    standards_of(learned, best.mean, best.scale);
    const auto standardised = [&](state_pairs pairs) {
        for (std::size_t i = 0; i < pairs.states.size(); ++i)
            pairs.states[i] = (pairs.states[i] - best.mean[i % pairs.size]) * best.scale[i % pairs.size];
        return pairs;
    };
    const state_pairs in = standardised(learned), in_held = standardised(held);
    const auto views = [](const state_pairs& pairs) {
        std::vector<state_comparison> all;
        for (std::size_t i = 0; i < pairs.ids.size(); ++i)
            all.push_back({pairs.ids[i], {}, pairs.state(i, false), pairs.state(i, true)});
        return all;
    };
    const std::vector<state_comparison> pairs = views(in), held_pairs = views(in_held);
    double least = 0;
    for (const double l2 : penalties_for(at.options, !held.ids.empty())) {
        mlp_reward<double> mlp({.features = in.size, .hidden = at.options.features.hidden}, at.options.seed);
        watched_by watched;
        if (!held_pairs.empty()) {
            at.say(message("L2 penalty ", shortest_digits(l2), ":"));
            watched =
                watched_as(at.options, held_out_pairs(mlp, held_pairs, data.held_out_labels, {}, at.loss), at.say);
        }
        adamw optimiser = at.options.learning.optimiser;
        optimiser.weight_decay = l2;
        training_history history =
            learn_pairs(mlp, pair_lesson<state_comparison>{pairs, data.labels}, at.loss,
                        {optimiser, at.options.learning.training, run, message("penalty ", l2)}, std::move(watched));
        double loss = 0;
        if (!held_pairs.empty()) loss = held_out_pairs(mlp, held_pairs, data.held_out_labels, {}, at.loss)().loss;
        if (best.mlp && !(loss < least)) continue;
        least = loss;
        best.mlp = std::move(mlp);
        made.preferences = std::move(history);
        made.description.training["l2"] = l2;
    }
    return best;
}

} // namespace detail

/// \throws argument_error for options that are none of this kind's.
inline void check_features(const teach_options& options) {
    const feature_options& features = options.features;
    require(options.learning.fine_tuning.epochs == 0 && !options.learning.adapter &&
                options.learning.trained_name == "all",
            "of the kind features the model does not learn: no fine-tuning, adapter or choice of trained weights");
    require(features.head == "linear" || features.head == "mlp", "a head on features is linear or mlp, not ",
            excerpt{features.head});
    require(features.head == "linear" || options.learning.training.epochs > 0, "an MLP needs training");
    require(!features.hidden.empty() && std::ranges::find(features.hidden, 0U) == features.hidden.end(),
            "an MLP has layers of at least one unit");
    require(!features.l2 || (*features.l2 > 0 && std::isfinite(*features.l2)), "the L2 penalty is ",
            features.l2.value_or(0), ", a positive number was expected");
    require(features.head == "mlp" || options.loss_name == "bradley_terry", "a linear head is fitted by ",
            "bradley_terry, found ", excerpt{options.loss_name});
    check_loss_of_rewards(options);
    (void)pooling_named(features.pooling);
}

inline nlohmann::ordered_json feature_settings(const teach_options& options) {
    const feature_options& features = options.features;
    nlohmann::ordered_json settings{{"head", features.head}, {"pooling", features.pooling}};
    if (features.head == "mlp") {
        settings["hidden"] = features.hidden;
        settings["epochs"] = options.learning.training.epochs;
        settings["batch"] = options.learning.training.batch_size;
        settings["rate"] = options.learning.optimiser.rate;
        settings["loss"] = options.loss_name;
    }
    if (features.l2) settings["l2"] = *features.l2;
    return settings;
}

/// Makes the folder. \throws as `teach`.
inline taught teach_features(const teaching& at, teacher_description told) {
    const teach_options& options = at.options;
    taught made{.description = std::move(told)};
    preference_options texts = options.reading;
    if (at.chat.render) texts.render = at.chat.render;
    const any_transformer<float> model = load_feature_model(at.on, options.model);
    const tokenizer words = load_tokenizer(options.model, options.learning.tokenizer);
    for (const std::string& note : words.notes()) at.say(note);
    for (const std::string& note : model.notes()) at.say(note);
    made.description.end_token = words.end_token().has_value();
    const response_end after = made.description.end_token ? response_end::end_token : response_end::nothing;
    const auto encoded = std::make_shared<encoded_texts>(words, special_tokens::parse, options.learning.boundary);
    const head_reading reading = [encoded, after](std::string_view prompt, std::string_view response) {
        return encoded->pair(prompt, response, after);
    };
    const pair_reader lengths =
        reader_of_both(options.model.string(), model.config(), [&](const text_comparison& pair) {
            return std::pair(reading(pair.prompt, pair.first), reading(pair.prompt, pair.second));
        });
    const teach_data data = read_teach_data(options, texts, {&lengths, 1}, true, at.say);
    describe_pairs(made.description, data);

    const learning_run run = run_options(options, at.unfinished);
    hidden_store store{.folder = options.features.cache.empty() ? at.unfinished / "features" : options.features.cache,
                       .model = message(made.description.base->identity.weights, " on ", at.on.name),
                       .pooling = pooling_named(options.features.pooling)};
    const auto states = [&](const preference_data& file, std::span<const text_comparison> pairs,
                            const label_set& labels, const char* title) {
        if (options.learning.scoring)
            store.seen = [seen = options.learning.scoring(title, pairs.size())](std::size_t done) { seen(done / 2); };
        return detail::with_names(file.names(), [&] {
            return detail::states_of(model, reading, file, pairs, labels, options.split_by(), store);
        });
    };
    const detail::state_pairs learned = states(data.file, data.learned, data.labels, "hidden states");
    const preference_data& held_file = data.held_out_file.empty() ? data.file : data.held_out_file;
    const detail::state_pairs held =
        states(held_file, data.held_out, data.held_out_labels, "hidden states of held-out pairs");
    const feature_head head = options.features.head == "linear"
                                  ? detail::fit_linear_head(at, learned, held, made)
                                  : detail::train_mlp_head(at, run, learned, held, data, made);
    write_teacher(at.on, options, data, made, [&](const std::filesystem::path& folder) {
        made.description.files.push_back(write_feature_head(head, folder));
    });
    return made;
}

} // namespace preflearn
