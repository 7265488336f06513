// says: "preflearn reports errors by exceptions: compile without -fno-exceptions"
//
// options: -fno-exceptions
#include <preflearn/core/log_space.hpp>
