// Evaluates one preference loss on given log-probs: value and gradient of every pair, completion or list, to compare
// with any other implementation.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <preflearn/loss_values/completions.hpp>
#include <preflearn/loss_values/describe.hpp>
#include <preflearn/loss_values/lists.hpp>
#include <preflearn/loss_values/pairs.hpp>
#include <preflearn/loss_values/tokens.hpp>

int main(int argc, char** argv) {
    std::string name, file;
    std::vector<std::string> parameters;
    bool list = false;
    CLI::App app{
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
    app.add_option("--loss", name, "a name of the list, or one that the list has beside it (dpo, ...)");
    app.add_option("--param", parameters, "NAME=VALUE, may be repeated")->allow_extra_args(false);
    app.add_flag("--list", list, "print every loss with formula, parameters, defaults, columns and source");
    app.add_option("FILE.csv", file, "log-probs in nats, summed over tokens or token by token");
    try {
        app.parse(argc, argv);
        if (!list && (name.empty() || file.empty())) throw CLI::RequiredError("--list, or --loss and FILE.csv");
    } catch (const CLI::ParseError& failure) {
        return app.exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    }
    try {
        const auto print = [](const std::string& text) {
            if (std::fputs(text.c_str(), stdout) < 0) throw std::runtime_error("the output cannot be written");
        };
        if (list) {
            print(preflearn::loss_list());
        } else {
            std::vector<preflearn::named_value> values;
            for (const std::string& given : parameters) values.push_back(preflearn::parse_named_value(given));
            preflearn::use_loss_of_any_kind(name, values, [&]<class Loss>(const Loss& loss) {
                preflearn::csv_file csv(file);
                if (const std::string ignored = preflearn::ignored_columns<Loss>(csv); !ignored.empty())
                    std::fprintf(stderr, "loss_values: %s does not read the columns: %s\n", name.c_str(),
                                 ignored.c_str());
                preflearn::write_loss_values(loss, std::move(csv), print);
            });
        }
        if (std::fflush(stdout) != 0) throw std::runtime_error("the output cannot be written");
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "loss_values: %s\n", failure.what());
        return 1;
    }
    return 0;
}
