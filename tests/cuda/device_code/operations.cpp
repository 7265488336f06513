// The operations of a decoder for the tests, which see no more than their declarations.
#include <preflearn/backend/cuda/operations.cuh>
