#include <string>

#include <doctest/doctest.h>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss_values/describe.hpp>

using namespace preflearn;

TEST_CASE("the list names every loss with its parameters' defaults and its columns") {
    const std::string list = loss_list();
    for_each_loss([&]<class Loss>(const Loss&) {
        CHECK(list.find(std::string(description_of<Loss>.name) + "\n  formula: ") != std::string::npos);
    });
    CHECK(list.find("source: AOT paired") > list.find("batch: all pairs count as one batch"));
    CHECK(list.find("parameters: beta=0.1 discopop_tau=0.05 f_divergence_type=reverse_kl") != std::string::npos);
    CHECK(list.find("needs: chosen_logp rejected_logp chosen_tokens rejected_tokens\n") != std::string::npos);
    CHECK(list.find("needs: chosen_logp rejected_logp gold_logp gold_tokens\n") != std::string::npos);
    CHECK(list.find("parameters: beta=0.1 desirable_weight=1 undesirable_weight=1 kl=0\n"
                    "  needs: logp reference_logp desirable\n  source:") != std::string::npos);
    CHECK(list.find("needs: logp reference_logp desirable mismatched_logp reference_mismatched_logp\n"
                    "  batch: all completions count as one batch\n") != std::string::npos);
    CHECK(list.find("needs: list logp\n  may have: reference_logp ranked weight\n") != std::string::npos);
    CHECK(list.find("parameters: beta=0.1 log_least=-1.5 log_most=1.5\n"
                    "  needs: chosen_token_logps rejected_token_logps reference_chosen_token_logps "
                    "reference_rejected_token_logps\n") != std::string::npos);
    CHECK(list.find("reference_rejected_token_logps chosen_token_kls rejected_token_kls\n") != std::string::npos);
}
