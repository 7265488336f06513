#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_IMPLEMENT // which the line above does not say where the header is precompiled
#include <doctest/doctest.h>
