// Every loss on pairs' tokens.
// SPDX-License-Identifier: MIT
#include "write_values.hpp"

#include <utility>

#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss_values/tokens.hpp>

void write_values_of_tokens(const request& asked) {
    preflearn::use_loss_of<preflearn::named_token_losses>(
        asked.loss, asked.parameters, [&]<class Loss>(const Loss& loss) {
            preflearn::csv_file file(asked.file);
            say_ignored(asked, preflearn::ignored_columns<Loss>(file));
            preflearn::write_loss_values(loss, std::move(file), asked.print);
        });
}
