// Writes the values of one loss on the numbers of a file. Each kind of loss is compiled in a file of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <span>
#include <string>

#include <preflearn/loss/by_name/loss_named.hpp>

/// What is asked for: a loss of the table, its parameters, and the file.
struct request {
    /// The loss's name as it was given.
    std::string name;
    const preflearn::listed_loss& loss;
    std::span<const preflearn::named_value> parameters;
    std::string file;
    /// Takes lines of CSV.
    std::function<void(const std::string&)> print;
};

void write_values_of_pairs(const request& asked);
void write_values_of_triples(const request& asked);
void write_values_of_tokens(const request& asked);
void write_values_of_completions(const request& asked);
void write_values_of_lists(const request& asked);

/// Of the columns that a loss need not have, those that it does not read are named.
void say_ignored(const request& asked, const std::string& columns);
