#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/implicit.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

using namespace preflearn;

namespace {

/// The base model as policy, and another model of other tokens outside as reference.
struct implicit_files {
    test::folder folder;
    opened_teacher opened{.folder = folder.path(), .base = folder / "base", .reference = folder / "other"};

    implicit_files() {
        test::write_tiny_model(opened.base);
        test::write_tiny_model(opened.reference, true, 8);
        opened.description.kind = "implicit";
        opened.description.base.emplace();
        opened.description.policy.emplace();
        opened.description.reference = teacher_weights{.from = weights_from::outside};
        opened.description.beta = 0.5;
    }
    [[nodiscard]] judged_block judge(const std::vector<shown_texts>& block) const {
        return load_implicit_teacher(opened, test::on_processor()).judge(block);
    }
};

double implicit_log_prob(const std::filesystem::path& model, const std::vector<token_id>& prompt,
                         const std::vector<token_id>& response) {
    return load_any_transformer(test::on_processor(), model, trained_tensors::none()).log_prob(prompt, response);
}

const shown_texts implicit_shown{.id = 1, .prompt = "d", .responses = {"abc", "c"}};

} // namespace

TEST_CASE("an implicit reward is beta times the difference of log-probs, each model in its own tokens") {
    implicit_files f;
    const judged_block judged = f.judge({implicit_shown});
    const double policy = implicit_log_prob(f.opened.base, {3}, {0, 1, 2}),
                 reference = implicit_log_prob(f.opened.reference, {3}, {4, 2});
    CHECK(judged.all[0].scores.at(0) == doctest::Approx(0.5 * (policy - reference)));
    CHECK(judged.tokens == (1 + 3 + 1) + (1 + 2 + 1));
    f.opened.description.beta = 1;
    CHECK(f.judge({implicit_shown}).all[0].margin().value() == doctest::Approx(2 * judged.all[0].margin().value()));
    f.opened.description.reference = teacher_weights{}; // the policy itself
    const judged_block itself = f.judge({implicit_shown});
    CHECK(itself.all[0].scores == std::vector<double>{0, 0});
    CHECK(itself.tokens == 2 * (1 + 3 + 1));
}

TEST_CASE("what either model cannot take is judged by neither, and those beside it stay as they are") {
    implicit_files f;
    const std::vector<double> alone = f.judge({implicit_shown}).all[0].scores;
    f.opened.description.maximum_tokens = 5;
    const std::vector<shown_texts> block{{.id = 2, .prompt = "d", .responses = {"c", "ababab"}}, implicit_shown};
    const auto check = [&](bool exchanged) {
        CAPTURE(exchanged);
        const judged_block judged = f.judge(block);
        REQUIRE(judged.all[0].unfit.has_value()); // 7 tokens of one model, 4 of the other
        CHECK(judged.all[0].unfit->reason == left_out_reason::too_long);
        CHECK(judged.all[0].scores.empty());
        REQUIRE(judged.all[1].scores.size() == 2);
        for (std::size_t r = 0; r < 2; ++r)
            CHECK(judged.all[1].scores[r] == doctest::Approx(exchanged ? -alone[r] : alone[r]));
        CHECK(judged.tokens == (1 + 3 + 1) + (1 + 2 + 1));
    };
    check(false);
    std::swap(f.opened.base, f.opened.reference);
    check(true);
}

TEST_CASE("an implicit reward that keeps what it computed says the same of responses that go on, each model in its own "
          "tokens") {
    const implicit_files f; // the reference joins a and b, also when the b is new
    const text_teacher teacher = load_implicit_teacher(f.opened, test::on_processor());
    const text_judging judge = teacher.judge_that_continues();
    std::string one, other;
    std::size_t computed = 0, anew = 0;
    for (const char* const more : {"a", "ba", "bb", "cda", "b", "", "ccdda", "b"}) {
        one += more;
        other += std::string("d") + more;
        const std::vector<shown_texts> block{
            {.id = 1, .prompt = "dcbabdaba", .responses = {one, other, one}, .open = {true, true, true}}};
        const judged_block said = judge(block), expected = teacher.judge(block);
        CHECK(said.all[0].scores == expected.all[0].scores);
        computed += said.tokens;
        anew += expected.tokens;
    }
    CHECK(2 * computed < anew);
}
