#pragma once

// What the compiler may assume and do, in one place.

#include <stdlib.h>  // defines __GLIBC__ where there is a glibc

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ADJ_SANITIZED 1
#endif
#endif

// Each function so marked is compiled for three generations of x86-64 and chosen once, as the program is loaded. Needs
// ifuncs (ELF and glibc); their resolvers run before a sanitizer has started, so there the plain code is used alone.
#if defined(__x86_64__) && defined(__ELF__) && defined(__GLIBC__) && defined(__clang__) && !defined(ADJ_SANITIZED)
#define ADJ_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ADJ_CLONES
#endif

// What no sanitizer looks into, since it would take the compiler many minutes: tests with guard pages do.
#if defined(ADJ_SANITIZED)
#define ADJ_UNWATCHED __attribute__((disable_sanitizer_instrumentation))
#else
#define ADJ_UNWATCHED
#endif

#define ADJ_INLINE static inline __attribute__((always_inline))

// Stands where a branch leads that is seldom taken, so that it stays one: what follows the other is not made to wait for
// both.
#define ADJ_RARELY __asm__ volatile("")

// The iterations of the next loop do not depend on one another. An output may be the same memory as an input, element
// for element, which is no dependence between iterations, but which the compiler's own overlap check would refuse.
#if defined(__clang__)
#define ADJ_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define ADJ_INDEPENDENT
#endif

// The same, cut into vectors of so many lanes, one an iteration. With ADJ_MASKED_VECTOR the lanes past the end are idle.
#define ADJ_TEXT(...) #__VA_ARGS__
#define ADJ_PRAGMA(...) _Pragma(ADJ_TEXT(__VA_ARGS__))
#if defined(__clang__)
#define ADJ_VECTORS(LANES) \
  ADJ_PRAGMA(clang loop vectorize(assume_safety) vectorize_width(LANES) interleave_count(1))
#define ADJ_MASKED_VECTOR(LANES) \
  ADJ_PRAGMA(clang loop vectorize(assume_safety) vectorize_predicate(enable) vectorize_width(LANES) interleave_count(1))
#else
#define ADJ_VECTORS(LANES)
#define ADJ_MASKED_VECTOR(LANES)
#endif

// `sqrtf` may set errno, which keeps a loop from being vectorised; the builtin does not.
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define ADJ_SQRT(x) __builtin_elementwise_sqrt(x)
#endif
#endif
#if !defined(ADJ_SQRT)
#define ADJ_SQRT(x) _Generic((x), float: __builtin_sqrtf, double: __builtin_sqrt)(x)
#endif

// A loop around a call into libm stays a loop of calls; asking for more is no mistake there.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
