// says: "preflearn needs C++20: compile with -std=c++20"
//
// options: -std=c++17
#include <preflearn/core/numbers/log_space.hpp>
