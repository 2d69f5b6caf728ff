// What runs along one axis: running sums, and where the greatest element stands. A lane is computed by one caller, from
// one end to the other; lanes next to one another are computed side by side.

#include "running_sums.h"

/// Lanes of which the greatest elements so far are kept at a time.
#define STRIP 64  // Decisions/Sums.md
/// Lanes of which the running sums are kept at a time.
#define SUMS 512  // Decisions/Sums.md

/// How many lanes from `lane` on lie next to one another and before `end`.
ADJ_INLINE ptrdiff_t neighbours(ptrdiff_t lane, ptrdiff_t inner, ptrdiff_t end) {
  const ptrdiff_t rest = inner - lane % inner;
  return rest < end - lane ? rest : end - lane;
}

#define DEFINE_ALONG(SUFFIX, REAL)                                                                                  \
  ADJ_KERNEL(void, cumulative_sum_##SUFFIX, (const REAL *input, REAL *output, ptrdiff_t length, ptrdiff_t inner,     \
                                             int32_t from_the_end, ptrdiff_t begin, ptrdiff_t end), {                \
    const ptrdiff_t step = from_the_end ? -inner : inner;                                                           \
    adj_running_##SUFFIX running[SUMS];                                                                                 \
    for (ptrdiff_t lane = begin; lane < end;) {                                                                     \
      ptrdiff_t count = neighbours(lane, inner, end);                                                               \
      const ptrdiff_t first = lane / inner * length * inner + lane % inner + (from_the_end ? (length - 1) * inner : 0); \
      if (count == 1) {                                                                                             \
        adj_running_##SUFFIX sum = adj_begin_##SUFFIX(input[first]);                                                 \
        output[first] = input[first];                                                                               \
        for (ptrdiff_t k = 1; k < length; ++k) output[first + k * step] = adj_add_##SUFFIX(&sum, input[first + k * step]); \
      } else {                                                                                                      \
        if (count > SUMS) count = SUMS;                                                                             \
        for (ptrdiff_t i = 0; i < count; ++i) {                                                                     \
          running[i] = adj_begin_##SUFFIX(input[first + i]);                                                            \
          output[first + i] = input[first + i];                                                                     \
        }                                                                                                           \
        for (ptrdiff_t k = 1; k < length; ++k) {                                                                    \
          const REAL *from = input + first + k * step;                                                              \
          REAL *to = output + first + k * step;                                                                     \
          ADJ_INDEPENDENT for (ptrdiff_t i = 0; i < count; ++i) to[i] = adj_add_##SUFFIX(running + i, from[i]);         \
        }                                                                                                           \
      }                                                                                                             \
      lane += count;                                                                                                \
    }                                                                                                               \
  })                                                                                                                 \
  ADJ_KERNEL(void, argmax_##SUFFIX, (const REAL *input, int32_t *indices, ptrdiff_t length, ptrdiff_t inner,         \
                                     ptrdiff_t begin, ptrdiff_t end), {                                              \
    REAL greatest[STRIP];                                                                                           \
    for (ptrdiff_t lane = begin; lane < end;) {                                                                     \
      ptrdiff_t count = neighbours(lane, inner, end);                                                               \
      if (count > STRIP) count = STRIP;                                                                             \
      const REAL *from = input + lane / inner * length * inner + lane % inner;                                      \
      int32_t *at = indices + lane;                                                                                 \
      for (ptrdiff_t i = 0; i < count; ++i) greatest[i] = from[i], at[i] = 0;                                       \
      for (ptrdiff_t k = 1; k < length; ++k) {                                                                      \
        from += inner;                                                                                              \
        for (ptrdiff_t i = 0; i < count; ++i) {                                                                     \
          /* The first NaN wins over numbers, and nothing over it. */                                               \
          const int wins = from[i] > greatest[i] || (from[i] != from[i] && greatest[i] == greatest[i]);             \
          greatest[i] = wins ? from[i] : greatest[i];                                                               \
          at[i] = wins ? (int32_t)k : at[i];                                                                        \
        }                                                                                                           \
      }                                                                                                             \
      lane += count;                                                                                                \
    }                                                                                                               \
  })

DEFINE_ALONG(f32, float)
DEFINE_ALONG(f64, double)

void adj_cumulative_sum(uint8_t type, const void *input, void *output, ptrdiff_t length, ptrdiff_t inner,
                        int32_t from_the_end, ptrdiff_t begin, ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(cumulative_sum_f32)(input, output, length, inner, from_the_end, begin, end);
  else ADJ_BEST(cumulative_sum_f64)(input, output, length, inner, from_the_end, begin, end);
}

void adj_argmax(uint8_t type, const void *input, int32_t *indices, ptrdiff_t length, ptrdiff_t inner, ptrdiff_t begin,
                ptrdiff_t end) {
  if (adj_is_float32(type)) ADJ_BEST(argmax_f32)(input, indices, length, inner, begin, end);
  else ADJ_BEST(argmax_f64)(input, indices, length, inner, begin, end);
}
