#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/names.hpp>

using namespace preflearn;

TEST_CASE("a name of the list is itself, an alias is the listed name, in any case and with any kind of blank") {
    CHECK(loss_name("sigmoid") == "sigmoid");
    for (const char* name : {"dpo", "DPO", "f-DPO", "Sigmoid"}) CHECK(loss_name(name) == "sigmoid");
    CHECK(loss_name("APO-Zero") == "apo_zero");
    CHECK(loss_name("tpo-l") == "tpo_l");
    CHECK(loss_name("DPO with offset") == "odpo");
    CHECK(loss_name("nobody's") == "nobody's");
    CHECK(loss_name("").empty());
    CHECK(loss_name("aot_pair aot_paired") == "aot_pair_aot_paired"); // two names are none
}

TEST_CASE("what several losses are called is refused with all of them, unless the list has the name") {
    CHECK(loss_name("rdpo") == "rdpo");
    CHECK_THROWS_WITH_AS((void)loss_name("rDPO"),
                         "the name 'rDPO' is used for several losses: rdpo, robust; one of these was expected",
                         argument_error);
    CHECK_THROWS_WITH_AS((void)loss_name("apo"), doctest::Contains("apo_zero, apo_down, apo_zero_unpaired"),
                         argument_error);
}

TEST_CASE("no two losses of any kind have one name, and no alias stands twice or is a listed name") {
    std::set<std::string, std::less<>> names, aliases;
    for (const listed_loss& loss : listed_losses) CHECK(names.emplace(loss.about.name).second);
    CHECK(names.contains("plackett_luce"));
    for (const listed_loss& loss : listed_losses) {
        std::istringstream words{std::string(loss.about.aliases)};
        for (std::string alias; words >> alias;) {
            INFO(alias);
            CHECK(aliases.insert(alias).second);
            CHECK_FALSE(names.contains(alias));
            CHECK(loss_name(alias) == loss.about.name);
        }
    }
    for (const shared_loss_name& shared : shared_loss_names) {
        INFO(shared.name);
        CHECK(aliases.emplace(shared.name).second);
        CHECK((shared.name == "rdpo" || !names.contains(shared.name)));
        std::istringstream words{std::string(shared.losses)};
        for (std::string name; words >> name;) CHECK(names.contains(name));
    }
    CHECK(aliases_of("aot") == " aot_pair aot_paired");
    CHECK(aliases_of("robust").find("rdpo") == std::string::npos);
    CHECK(aliases_of("wspo").empty());
}

TEST_CASE("the table knows what a loss takes without the loss itself") {
    CHECK(loss_has_parameter("simpo", "simpo_gamma"));
    CHECK(!loss_has_parameter("sft", "beta"));
    CHECK(!loss_has_parameter("sft", ""));
    CHECK(!loss_has_parameter("ld_dpo", "ld_alpha"));
    CHECK(!loss_has_parameter("no such loss", "beta"));
    CHECK(loss_listed_as("ld_dpo").parameters[1] == "ld_alpha");
    CHECK(loss_listed_as("kto_given_kl").parameters[3] == "kl");
    CHECK((loss_listed_as("ipo").takes_divergence && !loss_listed_as("nca").takes_divergence));
    CHECK((loss_reads_lengths("simpo") && !loss_reads_lengths("dpo") && loss_reads_lengths("sft_token_mean")));
    CHECK_THROWS_WITH_AS((void)loss_reads_lengths("kto"), doctest::Contains("it is one on single completions"),
                         argument_error);
}
