// Here, and nowhere else in the programs, every loss is compiled.
// SPDX-License-Identifier: MIT
#include "losses.hpp"

#include <algorithm>

#include <preflearn/loss/by_name/kind_named.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>

chosen_loss loss_of(const std::string& name, const std::vector<std::string>& parameters, std::optional<double> beta) {
    std::vector<preflearn::named_value> values;
    for (const std::string& parameter : parameters) values.push_back(preflearn::parse_named_value(parameter));
    const bool named = std::ranges::count(values, "beta", &preflearn::named_value::name) > 0;
    if (beta && !named && preflearn::loss_has_parameter(name, "beta"))
        values.push_back({"beta", preflearn::shortest_digits(*beta)});
    return {.name = preflearn::loss_name(name),
            .loss = preflearn::loss_named(name, values),
            .reads_lengths = preflearn::loss_reads_lengths(name)};
}

preflearn::kind_of_loss any_loss_named(std::string_view name, std::span<const preflearn::named_value> parameters) {
    return preflearn::kind_of_loss_named(name, parameters);
}
