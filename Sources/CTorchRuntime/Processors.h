#pragma once
#include <cstdint>

// One copy of a function for each kind of processor, chosen when the library is loaded: the package is compiled for the
// oldest.
#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/// For what such a function calls in its loops: it is compiled with it.
#define PART_OF_LOOP inline __attribute__((always_inline))

/// e^-x: 2^n times a polynomial of the rest of x log2(e) over -1/2 ... 1/2 (its Taylor series to the sixth power: a
/// relative error below 2e-7).
PART_OF_LOOP float exponential_of_minus(float x) {
  float power = x * -1.44269504f;
  power = power < -126.0f ? -126.0f : (power > 126.0f ? 126.0f : power);
  const float whole = __builtin_rintf(power);
  const float rest = (power - whole) * 0.69314718f;
  float exponential = 1.0f / 720.0f;
  exponential = exponential * rest + 1.0f / 120.0f;
  exponential = exponential * rest + 1.0f / 24.0f;
  exponential = exponential * rest + 1.0f / 6.0f;
  exponential = exponential * rest + 0.5f;
  exponential = exponential * rest + 1.0f;
  exponential = exponential * rest + 1.0f;
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  float factor;
  __builtin_memcpy(&factor, &bits, sizeof factor);
  return exponential * factor;
}
