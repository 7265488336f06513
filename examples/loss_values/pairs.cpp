// Every loss on pairs.
// SPDX-License-Identifier: MIT
#include "write_values.hpp"

#include <utility>

#include <preflearn/data/files/csv.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss_values/pairs.hpp>

void write_values_of_pairs(const request& asked) {
    preflearn::any_loss<double> chosen;
    preflearn::wanted_columns wanted;
    preflearn::use_loss_of<preflearn::pair_losses>(asked.loss, asked.parameters, [&]<class Loss>(const Loss& loss) {
        chosen = preflearn::any_loss<double>(loss);
        wanted = preflearn::columns_wanted_by<Loss>();
    });
    preflearn::csv_file file(asked.file);
    say_ignored(asked, preflearn::ignored_columns(file, wanted));
    preflearn::write_pair_values(chosen, wanted, std::move(file), asked.print);
}
