// says: "an UnpairedLoss is called with (completion_scores<Real>, std::span<Real> gradient), const, and returns
// preflearn::unpaired_sums"
//
// The loss returns its value alone.
#include <preflearn/loss/single/completions.hpp>

struct my_loss {
    double operator()(const preflearn::completion_scores<double>& scores, std::span<double>) const {
        return static_cast<double>(scores.size());
    }
};

void use() { preflearn::check_unpaired_loss<my_loss, double>(); }
