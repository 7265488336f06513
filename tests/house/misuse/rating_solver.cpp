// says: "a RatingSolver is called with (pair_counts, model, start), const, and returns preflearn::solver_result"
//
// The solver returns scores and no certificate.
#include <preflearn/ranking/fit/fit_board.hpp>

struct my_solver {
    template <class Model>
    Eigen::VectorXd operator()(const preflearn::pair_counts&, const Model&, Eigen::VectorXd start) const {
        return start;
    }
};

void use(const preflearn::pair_counts& counts) {
    preflearn::fit_ratings(counts, preflearn::bradley_terry_model{}, my_solver{});
}
