/// \file
/// Minus the Hessian of a game model's objective, kept as each game's few numbers: Σ_g J_g' C_g J_g + the priors, J_g
/// how z, τ and u depend on the parameters and C_g the curvature in them. Its product with a vector costs the games and
/// the matrix is made only where it is small.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_model.hpp>

namespace preflearn {

namespace detail {

template <class Model> class game_information {
  public:
    /// Zero. The columns are looked at as long as this is used.
    game_information(const game_list& games, const game_details& details, const game_layout& layout)
        : prior(Eigen::VectorXd::Zero(index(layout.size))), games_(games), details_(details), layout_(layout),
          curvature_(entries * games.size()) {}

    /// Of each parameter, on the diagonal.
    Eigen::VectorXd prior;

    /// C_g in (z, τ, u).
    void set(std::size_t game, const Eigen::Matrix3d& curvature) {
        double* entry = &curvature_[entries * game];
        for (const Eigen::Index a : used)
            for (const Eigen::Index b : used)
                if (b <= a) *entry++ = curvature(a, b);
    }
    [[nodiscard]] Eigen::Index items() const { return index(layout_.items); }

    /// On the space where the judges' parameters have mean zero, for those of relative worth.
    [[nodiscard]] Eigen::VectorXd times(Eigen::VectorXd v) const {
        centre_judges(layout_, v);
        Eigen::VectorXd y =
            sum_over_cells(games_.size(), layout_.size, [&](std::size_t begin, std::size_t end, double* sum) {
                for (std::size_t g = begin; g < end; ++g) {
                    double moved[3] = {}, pull[3] = {};
                    visit_row<Model>(games_, details_, layout_, g,
                                     [&](const game_parameter& p) { moved[p.through] += p.times * v[p.at]; });
                    visit_curvature(g, [&](Eigen::Index a, Eigen::Index b, double c) {
                        pull[a] += c * moved[b];
                        if (a != b) pull[b] += c * moved[a];
                    });
                    visit_row<Model>(games_, details_, layout_, g,
                                     [&](const game_parameter& p) { sum[p.at] += p.times * pull[p.through]; });
                }
            });
        y += prior.cwiseProduct(v);
        centre_judges(layout_, y);
        return y;
    }
    [[nodiscard]] Eigen::VectorXd diagonal() const {
        return prior +
               sum_over_cells(games_.size(), layout_.size, [&](std::size_t begin, std::size_t end, double* sum) {
                   for (std::size_t g = begin; g < end; ++g) {
                       const Eigen::Matrix3d c = curvature(g);
                       visit_row<Model>(games_, details_, layout_, g, [&](const game_parameter& p) {
                           sum[p.at] += p.times * p.times * c(p.through, p.through);
                       });
                   }
               });
    }
    /// Takes away what no game sees: a common shift of the scores without a prior, and of judges of relative worth.
    void centre(Eigen::VectorXd& v) const {
        if (items() > 0 && !(prior.head(items()).maxCoeff() > 0)) v.head(items()).array() -= v.head(items()).mean();
        centre_judges(layout_, v);
    }
    /// The whole matrix, judges not centred.
    [[nodiscard]] Eigen::MatrixXd dense() const {
        const Eigen::Index size = index(layout_.size);
        const std::size_t blocks = std::clamp<std::size_t>((std::size_t{1} << 20) / (layout_.size * layout_.size + 1),
                                                           1, std::clamp<std::size_t>(games_.size() / 8192, 1, 16));
        std::vector<Eigen::MatrixXd> parts(blocks);
        parallel_for(blocks, [&](std::size_t block) {
            Eigen::MatrixXd& h = parts[block];
            h.setZero(size, size);
            for (std::size_t g = block * games_.size() / blocks; g < (block + 1) * games_.size() / blocks; ++g) {
                const Eigen::Matrix3d c = curvature(g);
                visit_row<Model>(games_, details_, layout_, g, [&](const game_parameter& a) {
                    visit_row<Model>(games_, details_, layout_, g, [&](const game_parameter& b) {
                        if (b.at <= a.at) h(a.at, b.at) += a.times * b.times * c(a.through, b.through);
                    });
                });
            }
        });
        for (std::size_t block = 1; block < blocks; ++block) parts[0] += parts[block];
        Eigen::MatrixXd h = parts[0].template selfadjointView<Eigen::Lower>();
        h.diagonal() += prior;
        return h;
    }

  private:
    static constexpr auto used = [] {
        constexpr bool ties = Model::board_type::has_tie_parameter, judges = Model::judges_type::has_parameters;
        std::array<Eigen::Index, 1 + std::size_t{ties} + std::size_t{judges}> list{};
        if (ties) list[1] = 1;
        if (judges) list.back() = 2;
        return list;
    }();
    static constexpr std::size_t entries = used.size() * (used.size() + 1) / 2;

    /// Calls visit(a, b, C_g(a, b)) for a >= b.
    template <class Visit> void visit_curvature(std::size_t game, const Visit& visit) const {
        const double* entry = &curvature_[entries * game];
        for (const Eigen::Index a : used)
            for (const Eigen::Index b : used)
                if (b <= a) visit(a, b, *entry++);
    }
    [[nodiscard]] Eigen::Matrix3d curvature(std::size_t game) const {
        Eigen::Matrix3d c = Eigen::Matrix3d::Zero();
        visit_curvature(game, [&](Eigen::Index a, Eigen::Index b, double x) { c(a, b) = c(b, a) = x; });
        return c;
    }

    game_list games_;
    game_details details_;
    game_layout layout_;
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

} // namespace detail

/// The objective of a game model at a point.
struct game_objective {
    /// Without and with the log-priors.
    double log_likelihood = 0, value = 0;
    Eigen::VectorXd gradient{};
    /// Minus the Hessian; empty unless asked for.
    Eigen::MatrixXd information{};
};

namespace detail {

/// Without the matrix. \param information where the curvature goes, or nothing
template <class Model>
game_objective evaluate(const game_list& games, const game_details& details, const Model& model,
                        const game_layout& layout, const Eigen::VectorXd& parameters,
                        game_information<Model>* information) {
    const Eigen::Index size = index(layout.size), n = index(layout.items);
    const Eigen::VectorXd sums =
        sum_over_cells(games.size(), layout.size + 1, [&](std::size_t begin, std::size_t end, double* sum) {
            each_game(games, details, model, layout, parameters, begin, end,
                      [&](std::size_t g, const std::vector<game_parameter>& row, const judged_terms& t) {
                          sum[size] += t.value;
                          for (const game_parameter& p : row) sum[p.at] += p.times * t.slope[p.through];
                          if (information != nullptr) information->set(g, t.curvature);
                      });
        });
    game_objective at{.log_likelihood = sums[size], .value = sums[size], .gradient = sums.head(size)};
    // A common shift of θ changes no game: what the sums leave there is rounding.
    if (n > 0) at.gradient.head(n).array() -= at.gradient.head(n).mean();
    const auto add = [&](std::size_t i, const prior_terms& p) {
        at.value += p.value;
        at.gradient[index(i)] += p.slope;
        if (information != nullptr) information->prior[index(i)] = p.curvature;
    };
    for (std::size_t i = 0; i < layout.items; ++i) add(i, model.board.prior.terms(parameters[index(i)]));
    for (std::size_t c = layout.features; c < layout.judges; ++c) {
        const double gamma = parameters[index(c)], precision = model.features.precision();
        add(c, {-gamma * gamma * precision / 2, -gamma * precision, precision});
    }
    for (std::size_t k = layout.judges; k < layout.ties; ++k) add(k, model.judges.prior(parameters[index(k)]));
    centre_judges(layout, at.gradient);
    return at;
}

} // namespace detail

/// Where the judges' parameters have mean zero the gradient and the information are those on that space.
/// \param parameters as `layout` says. The columns must have been checked, as `fit_games` does.
template <class Model>
game_objective evaluate_games(const game_list& games, const game_details& details, const Model& model,
                              const Eigen::VectorXd& parameters, bool with_information = true) {
    const game_layout layout = model.layout(games, details);
    if (!with_information) return detail::evaluate<Model>(games, details, model, layout, parameters, nullptr);
    detail::game_information<Model> information(games, details, layout);
    game_objective at = detail::evaluate(games, details, model, layout, parameters, &information);
    at.information = information.dense();
    detail::centre_judges_of(layout, at.information);
    return at;
}

} // namespace preflearn
