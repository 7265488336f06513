/// \file
/// Priors named by what they are. Peers call five different penalties "alpha"; here a prior says its distribution, and
/// the result repeats it. A Gaussian and pseudo-games make every fit finite, whatever the win graph.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// An item's log-prior density up to a constant, its derivative, and minus its second derivative.
struct prior_terms {
    double value = 0, slope = 0, curvature = 0;
};

/// What a board must be for a finite fit: any board, one whose items are joined by games, or one whose win graph is
/// strongly connected.
enum class board_need : unsigned char { nothing, connected, strongly_connected };

/// Maximum likelihood.
struct no_prior {
    static constexpr board_need need = board_need::strongly_connected;
    static prior_terms terms(double) { return {}; }
    static void check() {}
    [[nodiscard]] static std::string describe() { return "none"; }
};

/// θ_i ~ N(0, variance), independently. The mode has mean zero.
struct gaussian_prior {
    static constexpr board_need need = board_need::nothing;
    /// In squared logits.
    double variance = 1;
    [[nodiscard]] prior_terms terms(double theta) const {
        return {-theta * theta / (2 * variance), -theta / variance, 1 / variance};
    }
    void check() const {
        require(variance > 0 && std::isfinite(variance), "a Gaussian prior of variance ", variance,
                "; a finite number above 0 was expected");
    }
    [[nodiscard]] std::string describe() const { return message("gaussian(variance ", variance, ")"); }
};

/// Every item plays against a ghost of strength θ = 0 and wins and loses so often: log σ(θ_i) and log σ(−θ_i) with
/// these weights. Unlike games against the mean it is an exact log-concave prior.
struct pseudo_games {
    static constexpr board_need need = board_need::nothing;
    double wins = 0.5, losses = 0.5;
    [[nodiscard]] prior_terms terms(double theta) const {
        return {wins * log_sigmoid(theta) + losses * log_sigmoid(-theta),
                wins * sigmoid(-theta) - losses * sigmoid(theta), (wins + losses) * sigmoid(theta) * sigmoid(-theta)};
    }
    void check() const {
        require(wins > 0 && losses > 0 && std::isfinite(wins) && std::isfinite(losses), "pseudo-games with ", wins,
                " wins and ", losses, " losses; both must be finite and above 0");
    }
    [[nodiscard]] std::string describe() const { return message("pseudo-games(", wins, " wins, ", losses, " losses)"); }
};

/// Jeffreys' prior √det I(θ), which removes the maximum's first-order bias (Firth 1993). Needs the logit link, no tie
/// parameter and no order effect, a connected board, and the dense information matrix.
struct jeffreys_prior {
    static constexpr board_need need = board_need::connected;
    static prior_terms terms(double) { return {}; } // depends on all items at once: see firth.hpp
    static void check() {}
    [[nodiscard]] static std::string describe() { return "jeffreys"; }
};

} // namespace preflearn
