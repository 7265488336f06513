#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/programs/evaluating/student_gap.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const std::vector<std::vector<double>> gap_rewards{
    {0, 1, 2, 1}, {1, 2, 4, 2}, {2, 2, 5, 3}, {3, 3, 6, 2}}; // sft weak …
const std::vector<std::string> gap_names{"sft", "teacher", "weak", "human"};

} // namespace

TEST_CASE("the gap recovered and its shifted form are ratios of mean differences") {
    const std::vector<std::size_t> clusters{0, 1, 2, 3};
    const evaluation_roles roles = roles_of(gap_names, {});
    const std::vector<student_gap> gaps = student_gaps(gap_rewards, clusters, roles, {.replicates = 100});
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].student == 2);
    // means 1, 2.25, 3, 3.5
    CHECK(gaps[0].recovered->bootstrap.value.value == doctest::Approx(0.75 / 1.25));
    CHECK(gaps[0].shifted->bootstrap.value.value == doctest::Approx(2 / 2.5));
    CHECK(gaps[0].shifted->fieller.ratio.value == doctest::Approx(2 / 2.5));
    const evaluation_roles number = roles_of(gap_names, {.weak_performance = 2.0});
    CHECK(number.students.size() == 2); // the teacher is a student now
    const std::vector<student_gap> by_number = student_gaps(gap_rewards, clusters, number, {.replicates = 100});
    CHECK(by_number[1].recovered->bootstrap.value.value == doctest::Approx(1 / 1.5));
}

TEST_CASE("clusters change the interval and not the value; a gap of 0 is undefined") {
    const evaluation_roles roles = roles_of(gap_names, {});
    const std::vector<std::size_t> clusters{0, 0, 0, 1};
    const std::vector<student_gap> gaps = student_gaps(gap_rewards, clusters, roles, {.replicates = 100});
    CHECK(gaps[0].recovered->bootstrap.value.value == doctest::Approx(0.75 / 1.25));
    CHECK(gaps[0].recovered->bootstrap.value.count == 2);
    auto flat = gap_rewards;
    flat[3] = flat[1];
    const std::vector<std::size_t> own{0, 1, 2, 3};
    CHECK_FALSE(student_gaps(flat, own, roles, {.replicates = 100})[0].recovered->bootstrap.value.defined());
}

TEST_CASE("missing roles are said, and what needs them is not there") {
    const std::vector<std::string> three{"sft", "weak", "human"};
    const evaluation_roles roles = roles_of(three, {});
    const std::vector<std::size_t> clusters{0, 1, 2, 3};
    const std::vector<std::vector<double>> rewards{gap_rewards[0], gap_rewards[2], gap_rewards[3]};
    const std::vector<student_gap> gaps = student_gaps(rewards, clusters, roles, {.replicates = 100});
    CHECK_FALSE(gaps[0].recovered);
    CHECK(gaps[0].shifted->bootstrap.value.value == doctest::Approx(0.8));
    CHECK(told_roles(roles, three) ==
          "roles: SFT = sft, ceiling = human, student = weak; no PGR, as nobody is the weak teacher (teacher=FILE, "
          "--weak-teacher NAME or --weak-performance): weak is a student of weak labels unless another one is called "
          "student");
    const std::vector<std::string> four{"sft", "weak", "student", "human"};
    CHECK(told_roles(roles_of(four, {}), four) ==
          "roles: SFT = sft, weak teacher = weak, ceiling = human, student = student");
    const std::vector<std::string> no_ceiling{"weak", "student"}, no_student{"teacher", "human", "sft"};
    const std::string told = told_roles(roles_of(no_ceiling, {}), no_ceiling);
    CHECK(test::contains(told, "no GRA, as nobody is SFT"));
    CHECK(test::contains(told, "no PGR, as nobody is the ceiling"));
    CHECK(test::contains(told_roles(roles_of(no_student, {}), no_student), "no PGR, as nobody is a student"));
    const std::vector<std::string> plain{"a", "b"};
    CHECK(student_gaps(rewards, clusters, roles_of(plain, {}), {}).empty());
    CHECK(test::contains(told_roles(roles_of(plain, {}), plain), "roles: none; only pairwise results, no GRA"));
}
