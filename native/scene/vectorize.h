#pragma once

// Loops over whole pictures are compiled once more for AVX2 and chosen when the program starts.
// They use whole numbers only, so the result is the same either way.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define JETFLEET_VECTORIZE __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define JETFLEET_VECTORIZE
#endif
