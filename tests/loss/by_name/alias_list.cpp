#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/alias_list.hpp>

using namespace preflearn;

namespace {

/// With a short list of names.
std::string name_of(std::string_view given) {
    return listed_loss_name(given, [](std::string_view name) { return name == "sigmoid" || name == "rdpo"; });
}

} // namespace

TEST_CASE("a name of the list is itself, an alias is the listed name, in any case and with any kind of blank") {
    CHECK(name_of("sigmoid") == "sigmoid");
    for (const char* name : {"dpo", "DPO", "f-DPO", "Sigmoid"}) CHECK(name_of(name) == "sigmoid");
    CHECK(name_of("APO-Zero") == "apo_zero");
    CHECK(name_of("tpo-l") == "tpo_l");
    CHECK(name_of("DPO with offset") == "odpo");
    CHECK(name_of("nobody's") == "nobody's");
}

TEST_CASE("what several losses are called is refused with all of them, unless the list has the name") {
    CHECK(name_of("rdpo") == "rdpo");
    CHECK_THROWS_WITH_AS(name_of("rDPO"),
                         "the name 'rDPO' is used for several losses: rdpo, robust; one of these was expected",
                         argument_error);
    CHECK_THROWS_WITH_AS(name_of("apo"), doctest::Contains("apo_zero, apo_down, apo_zero_unpaired"), argument_error);
}

TEST_CASE("no alias stands twice") {
    std::set<std::string_view> seen;
    for (const loss_alias& one : loss_aliases) CHECK(seen.insert(one.alias).second);
    CHECK(aliases_of("aot") == " aot_pair aot_paired");
    CHECK(aliases_of("robust").find("rdpo") == std::string::npos);
}
