// Dropout from a counter-based generator: word i of a stream is a function of i, so that any range of elements is
// computed without those before it, and computed again with the same bits.
//
// Philox 4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

#include "include/CKernels.h"
#include "targets.h"

/// Counters whose words are made side by side.
#define COUNTERS 16  // Decisions/Kernels.md
#define WORDS (4 * COUNTERS)

ADJ_INLINE void philox(uint32_t *c, uint64_t key) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t even = (uint64_t)0xD2511F53u * c[0], odd = (uint64_t)0xCD9E8D57u * c[2];
    const uint32_t first = (uint32_t)(odd >> 32) ^ c[1] ^ k0, third = (uint32_t)(even >> 32) ^ c[3] ^ k1;
    c[0] = first, c[1] = (uint32_t)odd, c[2] = third, c[3] = (uint32_t)even;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
}

/// The words of the counters from `counter` on, in order.
ADJ_INLINE void stream_words(uint32_t *words, uint64_t counter, uint64_t seed, uint32_t stream, uint32_t step) {
  uint32_t columns[4][COUNTERS];
  for (int k = 0; k < COUNTERS; ++k) {
    uint32_t c[4] = {(uint32_t)(counter + (uint64_t)k), (uint32_t)((counter + (uint64_t)k) >> 32), step, stream};
    philox(c, seed);
    for (int word = 0; word < 4; ++word) columns[word][k] = c[word];
  }
  for (int k = 0; k < COUNTERS; ++k) {
    for (int word = 0; word < 4; ++word) words[4 * k + word] = columns[word][k];
  }
}

#define DEFINE_DROPOUT(SUFFIX, REAL)                                                                               \
  ADJ_KERNEL(void, dropout_##SUFFIX, (const REAL *input, REAL *output, REAL scale, uint32_t threshold, uint64_t seed, \
                                      uint32_t stream, uint32_t step, ptrdiff_t begin, ptrdiff_t end), {            \
    uint32_t words[WORDS];                                                                                         \
    for (ptrdiff_t start = begin; start < end; start += WORDS) {                                                   \
      const ptrdiff_t count = end - start < WORDS ? end - start : WORDS;                                           \
      stream_words(words, (uint64_t)start / 4, seed, stream, step);                                                \
      ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) {                                                      \
        output[start + i] = words[i] >= threshold ? input[start + i] * scale : (REAL)0;                            \
      }                                                                                                            \
    }                                                                                                              \
  })

DEFINE_DROPOUT(f32, float)
DEFINE_DROPOUT(f64, double)

void adj_dropout(uint8_t type, const void *input, void *output, double scale, uint32_t threshold, uint64_t seed,
                 uint32_t stream, uint32_t step, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) {
    ADJ_BEST(dropout_f32)(input, output, (float)scale, threshold, seed, stream, step, begin, end);
  } else {
    ADJ_BEST(dropout_f64)(input, output, scale, threshold, seed, stream, step, begin, end);
  }
}
