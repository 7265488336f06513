// says: "preflearn reports errors by exceptions: compile without -fno-exceptions"
//
// options: -fno-exceptions
#include <preflearn/core/numbers/log_space.hpp>
