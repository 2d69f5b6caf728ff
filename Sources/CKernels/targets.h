#pragma once

// What the compiler may assume and do, in one place. Every kernel includes it before anything that computes.

// A product and a sum are rounded each, whatever the processor could do in one: where one rounding is meant, ADJ_FMA
// says so. It holds to the end of the file that includes this.
#pragma STDC FP_CONTRACT OFF

#include "include/CKernels.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ADJ_SANITIZED 1
#endif
#endif

// Each function so defined is compiled for three generations of x86-64; ADJ_BEST(name) is the one for the vectors that
// `adj_vector_level` names. All give the same bits. Under a sanitizer, which takes long to compile, there is the plain
// one alone.
//
//     ADJ_KERNEL(void, add_f32, (const float *a, float *b, ptrdiff_t count), { … })
//
// Left to itself, the compiler cuts vectors of 64 bytes in two for the third generation: Decisions/Kernels.md.
#if defined(__x86_64__) && defined(__clang__) && !defined(ADJ_SANITIZED)
#define ADJ_TARGET_512 __attribute__((target("arch=x86-64-v4,no-prefer-256-bit")))
#define ADJ_KERNEL(RESULT, NAME, PARAMETERS, ...) ADJ_KERNEL_OF(RESULT, NAME, PARAMETERS, __VA_ARGS__)
#define ADJ_KERNEL_OF(RESULT, NAME, PARAMETERS, ...)                                            \
  static RESULT NAME##_plain PARAMETERS __VA_ARGS__                                             \
  __attribute__((target("arch=x86-64-v3"))) static RESULT NAME##_256 PARAMETERS __VA_ARGS__     \
  ADJ_TARGET_512 static RESULT NAME##_512 PARAMETERS __VA_ARGS__                                \
  static RESULT (*const NAME##_levels[]) PARAMETERS = {                                         \
      [ADJ_VECTORS_PLAIN] = NAME##_plain, [ADJ_VECTORS_256] = NAME##_256, [ADJ_VECTORS_512] = NAME##_512};
#define ADJ_BEST(NAME) ADJ_BEST_OF(NAME)
#define ADJ_BEST_OF(NAME) (NAME##_levels[adj_level()])
#else
#define ADJ_KERNEL(RESULT, NAME, PARAMETERS, ...) static RESULT NAME PARAMETERS __VA_ARGS__
#define ADJ_BEST(NAME) NAME
#endif

// What no sanitizer looks into, since it would take the compiler many minutes: tests with guard pages do.
#if defined(ADJ_SANITIZED)
#define ADJ_UNWATCHED __attribute__((disable_sanitizer_instrumentation))
#else
#define ADJ_UNWATCHED
#endif

/// The level in use, -1 before anybody asked.
extern int32_t adj_level_in_use;

static inline int32_t adj_level(void) {
  const int32_t level = __atomic_load_n(&adj_level_in_use, __ATOMIC_RELAXED);
  return level < 0 ? adj_vector_level() : level;
}

// Kernels do without <math.h>, so that the compiler refuses each of its functions: their last bits differ from system
// to system, and from processor to processor.
#if !defined(INFINITY)
#define INFINITY __builtin_inff()
#endif
#if !defined(NAN)
#define NAN __builtin_nanf("")
#endif

#define ADJ_INLINE static inline __attribute__((always_inline))

// A function of many numbers. Without optimisation each keeps its place in the frame that it is inlined into.
#if defined(__OPTIMIZE__)
#define ADJ_LARGE ADJ_INLINE
#else
#define ADJ_LARGE static __attribute__((unused))
#endif

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
//
// ADJ_FMA(a, b, c) is a · b + c, rounded once, of numbers or of vectors: an instruction where the processor has it, a
// function to the same bits where it has not.
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define ADJ_SQRT(x) __builtin_elementwise_sqrt(x)
#define ADJ_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#endif
#endif
#if !defined(ADJ_SQRT)
#define ADJ_FMA(a, b, c) _Generic((a), float: __builtin_fmaf, double: __builtin_fma)(a, b, c)
#define ADJ_SQRT(x) _Generic((x), float: __builtin_sqrtf, double: __builtin_sqrt)(x)
#endif

// A loop around a call into libm stays a loop of calls; asking for more is no mistake there.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
