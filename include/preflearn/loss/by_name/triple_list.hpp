/// \file
/// The list of the named losses on triples, beside those of `list.hpp`, `coupled_list.hpp` and `token_list.hpp`: name,
/// formula, parameters and source. In the formulas s is the logistic function, c, r and g are log π of the chosen, the
/// rejected and the gold response, e = label_smoothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <type_traits>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/groups/tpo.hpp>

namespace preflearn {

constexpr loss_description<tpo> describe_loss(std::type_identity<tpo>) {
    return {"tpo",
            "-(1-e) log s(beta (c - r)) - e log s(-beta (c - r)) - tpo_alpha g/|y_g|",
            "TPO, arXiv:2405.16681; TRL's sigmoid",
            {{{"beta", &tpo::beta}, {"label_smoothing", &tpo::label_smoothing}, {"tpo_alpha", &tpo::tpo_alpha}}}};
}
constexpr loss_description<tpo_hinge> describe_loss(std::type_identity<tpo_hinge>) {
    return {"tpo_hinge",
            "max(0, 1 - beta (c - r)) - tpo_alpha g/|y_g|",
            "TPO, arXiv:2405.16681; TRL's hinge",
            {{{"beta", &tpo_hinge::beta}, {"tpo_alpha", &tpo_hinge::tpo_alpha}}}};
}
constexpr loss_description<tpo_ipo> describe_loss(std::type_identity<tpo_ipo>) {
    return {"tpo_ipo",
            "(c/|y_w| - r/|y_l| - 1/(2 beta))^2 - tpo_alpha g/|y_g|",
            "TPO, arXiv:2405.16681; TRL's ipo",
            {{{"beta", &tpo_ipo::beta}, {"tpo_alpha", &tpo_ipo::tpo_alpha}}}};
}
constexpr loss_description<tpo_l> describe_loss(std::type_identity<tpo_l>) {
    return {"tpo_l",
            "-(1-e) log s(x) - e log s(-x) - tpo_alpha g/|y_g|, x = beta (c/|y_w| - r/|y_l|) - tpo_l_gamma",
            "TPO-L, arXiv:2405.16681; TRL's tpo-l",
            {{{"beta", &tpo_l::beta},
              {"label_smoothing", &tpo_l::label_smoothing},
              {"tpo_l_gamma", &tpo_l::tpo_l_gamma},
              {"tpo_alpha", &tpo_l::tpo_alpha}}}};
}

/// The losses, in the order in which they are shown.
using triple_losses = std::tuple<tpo, tpo_hinge, tpo_ipo, tpo_l>;

/// Calls `use(loss)` with every loss of the list at its defaults.
template <class Use> void for_each_triple_loss(const Use& use) {
    detail::for_each_of(std::type_identity<triple_losses>(), use);
}

} // namespace preflearn
