// says: "gradients and values are written in the type of number in which the scores are given: pair_gradients<float>
// goes with pair_scores<float>"
//
// The scores are float, as the model gives them, the gradients go to an Eigen vector of double.
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/column.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>

auto loss(const std::vector<float>& chosen, const std::vector<float>& rejected, Eigen::VectorXd& d_chosen,
          Eigen::VectorXd& d_rejected) {
    return preflearn::value_and_gradient(
        preflearn::bradley_terry{}, preflearn::pair_scores<float>{.chosen = chosen, .rejected = rejected},
        preflearn::pair_gradients<double>{preflearn::as_column(d_chosen), preflearn::as_column(d_rejected)});
}
