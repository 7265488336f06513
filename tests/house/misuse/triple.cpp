// says: "a Triple has an integer member `id` and members `prompt`, `first`, `second` and `gold`, the last three of one
// type"
//
// A comparison has no gold response.
#include <preflearn/core/tokens.hpp>
#include <preflearn/training/kinds/triples.hpp>

void use() { preflearn::check_triple<preflearn::token_comparison>(); }
