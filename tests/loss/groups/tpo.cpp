// TPO against its formulas in 50 digits and against TRL 1.16 in double (golden/make_tpo.py).
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/loss/by_name/list.hpp>

using namespace preflearn;

TEST_CASE("value and all three derivatives are those of the formulas, and TRL's") {
    std::ifstream file(PREFLEARN_TESTS "/loss/golden/tpo.json");
    REQUIRE(file.is_open());
    const nlohmann::json golden = nlohmann::json::parse(file);
    std::size_t used = 0;
    for (const nlohmann::json& entry : golden["cases"]) {
        for_each_triple_loss([&]<class Loss>(Loss loss) {
            if (description_of<Loss>.name != entry["loss"].get<std::string>()) return;
            for (const auto& [name, value] : parameters_of(loss))
                if (entry["parameters"].contains(name)) *value = entry["parameters"][name].template get<double>();
            for (std::size_t i = 0; i < golden["triples"].size(); ++i) {
                const nlohmann::json& triple = golden["triples"][i];
                const double c = triple[0], r = triple[1], g = triple[2];
                const std::uint32_t nc = triple[3], nr = triple[4], ng = triple[5];
                double value = 0, dc = 0, dr = 0, dg = 0;
                const loss_sums sums = loss(triple_scores<double>{{.chosen = {&c, 1},
                                                                   .rejected = {&r, 1},
                                                                   .chosen_tokens = {&nc, 1},
                                                                   .rejected_tokens = {&nr, 1}},
                                                                  {&g, 1},
                                                                  {&ng, 1}},
                                            triple_gradients<double>{{{&dc, 1}, {&dr, 1}, {&value, 1}}, {&dg, 1}});
                INFO(entry["loss"], " ", entry["parameters"].dump(), " triple ", i);
                CHECK(sums.loss == doctest::Approx(value).epsilon(1e-15));
                const double found[]{value, dc, dr, dg};
                for (std::size_t k = 0; k < 4; ++k) {
                    for (const char* peer : {"exact", "trl"}) {
                        const double expected = entry[peer][i][k];
                        CHECK(std::abs(found[k] - expected) <= 4e-15 * std::abs(expected));
                    }
                }
                ++used;
            }
        });
    }
    CHECK(used == 20 * 6);
}
