// The definition of a convolution and of its gradients; see CConvolution.h.

#include "include/CKernels.h"
#include "product.h"
#include "targets.h"

/// The pixel of the image that element `k` of the kernel meets for pixel `i` of the result, -1 for none.
static ptrdiff_t pixel_met(const struct adj_convolution_axis *axis, ptrdiff_t i, ptrdiff_t k) {
  const ptrdiff_t pixel = i * axis->stride + k * axis->dilation - axis->padding;
  return pixel >= 0 && pixel < axis->image ? pixel : -1;
}

/// The pixel of the result for which element `k` of the kernel meets pixel `i` of the image, -1 for none.
static ptrdiff_t result_met(const struct adj_convolution_axis *axis, ptrdiff_t i, ptrdiff_t k) {
  const ptrdiff_t ahead = i + axis->padding - k * axis->dilation, result = ahead / axis->stride;
  return ahead >= 0 && ahead % axis->stride == 0 && result < axis->result ? result : -1;
}

// Loops over an array [A, B, C, D] in row-major order, and over the terms of a sum.
#define EACH(I, COUNT) for (ptrdiff_t I = 0; I < (COUNT); ++I)
#define AT(A, B, COUNT_B, C, COUNT_C, D, COUNT_D) ((((A) * (COUNT_B) + (B)) * (COUNT_C) + (C)) * (COUNT_D) + (D))
/// Ends the term number `index` of `count`.
#define END_TERM(INDEX, COUNT) \
  if (++(INDEX) % ADJ_PRODUCT_CHUNK == 0 || (INDEX) == (COUNT)) total += chunk, chunk = 0

#define DEFINE_CONVOLUTION(TYPE, REAL)                                                                              \
  static void result_##TYPE(struct adj_convolution s, const REAL *x, const REAL *w, REAL *y) {                      \
    const ptrdiff_t own = s.channels / s.groups, filters = s.filters / s.groups;                                    \
    const ptrdiff_t count = own * s.rows.kernel * s.columns.kernel;                                                 \
    EACH(n, s.batch) EACH(f, s.filters) EACH(i, s.rows.result) EACH(j, s.columns.result) {                          \
      REAL total = 0, chunk = 0;                                                                                    \
      ptrdiff_t index = 0;                                                                                          \
      EACH(c, own) EACH(k, s.rows.kernel) EACH(l, s.columns.kernel) {                                               \
        const ptrdiff_t row = pixel_met(&s.rows, i, k), column = pixel_met(&s.columns, j, l);                       \
        if (row >= 0 && column >= 0) {                                                                              \
          chunk = ADJ_FMA(x[AT(n, f / filters * own + c, s.channels, row, s.rows.image, column, s.columns.image)],  \
                          w[AT(f, c, own, k, s.rows.kernel, l, s.columns.kernel)], chunk);                          \
        }                                                                                                           \
        END_TERM(index, count);                                                                                     \
      }                                                                                                             \
      *y++ = total;                                                                                                 \
    }                                                                                                               \
  }                                                                                                                 \
  static void input_gradient_##TYPE(struct adj_convolution s, const REAL *y, const REAL *w, REAL *x) {              \
    const ptrdiff_t own = s.channels / s.groups, filters = s.filters / s.groups;                                    \
    const ptrdiff_t count = filters * s.rows.kernel * s.columns.kernel;                                             \
    EACH(n, s.batch) EACH(c, s.channels) EACH(i, s.rows.image) EACH(j, s.columns.image) {                           \
      REAL total = 0, chunk = 0;                                                                                    \
      ptrdiff_t index = 0;                                                                                          \
      EACH(f, filters) EACH(k, s.rows.kernel) EACH(l, s.columns.kernel) {                                           \
        const ptrdiff_t row = result_met(&s.rows, i, k), column = result_met(&s.columns, j, l);                     \
        const ptrdiff_t filter = c / own * filters + f;                                                             \
        if (row >= 0 && column >= 0) {                                                                              \
          chunk = ADJ_FMA(y[AT(n, filter, s.filters, row, s.rows.result, column, s.columns.result)],                \
                          w[AT(filter, c % own, own, k, s.rows.kernel, l, s.columns.kernel)], chunk);               \
        }                                                                                                           \
        END_TERM(index, count);                                                                                     \
      }                                                                                                             \
      *x++ = total;                                                                                                 \
    }                                                                                                               \
  }                                                                                                                 \
  static void kernel_gradient_##TYPE(struct adj_convolution s, const REAL *x, const REAL *y, REAL *w) {             \
    const ptrdiff_t own = s.channels / s.groups, filters = s.filters / s.groups;                                    \
    const ptrdiff_t count = s.rows.result * s.columns.result;                                                       \
    EACH(f, s.filters) EACH(c, own) EACH(k, s.rows.kernel) EACH(l, s.columns.kernel) {                              \
      REAL sum = 0;                                                                                                 \
      EACH(n, s.batch) {                                                                                            \
        REAL total = 0, chunk = 0;                                                                                  \
        ptrdiff_t index = 0;                                                                                        \
        EACH(i, s.rows.result) EACH(j, s.columns.result) {                                                          \
          const ptrdiff_t row = pixel_met(&s.rows, i, k), column = pixel_met(&s.columns, j, l);                     \
          if (row >= 0 && column >= 0) {                                                                            \
            chunk = ADJ_FMA(                                                                                        \
                x[AT(n, f / filters * own + c, s.channels, row, s.rows.image, column, s.columns.image)],            \
                y[AT(n, f, s.filters, i, s.rows.result, j, s.columns.result)], chunk);                              \
          }                                                                                                         \
          END_TERM(index, count);                                                                                   \
        }                                                                                                           \
        sum += total;                                                                                               \
      }                                                                                                             \
      *w++ = sum;                                                                                                   \
    }                                                                                                               \
  }

DEFINE_CONVOLUTION(f32, float)
DEFINE_CONVOLUTION(f64, double)

void adj_defined_convolution(uint8_t type, struct adj_convolution sizes, const void *x, const void *w, void *y) {
  if (adj_is_float32(type)) result_f32(sizes, x, w, y);
  else result_f64(sizes, x, w, y);
}

void adj_defined_input_gradient(uint8_t type, struct adj_convolution sizes, const void *y, const void *w, void *x) {
  if (adj_is_float32(type)) input_gradient_f32(sizes, y, w, x);
  else input_gradient_f64(sizes, y, w, x);
}

void adj_defined_kernel_gradient(uint8_t type, struct adj_convolution sizes, const void *x, const void *y, void *w) {
  if (adj_is_float32(type)) kernel_gradient_f32(sizes, x, y, w);
  else kernel_gradient_f64(sizes, x, y, w);
}
