// Losses that couple the batch, and unpaired ones, against those of TRL in double (golden/make_coupled.py).
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/single/bco.hpp>
#include <preflearn/loss/single/kto.hpp>

#include "completions.hpp"
#include "pairs.hpp"

using namespace preflearn;

namespace {

nlohmann::json golden() {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/coupled.json");
    REQUIRE(file.is_open());
    return nlohmann::json::parse(file);
}

/// log-prob, reference, desirable, and the same of a mismatched response.
completions<double> completions_of(const nlohmann::json& rows) {
    completions<double> c;
    for (const nlohmann::json& row : rows) {
        c.log_prob.push_back(row[0]);
        c.reference.push_back(row[1]);
        c.desirable.push_back(row[2].get<bool>() ? 1 : 0);
        c.mismatched.push_back(row[3].get<double>() - row[4].get<double>());
    }
    return c;
}

void check_near(const std::vector<double>& found, const nlohmann::json& expected, double scale) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        CHECK(found[i] / scale == doctest::Approx(expected[i].get<double>()).epsilon(1e-12));
}

} // namespace

TEST_CASE("coupled losses have TRL's value and gradient of the batch") {
    const nlohmann::json file = golden();
    pairs<double> p;
    for (const nlohmann::json& pair : file["pairs"]) {
        p.chosen.push_back(pair[0]);
        p.rejected.push_back(pair[1]);
        p.reference_chosen.push_back(pair[2]);
        p.reference_rejected.push_back(pair[3]);
        p.chosen_tokens.push_back(pair[4]);
        p.rejected_tokens.push_back(pair[5]);
    }
    const auto n = static_cast<double>(p.chosen.size());
    for (const nlohmann::json& entry : file["coupled"]) {
        bool found = false;
        INFO(entry["loss"].get<std::string>(), " ", entry["parameters"].dump());
        for_each_coupled_loss([&]<class Loss>(Loss loss) {
            if (description_of<Loss>.name != entry["loss"].get<std::string>()) return;
            found = true;
            for (const auto& [name, value] : parameters_of(loss))
                if (entry["parameters"].contains(name)) *value = entry["parameters"][name].template get<double>();
            const loss_sums sums = loss(p.scores(), p.gradients());
            CHECK(sums.weight == n);
            CHECK(sums.loss / n == doctest::Approx(entry["value"].get<double>()).epsilon(1e-13));
            check_near(p.d_chosen, entry["chosen"], n);
            check_near(p.d_rejected, entry["rejected"], n);
        });
        CHECK(found);
    }
}

TEST_CASE("KTO and APO-zero have TRL's value, gradient and metrics of unpaired completions") {
    const nlohmann::json file = golden();
    for (const nlohmann::json& entry : file["unpaired"]) {
        completions<double> c = completions_of(entry["completions"]);
        const auto n = static_cast<double>(c.log_prob.size());
        const double beta = entry["beta"], good = entry["desirable_weight"], bad = entry["undesirable_weight"];
        INFO(entry.dump());
        const unpaired_sums sums = entry["loss"] == "kto" ? kto<>{beta, good, bad}(c.scores(), c.out())
                                                          : apo_zero_unpaired{beta, good, bad}(c.scores(), c.out());
        CHECK(sums.loss / n == doctest::Approx(entry["value"].get<double>()).epsilon(1e-14));
        check_near(c.gradient, entry["gradient"], n);
        const nlohmann::json& metrics = entry["metrics"];
        const auto desirable = static_cast<double>(sums.desirable);
        CHECK(sums.baselines / n == doctest::Approx(metrics["kl"].get<double>()));
        CHECK(sums.desirable_rewards / desirable == doctest::Approx(metrics["rewards/chosen"].get<double>()));
        if (metrics.contains("rewards/rejected")) {
            CHECK(sums.undesirable_rewards / (n - desirable) ==
                  doctest::Approx(metrics["rewards/rejected"].get<double>()));
        } else {
            CHECK(desirable == n);
        }
    }
}

TEST_CASE("BCO has TRL's running mean, and value and gradient under it") {
    const nlohmann::json file = golden();
    for (const nlohmann::json& entry : file["bco"]) {
        const bco loss{.beta = entry["beta"]};
        running_mean running;
        for (std::size_t i = 0; i < entry["batches"].size(); ++i) {
            completions<double> c = completions_of(entry["batches"][i]);
            const nlohmann::json& expected = entry["steps"][i];
            auto state = loss.reduce(c.scores());
            state.before = running;
            running = state.after();
            CHECK(running.mean == doctest::Approx(expected["delta"].get<double>()).epsilon(1e-6)); // a float in TRL
            const unpaired_sums sums = loss.map(c.scores(), reward_shift<false>::fixed(expected["delta"]), c.out());
            const auto n = static_cast<double>(c.log_prob.size());
            CHECK(sums.loss / n == doctest::Approx(expected["value"].get<double>()).epsilon(1e-12));
            check_near(c.gradient, expected["gradient"], n);
        }
    }
}
