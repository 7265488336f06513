// says: "a Teacher is called with a comparison, const, and returns preflearn::preference or a probability that the
// first response is preferred; several threads call it at once, so one that changes itself (a mutable lambda) is none"
//
// The teacher answers with the name of the better response.
#include <span>
#include <string>

#include <preflearn/core/many.hpp>

using my_pair = preflearn::comparison<std::string>;

auto labels(std::span<const my_pair> pairs) {
    return preflearn::label_all(
        pairs, [](const my_pair& c) { return std::string(c.first.size() < c.second.size() ? "second" : "first"); });
}
