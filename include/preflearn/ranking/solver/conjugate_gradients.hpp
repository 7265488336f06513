/// \file
/// Solutions of H x = b by conjugate gradients preconditioned by the diagonal, for information matrices of boards too
/// large to be held: what is needed of H is its product with a vector, which touches every pair or game once.
// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

namespace preflearn {

/// \param information offers `times(v)`, `diagonal()` and `centre(v)`, which projects v onto the space on which H is
/// inverted
/// \param accuracy relative, in the preconditioned norm of the residual
/// \returns nothing when H is singular beyond that space
template <class Information>
Eigen::VectorXd conjugate_gradients(const Information& information, const Eigen::VectorXd& right_side,
                                    double accuracy) {
    const Eigen::VectorXd inverse = information.diagonal().cwiseMax(1e-300).cwiseInverse();
    Eigen::VectorXd solution = Eigen::VectorXd::Zero(right_side.size()), residual = right_side;
    information.centre(residual);
    Eigen::VectorXd scaled = inverse.cwiseProduct(residual);
    information.centre(scaled);
    Eigen::VectorXd direction = scaled;
    double energy = residual.dot(scaled);
    const double enough = accuracy * accuracy * energy;
    for (Eigen::Index turn = 0; turn < 4 * right_side.size() + 100 && energy > enough && energy > 0; ++turn) {
        const Eigen::VectorXd image = information.times(direction);
        const double curvature = direction.dot(image);
        if (!(curvature > 0)) return turn == 0 ? Eigen::VectorXd() : solution;
        solution += energy / curvature * direction;
        residual -= energy / curvature * image;
        information.centre(residual);
        scaled = inverse.cwiseProduct(residual);
        information.centre(scaled);
        const double next = residual.dot(scaled);
        direction = scaled + next / energy * direction;
        energy = next;
    }
    return solution;
}

} // namespace preflearn
