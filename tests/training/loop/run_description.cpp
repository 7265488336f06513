#include <map>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/training/loop/run_description.hpp>

using namespace preflearn;

TEST_CASE("everything that differs is named with both values, in the order of the description") {
    run_description here;
    here.add("seed", 13);
    here.add("loss", "dpo(beta=0.1)");
    here.add("rate", 0.25);
    std::map<std::string, std::string> kept{{"seed", "12"}, {"loss", "dpo(beta=0.1)"}};
    const auto there = [&](const std::string& name) { return kept.contains(name) ? kept[name] : "(missing)"; };
    CHECK(differences(here, there) == "seed: 12 there, 13 here; rate: (missing) there, 0.25 here");
    kept["seed"] = "13";
    kept["rate"] = "0.25";
    kept["more"] = "is no matter";
    CHECK(differences(here, there).empty());
}
