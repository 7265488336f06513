// says: "a matrix_view is row-major, and this Eigen matrix is column-major: declare it Eigen::RowMajor, or copy it into
// one that is"
//
// Read as rows, the hidden states would be others.
#include <Eigen/Core>

#include <preflearn/core/matrix_view.hpp>

double sum(preflearn::matrix_view<const double> hidden);

double use(const Eigen::MatrixXd& hidden) { return sum(hidden); }
