/// \file
/// What the library asks of the compiler, said in a sentence before anything else goes wrong. Infinities, NaN and the
/// order of sums are part of every result here, so options that let a compiler assume them away are refused; they may
/// be given for other files of the same program.
// SPDX-License-Identifier: MIT
#pragma once

#if __cplusplus < 202002L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#error "preflearn needs C++20: compile with -std=c++20"
#endif

#if !defined(__cpp_exceptions)
#error "preflearn reports errors by exceptions: compile without -fno-exceptions"
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0) ||                           \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__)
#error                                                                                                                 \
    "preflearn's numbers are wrong under -ffast-math and -Ofast, which assume away infinities, NaN and the order of sums: compile with -O3 alone"
#endif

// Before a function that kernels call, too (loss parts, 16-bit numbers): for a compiler of CUDA it is one of both
// sides. Elsewhere nothing is there, also where the tests run kernels on the processor. Not for use outside the
// library.
#if defined(__CUDACC__)
#define PREFLEARN_DEVICE_AND_HOST __host__ __device__
#else
#define PREFLEARN_DEVICE_AND_HOST
#endif
