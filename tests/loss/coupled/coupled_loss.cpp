// What a user's own coupled loss needs, and how shards go through one.
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/named.hpp>

#include "../shards.hpp"

using namespace preflearn;

namespace {

/// Σ (z_i − mean z)², z = chosen − rejected, as a user would write it; the gradient through the mean vanishes.
struct variance_of_margins {
    struct state {
        double sum = 0;
        std::size_t count = 0;
        state& operator+=(const state& other) {
            sum += other.sum;
            count += other.count;
            return *this;
        }
    };
    state reduce(const pair_scores<double>& s) const {
        state all{0, s.size()};
        for (std::size_t i = 0; i < s.size(); ++i) all.sum += s.chosen[i] - s.rejected[i];
        return all;
    }
    loss_sums map(const pair_scores<double>& s, const state& all, const pair_gradients<double>& d) const {
        loss_sums sums{.weight = static_cast<double>(s.size()), .pairs = s.size()};
        for (std::size_t i = 0; i < s.size(); ++i) {
            const double x = s.chosen[i] - s.rejected[i] - all.sum / static_cast<double>(all.count);
            sums.loss += x * x;
            if (!d.chosen.empty()) d.rejected[i] = -(d.chosen[i] = 2 * x);
            if (!d.values.empty()) d.values[i] = x * x;
        }
        return sums;
    }
    loss_sums operator()(const pair_scores<double>& s, const pair_gradients<double>& d) const {
        return map(s, reduce(s), d);
    }
};

} // namespace

static_assert(CoupledPreferenceLoss<variance_of_margins, double> && !CoupledPreferenceLoss<variance_of_margins, float>);
static_assert(!CoupledPreferenceLoss<dpo, double> && !reduces_pairs<dpo, double>);

TEST_CASE("a user's own coupled loss keeps the laws") {
    const pairs<double> p = random_pairs<double>(50);
    check_merging(variance_of_margins{}, p, 1e-12);
    CHECK(batch_gradient_error(variance_of_margins{}, p) < 1e-5);
}
