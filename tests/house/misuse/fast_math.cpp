// says: "preflearn's numbers are wrong under -ffast-math and -Ofast, which assume away infinities, NaN and the order of
// sums: compile with -O3 alone"
//
// options: -ffast-math
#include <preflearn/core/numbers/log_space.hpp>
