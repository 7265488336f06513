#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <doctest/doctest.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/parallel.hpp>

using namespace preflearn;

namespace {

/// Runs `body` with 1, 2 and 7 threads and returns what it gave.
template <class Body> auto with_threads(const Body& body) {
    std::vector<decltype(body())> results;
    for (const int threads : {1, 2, 7}) {
#if defined(_OPENMP)
        const int before = omp_get_max_threads();
        omp_set_num_threads(threads);
        results.push_back(body());
        omp_set_num_threads(before);
#else
        static_cast<void>(threads);
        results.push_back(body());
#endif
    }
    return results;
}

template <class Results> bool all_equal(const Results& results) {
    return std::ranges::adjacent_find(results, std::ranges::not_equal_to{}) == results.end();
}

} // namespace

TEST_CASE("the number of threads can be set, to one at least") {
    const std::size_t before = thread_count();
    set_thread_count(3);
    CHECK(thread_count() == 3);
    parallel_for(2, [](std::size_t) { CHECK(thread_count() == 1); }); // inside a loop
    set_thread_count(0);
    CHECK(thread_count() == 1);
    set_thread_count(before);
    CHECK(thread_count() == before);
}

TEST_CASE("every task runs once, whatever the number of threads") {
    for (const std::size_t tasks : {0UL, 1UL, 2UL, 1000UL}) {
        const auto counts = with_threads([&] {
            std::vector<int> count(tasks);
            parallel_for(tasks, [&](std::size_t i) { ++count[i]; });
            return count;
        });
        for (const std::vector<int>& count : counts) CHECK(count == std::vector<int>(tasks, 1));
    }
}

TEST_CASE("a sum over blocks has the same bits for any number of threads") {
    std::vector<float> values(100'003);
    generator random(1);
    for (float& v : values) v = static_cast<float>(random.normal());
    const auto sums = with_threads([&] {
        const std::size_t grain = 1000;
        std::vector<float> parts((values.size() + grain - 1) / grain);
        parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) parts[begin / grain] += values[i];
        });
        float sum = 0;
        for (const float part : parts) sum += part;
        return sum;
    });
    CHECK(all_equal(sums));
    CHECK(sums[0] != 0);
}

TEST_CASE("blocks cover the items in order and depend on count and grain alone") {
    using block = std::pair<std::size_t, std::size_t>;
    const auto blocks = [](std::size_t count, std::size_t grain) {
        return with_threads([&] {
            std::vector<block> found(count);
            std::atomic<std::size_t> blocks_seen = 0;
            parallel_blocks(count, grain, [&](std::size_t begin, std::size_t end) {
                found[begin] = {begin, end};
                ++blocks_seen;
            });
            std::erase(found, block{});
            CHECK(found.size() == blocks_seen);
            return found;
        });
    };
    CHECK(blocks(10, 4)[0] == std::vector<block>{{0, 4}, {4, 8}, {8, 10}});
    CHECK(all_equal(blocks(10, 4)));
    CHECK(blocks(8, 4)[1] == std::vector<block>{{0, 4}, {4, 8}});
    CHECK(blocks(3, 100)[2] == std::vector<block>{{0, 3}});
    CHECK(blocks(2, 0)[1] == std::vector<block>{{0, 1}, {1, 2}});
    CHECK(blocks(0, 4)[1].empty());
}

TEST_CASE("the exception of the lowest failing task comes out, whatever the number of threads") {
    const auto messages = with_threads([] {
        try {
            parallel_for(64, [](std::size_t i) {
                if (i % 16 == 5) throw std::runtime_error("task " + std::to_string(i));
            });
        } catch (const std::runtime_error& failure) {
            return std::string(failure.what());
        }
        return std::string("no exception");
    });
    for (const std::string& text : messages) CHECK(text == "task 5");
}

TEST_CASE("loops inside loops run serially and see one thread") {
    const auto results = with_threads([] {
        std::vector<std::size_t> inner(8);
        std::vector<std::size_t> threads(8);
        parallel_for(8, [&](std::size_t i) {
            threads[i] = thread_count();
            parallel_for(100, [&](std::size_t j) { inner[i] += j; }); // no race: one thread
        });
        CHECK(inner == std::vector<std::size_t>(8, 4950));
        return threads;
    });
    for (const std::vector<std::size_t>& threads : results) CHECK(threads == std::vector<std::size_t>(8, 1));
    CHECK(thread_count() >= 1);
}

TEST_CASE("callers on several threads share the helpers") {
    std::vector<std::size_t> sums(4);
    std::vector<std::thread> callers;
    for (std::size_t c = 0; c < sums.size(); ++c) {
        callers.emplace_back([&, c] {
            for (std::size_t round = 0; round < 200; ++round) {
                std::vector<std::size_t> squares(1 + round % 7);
                parallel_for(squares.size(), [&](std::size_t i) { squares[i] = i * i; });
                for (const std::size_t square : squares) sums[c] += square;
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    CHECK(sums[0] > 0);
    CHECK(all_equal(sums));
}

TEST_CASE("threads that wait sleep") {
    const auto start = std::clock();
    for (int round = 0; round < 3; ++round) {
        parallel_for(2, [](std::size_t i) {
            if (i == 1) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < 0.1); // of 0.21 s and more
}
