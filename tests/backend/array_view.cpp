#include <doctest/doctest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include <preflearn/backend/array_view.hpp>

using namespace preflearn;

namespace {

/// The only one that may look.
struct owner {
    template <class T> static T at(const array_view<T, owner>& v, std::size_t r, std::size_t c) {
        return v.first_[r * v.stride_ + c];
    }
};
using number_view = array_view<double, owner>;

template <class V>
concept CanBeLookedInto = requires(V v) {
    *v;
}
|| requires(V v) { v.data(); }
|| requires(V v) { v(0, 0); }
|| requires(V v) { v[0]; }
|| requires(V v) { v.first_; };

} // namespace

static_assert(!CanBeLookedInto<number_view> && CanBeLookedInto<std::vector<double>>);
static_assert(std::convertible_to<number_view, array_view<const double, owner>>);
static_assert(!std::convertible_to<array_view<const double, owner>, number_view>, "what is constant stays so");

TEST_CASE("a handle is cut into rows, columns and parts, and only its owner reaches the elements") {
    std::vector<double> numbers(24);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
    const number_view all(numbers.data(), 4, 6, 6);
    const number_view inner = all.row_block(1, 2).column_block(2, 3);
    CHECK(inner.rows == 2);
    CHECK(inner.columns == 3);
    CHECK(owner::at(inner, 1, 2) == 16);
    const number_view part = number_view(numbers.data(), 1, 24, 24).part(5, 3, 4);
    CHECK(owner::at(part, 2, 1) == 14);
    CHECK(owner::at(array_view<const double, owner>(part), 0, 0) == 5);
}

TEST_CASE("a part of what is absent is absent") {
    const number_view none;
    CHECK(none.absent());
    CHECK(none.row_block(1, 2).absent());
    CHECK(none.column_block(1, 2).absent());
    CHECK(none.part(7, 2, 2).absent());
    double number = 1;
    CHECK(!number_view(&number, 0, 1, 1).absent()); // a batch of no rows is there
}
