// Losses that couple the batch, and unpaired ones, against those of TRL in double (golden/make_coupled.py).
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/loss/coupled_list.hpp>

#include "pairs.hpp"

using namespace preflearn;

namespace {

nlohmann::json golden() {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/coupled.json");
    REQUIRE(file.is_open());
    return nlohmann::json::parse(file);
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
            for (const auto& [name, member] : description_of<Loss>.parameters()) {
                if (entry["parameters"].contains(name)) loss.*member = entry["parameters"][name].template get<double>();
            }
            const loss_sums sums = loss(p.scores(), p.gradients());
            CHECK(sums.weight == n);
            CHECK(sums.loss / n == doctest::Approx(entry["value"].get<double>()).epsilon(1e-13));
            check_near(p.d_chosen, entry["chosen"], n);
            check_near(p.d_rejected, entry["rejected"], n);
        });
        CHECK(found);
    }
}
