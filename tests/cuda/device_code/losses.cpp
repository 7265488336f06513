// The losses for the tests, which see no more than their declarations.
#include <preflearn/backend/cuda/losses.cuh>
