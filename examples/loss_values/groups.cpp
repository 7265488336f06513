// Every loss on triples, single completions and ranked lists.
// SPDX-License-Identifier: MIT
#include "write_values.hpp"

#include <utility>

#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss_values/completions.hpp>
#include <preflearn/loss_values/lists.hpp>
#include <preflearn/loss_values/pairs.hpp>

void write_values_of_triples(const request& asked) {
    preflearn::use_loss_of<preflearn::triple_losses>(asked.loss, asked.parameters, [&]<class Loss>(const Loss& loss) {
        preflearn::csv_file file(asked.file);
        say_ignored(asked, preflearn::ignored_columns<Loss>(file));
        preflearn::write_loss_values(loss, std::move(file), asked.print);
    });
}

void write_values_of_completions(const request& asked) {
    preflearn::use_loss_of<preflearn::unpaired_losses>(asked.loss, asked.parameters, [&]<class Loss>(const Loss& loss) {
        preflearn::csv_file file(asked.file);
        say_ignored(asked, preflearn::ignored_columns<Loss>(file));
        preflearn::write_loss_values(loss, std::move(file), asked.print);
    });
}

void write_values_of_lists(const request& asked) {
    preflearn::use_loss_of<preflearn::listwise_losses>(asked.loss, asked.parameters, [&]<class Loss>(const Loss& loss) {
        preflearn::csv_file file(asked.file);
        say_ignored(asked, preflearn::ignored_columns<Loss>(file));
        preflearn::write_loss_values(loss, std::move(file), asked.print);
    });
}
