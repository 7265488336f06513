/// \file
/// Solutions of H x = b by conjugate gradients preconditioned by the diagonal, for information matrices of boards too
/// large to be held: what is needed of H is its product with a vector, which touches every pair or game once.
// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

#include <preflearn/ranking/model/vectors.hpp>

namespace preflearn {

/// An information matrix without its entries, of whatever type: what solvers and probes call. Refers to it.
class linear_system {
  public:
    /// \param information offers `times(v)`, `diagonal()` and `centre(v)`, which projects v onto the space on which H
    /// is inverted; for probes also `items()`, how many of the first parameters are strengths
    template <class Information>
    linear_system(const Information& information)
        : information_(&information), times_([](const void* at, const Eigen::VectorXd& v) -> Eigen::VectorXd {
              return static_cast<const Information*>(at)->times(v);
          }),
          diagonal_([](const void* at) -> Eigen::VectorXd { return static_cast<const Information*>(at)->diagonal(); }),
          centre_([](const void* at, Eigen::VectorXd& v) { static_cast<const Information*>(at)->centre(v); }) {
        if constexpr (requires { information.items(); }) items_ = information.items();
    }

    [[nodiscard]] Eigen::VectorXd times(const Eigen::VectorXd& v) const { return times_(information_, v); }
    [[nodiscard]] Eigen::VectorXd diagonal() const { return diagonal_(information_); }
    void centre(Eigen::VectorXd& v) const { centre_(information_, v); }
    [[nodiscard]] Eigen::Index items() const { return items_; }

  private:
    const void* information_;
    Eigen::VectorXd (*times_)(const void*, const Eigen::VectorXd&);
    Eigen::VectorXd (*diagonal_)(const void*);
    void (*centre_)(const void*, Eigen::VectorXd&);
    Eigen::Index items_ = 0;
};

/// \param accuracy relative, in the preconditioned norm of the residual
/// \returns nothing when H is singular beyond the space on which it is inverted
inline Eigen::VectorXd conjugate_gradients(const linear_system& information, const Eigen::VectorXd& right_side,
                                           double accuracy) {
    const Eigen::VectorXd inverse = inverses(information.diagonal());
    Eigen::VectorXd solution = Eigen::VectorXd::Zero(right_side.size()), residual = right_side;
    information.centre(residual);
    Eigen::VectorXd scaled = entry_products(inverse, residual);
    information.centre(scaled);
    Eigen::VectorXd direction = scaled;
    double energy = dot(residual, scaled);
    const double enough = accuracy * accuracy * energy;
    for (Eigen::Index turn = 0; turn < 4 * right_side.size() + 100 && energy > enough && energy > 0; ++turn) {
        const Eigen::VectorXd image = information.times(direction);
        const double curvature = dot(direction, image);
        if (!(curvature > 0)) return turn == 0 ? Eigen::VectorXd() : solution;
        add_times(solution, energy / curvature, direction);
        add_times(residual, -(energy / curvature), image);
        information.centre(residual);
        for (Eigen::Index i = 0; i < scaled.size(); ++i) scaled[i] = inverse[i] * residual[i];
        information.centre(scaled);
        const double next = dot(residual, scaled), turned = next / energy;
        for (Eigen::Index i = 0; i < scaled.size(); ++i) direction[i] = scaled[i] + turned * direction[i];
        energy = next;
    }
    return solution;
}

} // namespace preflearn
