/// \file
/// Minus the Hessian of a game model's objective, kept as each game's few numbers: Σ_g J_g' C_g J_g + the priors, J_g
/// how z, τ and u depend on the parameters and C_g the curvature in them. Its product with a vector costs the games and
/// the matrix is made only where it is small.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_likelihood.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>

namespace preflearn {

class game_information {
  public:
    /// Zero. Refers to the likelihood.
    explicit game_information(const game_likelihood& likelihood)
        : prior(Eigen::VectorXd::Zero(as_index(likelihood.layout().size))),
          likelihood_(likelihood), used_{0, likelihood.layout().has_tie_parameter() ? 1 : 2, 2},
          kinds_(1 + std::size_t{likelihood.layout().has_tie_parameter()} + std::size_t{likelihood.has_judges()}),
          curvature_(entries() * likelihood.games().size()) {}

    /// Of each parameter, on the diagonal.
    Eigen::VectorXd prior;

    /// C_g in (z, τ, u).
    void set(std::size_t game, const Eigen::Matrix3d& curvature) {
        double* entry = &curvature_[entries() * game];
        for (const Eigen::Index a : used())
            for (const Eigen::Index b : used())
                if (b <= a) *entry++ = curvature(a, b);
    }
    [[nodiscard]] Eigen::Index items() const { return as_index(likelihood_.layout().items); }

    /// On the space where the judges' parameters have mean zero, for those of relative worth.
    [[nodiscard]] Eigen::VectorXd times(Eigen::VectorXd v) const {
        centre_judges(likelihood_.layout(), v);
        Eigen::VectorXd y = sum_over_blocks(
            likelihood_.games().size(), likelihood_.layout().size,
            [&](std::size_t begin, std::size_t end, double* sum) {
                for (std::size_t g = begin; g < end; ++g) {
                    double moved[3] = {}, pull[3] = {};
                    likelihood_.visit_game(g, [&](const game_parameter& p) { moved[p.through] += p.times * v[p.at]; });
                    visit_curvature(g, [&](Eigen::Index a, Eigen::Index b, double c) {
                        pull[a] += c * moved[b];
                        if (a != b) pull[b] += c * moved[a];
                    });
                    likelihood_.visit_game(g, [&](const game_parameter& p) { sum[p.at] += p.times * pull[p.through]; });
                }
            });
        for (Eigen::Index i = 0; i < y.size(); ++i) y[i] += prior[i] * v[i];
        centre_judges(likelihood_.layout(), y);
        return y;
    }
    [[nodiscard]] Eigen::VectorXd diagonal() const {
        Eigen::VectorXd all = sum_over_blocks(likelihood_.games().size(), likelihood_.layout().size,
                                              [&](std::size_t begin, std::size_t end, double* sum) {
                                                  for (std::size_t g = begin; g < end; ++g) {
                                                      const Eigen::Matrix3d c = curvature(g);
                                                      likelihood_.visit_game(g, [&](const game_parameter& p) {
                                                          sum[p.at] += p.times * p.times * c(p.through, p.through);
                                                      });
                                                  }
                                              });
        add_times(all, 1, prior);
        return all;
    }
    /// Takes away what no game sees: a common shift of the scores without a prior, and of judges of relative worth.
    void centre(Eigen::VectorXd& v) const {
        const bool level_free = std::none_of(prior.data(), prior.data() + items(), [](double x) { return x > 0; });
        if (items() > 0 && level_free) centre_first(v, items());
        centre_judges(likelihood_.layout(), v);
    }
    /// The whole matrix, judges not centred.
    [[nodiscard]] Eigen::MatrixXd dense() const {
        const Eigen::Index size = as_index(likelihood_.layout().size);
        const std::size_t blocks = std::clamp<std::size_t>(
            (std::size_t{1} << 20) / (likelihood_.layout().size * likelihood_.layout().size + 1), 1,
            std::clamp<std::size_t>(likelihood_.games().size() / 8192, 1, 16));
        std::vector<Eigen::MatrixXd> parts(blocks);
        parallel_for(blocks, [&](std::size_t block) {
            Eigen::MatrixXd& h = parts[block];
            h.setZero(size, size);
            for (std::size_t g = block * likelihood_.games().size() / blocks;
                 g < (block + 1) * likelihood_.games().size() / blocks; ++g) {
                const Eigen::Matrix3d c = curvature(g);
                likelihood_.visit_game(g, [&](const game_parameter& a) {
                    likelihood_.visit_game(g, [&](const game_parameter& b) {
                        if (b.at <= a.at) h(a.at, b.at) += a.times * b.times * c(a.through, b.through);
                    });
                });
            }
        });
        for (std::size_t block = 1; block < blocks; ++block) parts[0] += parts[block];
        Eigen::MatrixXd h = std::move(parts[0]);
        for (Eigen::Index c = 0; c < size; ++c)
            for (Eigen::Index r = 0; r < c; ++r) h(r, c) = h(c, r);
        for (Eigen::Index i = 0; i < size; ++i) h(i, i) += prior[i];
        return h;
    }

  private:
    /// z, and of τ and u those that the model has.
    [[nodiscard]] std::span<const Eigen::Index> used() const { return std::span(used_).first(kinds_); }
    [[nodiscard]] std::size_t entries() const { return kinds_ * (kinds_ + 1) / 2; }

    /// Calls visit(a, b, C_g(a, b)) for a >= b.
    template <class Visit> void visit_curvature(std::size_t game, const Visit& visit) const {
        const double* entry = &curvature_[entries() * game];
        for (const Eigen::Index a : used())
            for (const Eigen::Index b : used())
                if (b <= a) visit(a, b, *entry++);
    }
    [[nodiscard]] Eigen::Matrix3d curvature(std::size_t game) const {
        Eigen::Matrix3d c = Eigen::Matrix3d::Zero();
        visit_curvature(game, [&](Eigen::Index a, Eigen::Index b, double x) { c(a, b) = c(b, a) = x; });
        return c;
    }

    const game_likelihood& likelihood_;
    std::array<Eigen::Index, 3> used_;
    std::size_t kinds_;
    std::vector<double> curvature_;
};

/// On the space where u has mean zero, for judges who have only relative worth.
inline void centre_judges_of(const game_layout& layout, Eigen::MatrixXd& h) {
    if (!layout.judges_sum_zero) return;
    for (int side = 0; side < 2; ++side) {
        for (Eigen::Index i = 0; i < h.cols(); ++i) centre_judges(layout, h.col(i));
        h.transposeInPlace();
    }
}

/// The objective of a game model at a point.
struct game_objective {
    /// Without and with the log-priors.
    double log_likelihood = 0, value = 0;
    Eigen::VectorXd gradient{};
    /// Minus the Hessian; empty unless asked for.
    Eigen::MatrixXd information{};
};

/// Without the matrix. \param information where the curvature goes, or nothing
inline game_objective objective_at(const game_likelihood& likelihood, const Eigen::VectorXd& parameters,
                                   game_information* information = nullptr) {
    const game_layout& layout = likelihood.layout();
    const Eigen::Index size = as_index(layout.size), n = as_index(layout.items);
    const Eigen::VectorXd sums = sum_over_blocks(
        likelihood.games().size(), layout.size + 1, [&](std::size_t begin, std::size_t end, double* sum) {
            likelihood.each_game(parameters, begin, end,
                                 [&](std::size_t g, std::span<const game_parameter> row, const judged_terms& t) {
                                     sum[size] += t.value;
                                     for (const game_parameter& p : row) sum[p.at] += p.times * t.slope[p.through];
                                     if (information != nullptr) information->set(g, t.curvature);
                                 });
        });
    game_objective at{.log_likelihood = sums[size], .value = sums[size], .gradient = widened(sums, size, size)};
    // A common shift of θ changes no game: what the sums leave there is rounding.
    if (n > 0) centre_first(at.gradient, n);
    for (std::size_t i = 0; i < layout.ties; ++i) {
        if (i >= layout.items && i < layout.features) continue; // the order effect
        const prior_terms p = likelihood.prior(i, parameters[as_index(i)]);
        at.value += p.value;
        at.gradient[as_index(i)] += p.slope;
        if (information != nullptr) information->prior[as_index(i)] = p.curvature;
    }
    centre_judges(layout, at.gradient);
    return at;
}

/// Where the judges' parameters have mean zero the gradient and the information are those on that space.
inline game_objective objective_with_information(const game_likelihood& likelihood, const Eigen::VectorXd& parameters) {
    game_information information(likelihood);
    game_objective at = objective_at(likelihood, parameters, &information);
    at.information = information.dense();
    centre_judges_of(likelihood.layout(), at.information);
    return at;
}

/// The same of a model. \param parameters as `layout` says. The columns must have been checked, as `fit_games` does.
template <class Model>
game_objective evaluate_games(const game_list& games, const game_details& details, const Model& model,
                              const Eigen::VectorXd& parameters, bool with_information = true) {
    const game_likelihood likelihood(games, details, model);
    return with_information ? objective_with_information(likelihood, parameters) : objective_at(likelihood, parameters);
}

} // namespace preflearn
