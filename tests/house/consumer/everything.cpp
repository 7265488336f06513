// The whole library in one include, beside another source that includes a part of it: nothing is defined twice.
#include <preflearn.hpp>
