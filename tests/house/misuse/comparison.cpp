// says: "a Comparison has an integer member `id` and members `prompt`, `first` and `second`, the last two of one type"
//
// The user's pair calls its responses by other names.
#include <cstdint>
#include <span>

#include <preflearn/core/many.hpp>

struct my_pair {
    std::uint64_t id;
    const char *prompt, *chosen, *rejected;
};

auto labels(std::span<const my_pair> pairs) {
    return preflearn::label_all(pairs, [](const my_pair&) { return 0.5; });
}
