// says: "a Teacher is called with a comparison, const, and returns preflearn::preference or a probability that the
// first response is preferred; several threads call it at once, so one that changes itself (a mutable lambda) is none"
//
// The teacher changes when it is asked, so its answers would depend on their order.
#include <span>

#include <preflearn/core/many.hpp>

using my_pair = preflearn::comparison<int>;

auto labels(std::span<const my_pair> pairs) {
    return preflearn::label_all(pairs, [asked = 0](const my_pair&) mutable { return ++asked % 2 == 0 ? 0.0 : 1.0; });
}
