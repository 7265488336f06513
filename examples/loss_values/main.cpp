// Evaluates one preference loss on given log-probs: value and gradient of every pair, completion or list, to compare
// with any other implementation.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <preflearn/loss_values/describe.hpp>

#include "../command_line/command_line.hpp"
#include "write_values.hpp"

namespace {

struct arguments {
    std::string loss, file;
    std::vector<std::string> parameters;
    bool list = false;
};

void print(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) < 0) throw std::runtime_error("the output cannot be written");
}

void write_values(const arguments& given) {
    std::vector<preflearn::named_value> parameters;
    for (const std::string& parameter : given.parameters) parameters.push_back(preflearn::parse_named_value(parameter));
    const preflearn::listed_loss& loss = preflearn::loss_listed_as(given.loss);
    const request asked{given.loss, loss, parameters, given.file, print};
    switch (loss.kind) {
    case preflearn::loss_kind::pairs:
        return write_values_of_pairs(asked);
    case preflearn::loss_kind::triples:
        return write_values_of_triples(asked);
    case preflearn::loss_kind::tokens:
        return write_values_of_tokens(asked);
    case preflearn::loss_kind::completions:
        return write_values_of_completions(asked);
    case preflearn::loss_kind::lists:
        return write_values_of_lists(asked);
    }
}

} // namespace

void say_ignored(const request& asked, const std::string& columns) {
    if (!columns.empty())
        std::fprintf(stderr, "loss_values: %s does not read the columns: %s\n", asked.name.c_str(), columns.c_str());
}

int main(int argc, char** argv) {
    arguments given;
    command_line options{
        "Prints the CSV columns loss,d_chosen_logp,d_rejected_logp of every pair alone (not divided by their\n"
        "number). Under a loss that couples the batch (aot, dr_dpo, ...) all pairs are one batch, whose sum the\n"
        "lines add up to. FILE.csv has the columns chosen_logp and rejected_logp and, where the loss needs them,\n"
        "reference_chosen_logp, reference_rejected_logp, chosen_tokens and rejected_tokens; weight, target and\n"
        "margin may be there. Columns that the loss does not read are neither used nor checked; of weight, target\n"
        "and margin this is said. A file without a single pair is refused.\n\n"
        "Losses on triples (tpo, ...) need gold_logp and gold_tokens, too, and print d_gold_logp.\n\n"
        "Losses on single completions (kto, bco, ...) take logp, reference_logp, desirable (1, 0, true or false),\n"
        "maybe weight, and for kto mismatched_logp and reference_mismatched_logp of a response to another prompt;\n"
        "they print loss,d_logp. The completions of a file are one batch: k of kto and delta of bco are its own,\n"
        "unless kto_given_kl and bco_given_delta are told them.\n\n"
        "Losses on ranked lists (plackett_luce) take a line for each response, the lines of a list together and its\n"
        "best response first: list (its name), logp and maybe reference_logp, ranked (0: behind all that are ranked,\n"
        "in unknown order) and weight. They print loss,d_logp, the loss of a list in its first line, 0 in others.\n\n"
        "Token-level losses (ld_dpo, wpo, tdpo1, ...) take columns like chosen_token_logps, whose fields hold a\n"
        "number for each token with blanks between them, and print d_chosen_token_logps,d_rejected_token_logps\n"
        "the same way, pair by pair as the file is read; an empty field is an empty response. --list says which "
        "columns a loss needs."};
    options.add("--loss", given.loss, "a name of the list, or one that the list has beside it (dpo, ...)");
    options.add("--param", given.parameters, "NAME=VALUE, may be repeated").repeats();
    options.flag("--list", given.list, "print every loss with formula, parameters, defaults, columns and source");
    options.add("FILE.csv", given.file, "log-probs in nats, summed over tokens or token by token");
    return options.run(
        argc, argv,
        [&] {
            if (given.list)
                print(preflearn::loss_list());
            else
                write_values(given);
            if (std::fflush(stdout) != 0) throw std::runtime_error("the output cannot be written");
            return 0;
        },
        [&] {
            if (!given.list && (given.loss.empty() || given.file.empty()))
                throw usage_error("--list, or --loss and FILE.csv is required");
        });
}
