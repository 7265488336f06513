#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/one_thread.hpp>
#include <preflearn/core/system/parallel.hpp>

using namespace preflearn;

TEST_CASE("what the work returns or throws comes out, and as many threads are there as before") {
    const std::size_t before = thread_count();
    CHECK(on_one_thread([] { return 7; }) == 7);
    CHECK_THROWS_AS(on_one_thread([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
    CHECK(thread_count() == before);
}

#if defined(_OPENMP)
TEST_CASE("inside there is one thread") {
    CHECK(on_one_thread([] { return thread_count(); }) == 1);
}

TEST_CASE("a product of Eigen's has the same bits there for any number of threads") {
    const Eigen::MatrixXd a = Eigen::MatrixXd::NullaryExpr(
        180, 700, [](Eigen::Index i, Eigen::Index j) { return 1.0 / static_cast<double>(1 + i + 3 * j); });
    std::vector<Eigen::MatrixXd> results;
    for (const int threads : {1, 2}) {
        omp_set_num_threads(threads);
        results.push_back(on_one_thread([&] { return Eigen::MatrixXd(a * a.transpose()); }));
    }
    omp_set_num_threads(omp_get_num_procs());
    CHECK((results[0].array() == results[1].array()).all());
}
#endif
