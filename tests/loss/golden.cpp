// Value and gradient of the named losses against those of TRL 1.16 in double (golden/make_golden.py).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/list.hpp>

using namespace preflearn;

namespace {

struct golden_case {
    std::string loss, divergence = "reverse_kl";
    nlohmann::json parameters;
};

/// A loss on pairs in double.
using double_loss = std::function<loss_sums(const pair_scores<double>&, const pair_gradients<double>&)>;

/// The loss of the case; empty where there is none of that name.
double_loss loss_of(const golden_case& wanted) {
    double_loss chosen;
    for_each_named_loss([&]<class Loss>(Loss loss) {
        if (description_of<Loss>.name != wanted.loss) return;
        for (const auto& [name, value] : parameters_of(loss))
            if (wanted.parameters.contains(name)) *value = wanted.parameters[name].template get<double>();
        if (wanted.divergence == "reverse_kl") chosen = loss;
        if constexpr (divergence_family<Loss>::exists) {
            if (wanted.divergence == "forward_kl") chosen = with_divergence(loss, forward_kl{});
            if (wanted.divergence == "js_divergence") chosen = with_divergence(loss, js_divergence{});
        }
    });
    return chosen;
}

} // namespace

TEST_CASE("value and gradient are TRL's") {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/trl.json");
    REQUIRE(file.is_open());
    const nlohmann::json golden = nlohmann::json::parse(file);
    for (const nlohmann::json& entry : golden["cases"]) {
        golden_case wanted{.loss = entry["loss"], .parameters = entry["parameters"]};
        wanted.divergence = wanted.parameters.value("f_divergence_type", wanted.divergence);
        // TRL rounds the EXO's label smoothing and all of ORPO to float, and cancels in forward KL and JS.
        const double tolerance = wanted.loss == "orpo"               ? 3e-5
                                 : wanted.loss == "exo_pair"         ? 2e-7
                                 : wanted.divergence != "reverse_kl" ? 1e-10
                                                                     : 1e-12;
        const double_loss loss = loss_of(wanted);
        INFO(wanted.loss, " ", wanted.parameters.dump());
        REQUIRE(loss);
        for (std::size_t i = 0; i < golden["pairs"].size(); ++i) {
            const nlohmann::json& pair = golden["pairs"][i];
            const nlohmann::json& expected = entry["values"][i];
            if (expected[0].is_null() || expected[1].is_null() || expected[2].is_null()) continue;
            const double c = pair[0], r = pair[1], c0 = pair[2], r0 = pair[3];
            const std::uint32_t nc = pair[4], nr = pair[5];
            double dc = 0, dr = 0;
            INFO("pair ", i, ": ", pair.dump());
            const double value = loss(pair_scores<double>{.chosen = {&c, 1},
                                                          .rejected = {&r, 1},
                                                          .reference_chosen = {&c0, 1},
                                                          .reference_rejected = {&r0, 1},
                                                          .chosen_tokens = {&nc, 1},
                                                          .rejected_tokens = {&nr, 1}},
                                      pair_gradients<double>{{&dc, 1}, {&dr, 1}})
                                     .loss;
            // TRL forms 1 − σ in APO and differences of logarithms in EXO: what is left of them has its rounding.
            const bool cancels = wanted.loss.starts_with("apo_") || wanted.loss == "exo_pair";
            const double floor = cancels ? 1e-16 : 1e-300;
            const auto near = [=](double x, double scale) {
                return std::abs(x) * tolerance + scale * tolerance * 1e-2 + floor;
            };
            const double v = expected[0], gc = expected[1], gr = expected[2];
            CHECK(std::abs(value - v) <= near(v, 0));
            // A derivative that is a difference of terms has TRL's rounding of those.
            const double scale = std::max(std::abs(gc), std::abs(gr));
            CHECK(std::abs(dc - gc) <= near(gc, scale));
            CHECK(std::abs(dr - gr) <= near(gr, scale));
        }
    }
}
