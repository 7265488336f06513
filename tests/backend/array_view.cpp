#include <doctest/doctest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include <preflearn/backend/array_view.hpp>

using namespace preflearn;

namespace {

/// The only one that may look.
struct only_owner {
    template <class T> static T at(const array_view<T, only_owner>& v, std::size_t r, std::size_t c) {
        return v.first_[r * v.stride_ + c];
    }
};
using handle = array_view<double, only_owner>;

template <class V>
concept CanBeLookedInto = requires(V v) {
    *v;
}
|| requires(V v) { v.data(); }
|| requires(V v) { v(0, 0); }
|| requires(V v) { v[0]; }
|| requires(V v) { v.first_; };

} // namespace

static_assert(!CanBeLookedInto<handle> && CanBeLookedInto<std::vector<double>>);
static_assert(std::convertible_to<handle, array_view<const double, only_owner>>);
static_assert(!std::convertible_to<array_view<const double, only_owner>, handle>, "what is constant stays so");

TEST_CASE("a handle is cut into rows, columns and parts, and only its owner reaches the elements") {
    std::vector<double> numbers(24);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
    const handle all(numbers.data(), 4, 6, 6);
    const handle inner = all.row_block(1, 2).column_block(2, 3);
    CHECK(inner.rows == 2);
    CHECK(inner.columns == 3);
    CHECK(only_owner::at(inner, 1, 2) == 16);
    const handle part = handle(numbers.data(), 1, 24, 24).part(5, 3, 4);
    CHECK(only_owner::at(part, 2, 1) == 14);
    CHECK(only_owner::at(array_view<const double, only_owner>(part), 0, 0) == 5);
}

TEST_CASE("a part of what is absent is absent") {
    const handle none;
    CHECK(none.absent());
    CHECK(none.row_block(1, 2).absent());
    CHECK(none.column_block(1, 2).absent());
    CHECK(none.part(7, 2, 2).absent());
    double number = 1;
    CHECK(!handle(&number, 0, 1, 1).absent()); // a batch of no rows is there
}
