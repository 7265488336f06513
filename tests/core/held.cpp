#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

#include <preflearn/core/held.hpp>

using namespace preflearn;

namespace {

template <class T> struct adapter {
    explicit adapter(T given) : kept(std::forward<T>(given)) {}
    T kept;
};
template <class T> adapter(T&&) -> adapter<held<T>>;

template <class T> struct owner {
    explicit owner(T given) : kept(std::forward<T>(given)) {}
    T kept;
};
template <class T> owner(T&&) -> owner<owned<T>>;

double twice(double x) { return 2 * x; }

} // namespace

TEST_CASE("what has a name is referred to, const; what was moved in is owned") {
    int number = 1;
    const adapter refers{number};
    static_assert(std::is_same_v<decltype(refers.kept), const int&>);
    number = 2;
    CHECK(refers.kept == 2);

    const int constant = 3;
    static_assert(std::is_same_v<decltype(adapter{constant}.kept), const int&>);
    const adapter wrapped{std::cref(number)};
    static_assert(std::is_same_v<decltype(wrapped.kept), const int&>);
    CHECK(&wrapped.kept == &number);

    auto alone = std::make_unique<int>(4);
    const adapter owns{std::move(alone)};
    static_assert(std::is_same_v<decltype(owns.kept), std::unique_ptr<int>>);
    CHECK(*owns.kept == 4);
    CHECK(alone == nullptr);

    CHECK(adapter{twice}.kept(3) == 6);
}

TEST_CASE("a value is owned, whether it has a name or not, unless it is wrapped") {
    int number = 1;
    const owner copy{number};
    const owner wrapped{std::ref(number)};
    static_assert(std::is_same_v<decltype(copy.kept), int>);
    static_assert(std::is_same_v<decltype(wrapped.kept), const int&>);
    number = 2;
    CHECK(copy.kept == 1);
    CHECK(wrapped.kept == 2);
    CHECK(owner{twice}.kept(3) == 6);
}
