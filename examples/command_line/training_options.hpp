// How a model learns: options of the programs that train one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/training/loop/schedule.hpp>

#include "../models/models.hpp"
#include "command_line.hpp"

struct training_arguments {
    std::optional<std::size_t> epochs, fine_tuning_epochs, batch, micro_batch, maximum_tokens, evaluate_every, patience,
        checkpoint_every;
    std::optional<double> rate, fine_tuning_rate, warm_up, clip_norm, weight_decay, lora_alpha;
    std::size_t maximum_steps = 0, lora = 0;
    double lora_dropout = 0;
    bool rank_stabilised = false;
    std::vector<std::string> lora_targets{"all-linear"};
    std::string boundary = "separate", optimiser = "adamw", schedule = "cosine";
    model_choice on;
};

/// `to` is what a program's options are called, with the members of teach_options.
/// \param fine_tuning_default says how long it fine-tunes unless --sft-epochs says it
template <class Options>
void add_training(command_line& line, training_arguments& given, Options& to,
                  const std::string& fine_tuning_default = "0: the model is the fine-tuned one") {
    line.add("--epochs", given.epochs, "passes of preference training; default 1");
    line.add("--max-steps", given.maximum_steps, "steps after which it ends; 0: no limit").no_minus().shows_default();
    line.add("--rate", given.rate, "learning rate; default 1e-5").non_negative();
    line.add("--schedule", given.schedule, "of the rate, behind the warm-up: constant, linear or cosine")
        .one_of({"constant", "linear", "cosine"})
        .shows_default();
    line.add("--warm-up", given.warm_up, "below 1 a share of the steps, else their number; default 0.1").non_negative();
    line.add("--weight-decay", given.weight_decay, "of AdamW; default 0.01").non_negative();
    line.add("--clip-norm", given.clip_norm, "largest norm of a gradient; 0: any; default 1").non_negative();
    line.add("--sft-epochs", given.fine_tuning_epochs,
             "passes of fine-tuning on the preferred responses before; default " + fine_tuning_default);
    line.add("--sft-rate", given.fine_tuning_rate, "learning rate of it; default 1e-5").non_negative();
    line.add("--batch", given.batch, "examples of an optimiser step; default 8").positive();
    line.add("--micro-batch", given.micro_batch, "examples computed at once, which takes memory; default 1").positive();
    line.add("--max-tokens", given.maximum_tokens,
             "longest prompt with response; longer ones are left out; default 512")
        .positive();
    line.add("--boundary", given.boundary, "where prompts end: separate or joint (see log_probs)")
        .one_of({"separate", "joint"})
        .shows_default();
    line.add("--evaluate-every", given.evaluate_every, "steps between evaluations; default: four times an epoch")
        .positive();
    line.add("--patience", given.patience, "evaluations without a better one that end training; 0: none; default 3");
    const option lora = line.add("--lora", given.lora, "learn by a LoRA adapter of this rank alone").positive();
    line.add("--lora-alpha", given.lora_alpha, "its scale times the rank; default twice the rank").needs(lora);
    line.add("--lora-dropout", given.lora_dropout, "chance that an entry of its input is left out in training")
        .between(0.0, 0.99)
        .needs(lora);
    line.add("--lora-target", given.lora_targets,
             "module that has one, may be repeated; default: all of attention and MLP")
        .repeats()
        .needs(lora);
    line.flag("--rank-stabilised", given.rank_stabilised, "scale it by the square root of its rank (rsLoRA)");
    line.add("--trained", to.trained_name, "weights that learn: all, head or last:K").shows_default().excludes(lora);
    line.flag("--recompute", to.recompute_activations, "run layers again in backward passes: less memory");
    line.add("--optimiser", given.optimiser, "adamw_8bit remembers 2 bytes a parameter instead of 8")
        .one_of({"adamw", "adamw_8bit"})
        .shows_default();
    line.add("--backend", given.on.backend,
             "what computes: cpu or onednn (the default where it is built in); training stays on the processor")
        .one_of(backend_names());
    line.add("--dtype", given.on.type, "numbers that products multiply")
        .one_of({"float32", "bfloat16"})
        .shows_default();
    line.add("--seed", to.seed, "of split, order and adapters").shows_default();
    line.add("--checkpoint-every", given.checkpoint_every,
             "steps between checkpoints in OUT.unfinished; 0: none; default 50");
}

template <class To, class From> void set_if_given(To& to, const From& from) {
    if (from) to = *from;
}

template <class Options> void apply_training(const training_arguments& given, Options& to) {
    set_if_given(to.training.epochs, given.epochs);
    to.training.max_steps = given.maximum_steps;
    set_if_given(to.fine_tuning.epochs, given.fine_tuning_epochs);
    for (auto* const training : {&to.training, &to.fine_tuning}) {
        set_if_given(training->batch_size, given.batch);
        set_if_given(training->micro_batch_size, given.micro_batch);
        set_if_given(training->warm_up, given.warm_up);
        set_if_given(training->clip_norm, given.clip_norm);
        training->schedule = given.schedule == "constant" ? preflearn::schedule::constant
                             : given.schedule == "linear" ? preflearn::schedule::linear
                                                          : preflearn::schedule::cosine;
    }
    set_if_given(to.optimiser.rate, given.rate);
    set_if_given(to.fine_tuning_optimiser.rate, given.fine_tuning_rate);
    for (auto* const optimiser : {&to.optimiser, &to.fine_tuning_optimiser})
        set_if_given(optimiser->weight_decay, given.weight_decay);
    set_if_given(to.checkpoint_every, given.checkpoint_every);
    set_if_given(to.maximum_tokens, given.maximum_tokens);
    to.boundary = given.boundary == "joint" ? preflearn::token_boundary::joint : preflearn::token_boundary::separate;
    to.trained = preflearn::trained_tensors_named(to.trained_name);
    to.eight_bit_moments = given.optimiser == "adamw_8bit";
    if (given.lora != 0)
        to.adapter = preflearn::adapter_options{.rank = given.lora,
                                                .alpha = given.lora_alpha.value_or(2 * static_cast<double>(given.lora)),
                                                .dropout = given.lora_dropout,
                                                .rank_stabilised = given.rank_stabilised,
                                                .targets = given.lora_targets};
}
