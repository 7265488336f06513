#include <doctest/doctest.h>

#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/decoder/trained_numbers.hpp>

#include "../opaque_backend.hpp"

using namespace preflearn;

TEST_CASE("parts share the arrays of the whole; copies share nothing and start without gradients") {
    using numbers = trained_numbers<float, cpu_backend>;
    numbers whole(5);
    CHECK(whole.host_values()[4] == 0);
    numbers part = whole.part(2, 3);
    part.host_values()[0] = 7;
    CHECK(whole.host_values()[2] == 7);
    part.host_gradients()[1] = 3;
    CHECK(whole.host_gradients()[3] == 3);
    CHECK(part.part(1, 2).host_gradients()[0] == 3);

    numbers copy = part;
    CHECK(copy.size() == 3);
    CHECK(copy.host_values()[0] == 7);
    CHECK(copy.host_gradients()[1] == 0);
    copy.host_values()[0] = 1;
    CHECK(whole.host_values()[2] == 7);

    const numbers moved = std::move(part);
    CHECK(moved.host_values().data() == whole.host_values().data() + 2);
}

TEST_CASE("gradients that were released are zeros when they are asked for again; the numbers stay") {
    trained_numbers<float, cpu_backend> whole(3);
    whole.host_values()[1] = 5;
    whole.part(1, 2).host_gradients()[0] = 2;
    whole.part(0, 1).release_gradients();
    CHECK(whole.host_gradients()[1] == 0);
    CHECK(whole.host_values()[1] == 5);
}

TEST_CASE("numbers that the host cannot reach are written by way of it") {
    trained_numbers<float, test::opaque_backend> numbers(3);
    numbers.write([](std::span<float> all) {
        CHECK(all.size() == 3);
        for (float& value : all) value = 2;
    });
    std::vector<float> found(3);
    test::opaque_backend::download(numbers.values(), std::span<float>(found));
    CHECK(found == std::vector<float>{2, 2, 2});
}
