// How a model learns: options of the programs that train one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/training/loop/options.hpp>
#include <preflearn/training/loop/schedule.hpp>
#include <preflearn/training/optimisers/adamw.hpp>

#include "../models/models.hpp"
#include "command_line.hpp"

struct training_arguments {
    std::optional<std::size_t> epochs, fine_tuning_epochs, batch, micro_batch, maximum_tokens, evaluate_every, patience,
        checkpoint_every;
    std::optional<double> rate, fine_tuning_rate, warm_up, clip_norm, weight_decay, lora_alpha;
    std::size_t maximum_steps = 0, lora = 0;
    double lora_dropout = 0;
    bool rank_stabilised = false, recompute = false;
    std::vector<std::string> lora_targets{"all-linear"};
    std::string boundary = "separate", optimiser = "adamw", schedule = "cosine", trained = "all";
    std::uint64_t seed = 0;
    model_choice on;
};

/// What a program has to say of the options beside what all say.
struct training_words {
    /// How long it fine-tunes unless --sft-epochs says it.
    std::string fine_tuning = "0: the model is the fine-tuned one";
    /// Where defaults hold, as "; on real models"; and where checkpoints lie.
    std::string holds{}, checkpoints = "in OUT.unfinished";
    std::string seed = "of split, order and adapters";
};

/// How any model learns.
inline void add_steps(command_line& line, training_arguments& given, const training_words& words) {
    line.add("--epochs", given.epochs, "passes of preference training; default 1" + words.holds);
    line.add("--max-steps", given.maximum_steps, "steps after which it ends; 0: no limit").no_minus().shows_default();
    line.add("--rate", given.rate, "learning rate; default 1e-5" + words.holds).non_negative();
    line.add("--schedule", given.schedule, "of the rate, behind the warm-up: constant, linear or cosine")
        .one_of({"constant", "linear", "cosine"})
        .shows_default();
    line.add("--warm-up", given.warm_up, "below 1 a share of the steps, else their number; default 0.1").non_negative();
    line.add("--weight-decay", given.weight_decay, "of AdamW; default 0.01").non_negative();
    line.add("--clip-norm", given.clip_norm, "largest norm of a gradient; 0: any; default 1").non_negative();
    line.add("--sft-epochs", given.fine_tuning_epochs,
             "passes of fine-tuning on the preferred responses before; default " + words.fine_tuning);
    line.add("--sft-rate", given.fine_tuning_rate, "learning rate of it; default 1e-5" + words.holds).non_negative();
    line.add("--batch", given.batch, "examples of an optimiser step; default 8" + words.holds).positive();
    line.add("--micro-batch", given.micro_batch,
             "examples computed at once, which takes memory; default 1" + words.holds)
        .positive();
    line.add("--optimiser", given.optimiser, "adamw_8bit remembers 2 bytes a parameter instead of 8")
        .one_of({"adamw", "adamw_8bit"})
        .shows_default();
    line.add("--seed", given.seed, words.seed).shows_default();
    line.add("--checkpoint-every", given.checkpoint_every,
             "steps between checkpoints " + words.checkpoints + "; 0: none before a training's end; default 50");
}

/// How a language model over texts reads them, and what of it learns. \return the options
inline std::vector<option> add_text_model(command_line& line, training_arguments& given) {
    std::vector<option> all;
    all.push_back(line.add("--max-tokens", given.maximum_tokens,
                           "longest prompt and response together, in tokens; longer ones are left out; default 512")
                      .positive());
    all.push_back(line.add("--boundary", given.boundary, "where prompts end: separate or joint (see log_probs)")
                      .one_of({"separate", "joint"})
                      .shows_default());
    const option lora = line.add("--lora", given.lora, "learn by a LoRA adapter of this rank alone").positive();
    all.push_back(lora);
    all.push_back(line.add("--lora-alpha", given.lora_alpha, "its scale times the rank; default twice the rank")
                      .positive()
                      .needs(lora));
    all.push_back(
        line.add("--lora-dropout", given.lora_dropout, "chance that an entry of its input is left out in training")
            .between(0.0, 0.99)
            .needs(lora));
    all.push_back(line.add("--lora-target", given.lora_targets,
                           "module that has one, may be repeated; default: all of attention and MLP")
                      .repeats()
                      .needs(lora));
    all.push_back(
        line.flag("--rank-stabilised", given.rank_stabilised, "scale it by the square root of its rank (rsLoRA)"));
    all.push_back(
        line.add("--trained", given.trained, "weights that learn: all, head or last:K").shows_default().excludes(lora));
    all.push_back(
        line.flag("--recompute", given.recompute, "run layers again in backward passes: less memory, the same bits"));
    all.push_back(line.add("--backend", given.on.backend,
                           "what computes: cpu or onednn (the default where it is built in); training stays on the "
                           "processor")
                      .one_of(backend_names()));
    all.push_back(line.add("--dtype", given.on.type,
                           "numbers that products multiply: float32, or bfloat16 with sums in float32; trained numbers "
                           "are float32")
                      .one_of({"float32", "bfloat16"})
                      .shows_default());
    return all;
}

/// All options of a program that trains a language model and holds it against held-out examples.
inline void add_training(command_line& line, training_arguments& given, const training_words& words = {}) {
    add_steps(line, given, words);
    add_text_model(line, given);
    line.add("--evaluate-every", given.evaluate_every, "steps between evaluations; default: four times an epoch")
        .positive();
    line.add("--patience", given.patience, "evaluations without a better one that end training; 0: none; default 3");
}

template <class To, class From> void set_if_given(To& to, const From& from) {
    if (from) to = *from;
}

/// How long and how fast: of preference training, which alone may end after so many steps, and of fine-tuning.
inline void apply_steps(const training_arguments& given, preflearn::training_options& to, preflearn::adamw& optimiser,
                        bool fine_tuning) {
    set_if_given(to.epochs, fine_tuning ? given.fine_tuning_epochs : given.epochs);
    if (!fine_tuning) to.max_steps = given.maximum_steps;
    set_if_given(to.batch_size, given.batch);
    set_if_given(to.micro_batch_size, given.micro_batch);
    set_if_given(to.warm_up, given.warm_up);
    set_if_given(to.clip_norm, given.clip_norm);
    to.schedule = given.schedule == "constant" ? preflearn::schedule::constant
                  : given.schedule == "linear" ? preflearn::schedule::linear
                                               : preflearn::schedule::cosine;
    set_if_given(optimiser.rate, fine_tuning ? given.fine_tuning_rate : given.rate);
    set_if_given(optimiser.weight_decay, given.weight_decay);
}

/// Puts what was given over the settings and the seed of a program's options.
template <class Options> void apply_training(const training_arguments& given, Options& options) {
    options.seed = given.seed;
    auto& to = options.learning; // training_settings, which takes long to compile
    using boundary = decltype(to.boundary);
    apply_steps(given, to.training, to.optimiser, false);
    apply_steps(given, to.fine_tuning, to.fine_tuning_optimiser, true);
    set_if_given(to.watched.every, given.evaluate_every);
    set_if_given(to.watched.patience, given.patience);
    set_if_given(to.checkpoint_every, given.checkpoint_every);
    set_if_given(to.maximum_tokens, given.maximum_tokens);
    to.boundary = given.boundary == "joint" ? boundary::joint : boundary::separate;
    to.trained_name = given.trained;
    to.trained = preflearn::trained_tensors_named(given.trained);
    to.recompute_activations = given.recompute;
    to.eight_bit_moments = given.optimiser == "adamw_8bit";
    if (given.lora != 0)
        to.adapter = preflearn::adapter_options{.rank = given.lora,
                                                .alpha = given.lora_alpha.value_or(2 * static_cast<double>(given.lora)),
                                                .dropout = given.lora_dropout,
                                                .rank_stabilised = given.rank_stabilised,
                                                .targets = given.lora_targets};
}
