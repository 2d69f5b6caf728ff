// Prints the digests of kernels called from C: those of operations as Tests/BitPatterns has them, and others that are
// compared between processors alone.

#include "include/CKernels.h"
#include "targets.h"
#include "COperations.h"
#include "convolutions.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1043 };

static uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// As BitHash.
static uint64_t hash;
static void add(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  hash = mixed((hash ^ (number != number ? 0x7FF8000000000000u : bits)) + 0x9E3779B97F4A7C15u);
}

// As SplitMix64 and OperandKind.
static uint64_t state;
static uint64_t next(void) { return mixed(state += 0x9E3779B97F4A7C15u); }
static double unit(void) { return (double)(next() >> 11) * 0x1p-53; }

static double power_of_two(int n) {
  const uint64_t bits = (uint64_t)(n + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

static double number(int kind, int is_float) {
  switch (kind) {
    case 0: {
      const uint64_t bits = next();
      if (is_float) {
        const uint32_t half = (uint32_t)bits;
        float single;
        memcpy(&single, &half, sizeof single);
        return single;
      }
      double both;
      memcpy(&both, &bits, sizeof both);
      return both;
    }
    case 1: return 40 * unit() - 20;
    case 2: return ((double)(int)(12 * unit()) - 6) * 0.5;
    default: {
      const int exponent = (int)(next() % (is_float ? 100 : 900)) + 20;
      return (2 * unit() - 1) * power_of_two(exponent);
    }
  }
}

static void fill(void *to, int is_float, ptrdiff_t count, int kind, uint64_t seed, double factor) {
  state = seed;
  for (ptrdiff_t i = 0; i < count; ++i) {
    const double value = number(kind, is_float) * factor;
    if (is_float) ((float *)to)[i] = (float)value;
    else ((double *)to)[i] = value;
  }
}

static void add_all(const void *from, int is_float, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; ++i) add(is_float ? (double)((const float *)from)[i] : ((const double *)from)[i]);
}

static void end(const char *name, int is_float) {
  printf("%s.float%s %016llx\n", name, is_float ? "32" : "64", (unsigned long long)hash);
  hash = 0;
}

static void operations(int is_float) {
  static double operands[3][COUNT], output[COUNT];
  const ptrdiff_t sizes[1] = {COUNT}, strides[3] = {1, 1, 1};
  for (int opcode = 0; opcode < ADJ_OPERATION_COUNT; ++opcode) {
    const struct adj_operation_facts facts = adj_facts_of((uint8_t)opcode);
    for (int kind = 0; kind < 4; ++kind) {
      for (int position = 0; position < facts.arity; ++position) {
        fill(operands[position], is_float, COUNT, kind, (uint64_t)position + 1, 1);
        if (opcode != adj_operation_shiftedPower || position != 2) continue;
        for (int i = 0; i < COUNT; ++i) {
          if (is_float) ((float *)operands[2])[i] = (float)(i % 3);
          else operands[2][i] = i % 3;
        }
      }
      const void *const inputs[3] = {operands[0], operands[1], operands[2]};
      const struct adj_layout layout = {.rank = 1, .sizes = sizes, .operands = facts.arity, .strides = strides};
      adj_elementwise((uint16_t)opcode, is_float ? adj_element_float32 : adj_element_float64, layout, inputs, output, 0, COUNT);
      add_all(output, is_float, COUNT);
    }
    end(facts.name, is_float);
  }
}

static void products(int is_float) {
  static double a[70 * 600], b[70 * 600], c[70 * 70], panels[80 * 600];
  const uint8_t type = is_float ? adj_element_float32 : adj_element_float64;
  const ptrdiff_t lanes = is_float ? 16 : 8;
  const ptrdiff_t shapes[4][3] = {{1, 300, 70}, {17, 65, 33}, {70, 520, 1}, {5, 256, 18}};
  for (int s = 0; s < 4; ++s) {
    const ptrdiff_t m = shapes[s][0], k = shapes[s][1], n = shapes[s][2];
    for (int across = 0; across < 4; ++across) {
      const int ta = across & 1, tb = across >> 1;
      fill(a, is_float, m * k, 1, 1, 0.0625), fill(b, is_float, k * n, 1, 2, 0.0625);
      adj_product(type, adj_vector_level(), ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, c, n, 0);
      add_all(c, is_float, m * n);
      adj_pack(type, adj_vector_level(), tb, n, k, b, tb ? k : n, panels, 0, (n + lanes - 1) / lanes);
      adj_product_packed(type, adj_vector_level(), ta, m, n, k, a, ta ? m : k, panels, c, n, 0);
      add_all(c, is_float, m * n);
    }
  }
  end("products-from-c", is_float);
}

static void rows(int is_float) {
  enum { ROWS = 3, COLUMNS = 700 };
  static double x[ROWS * COLUMNS], v[ROWS * COLUMNS], p[ROWS * COLUMNS], output[ROWS * COLUMNS];
  static int32_t labels[ROWS] = {5, 0, 699};
  const uint8_t type = is_float ? adj_element_float32 : adj_element_float64;
  fill(x, is_float, ROWS * COLUMNS, 1, 1, 0.5), fill(v, is_float, ROWS * COLUMNS, 1, 2, 1);
  const void *inputs[3] = {x, labels, labels};
  adj_rows(ADJ_SOFTMAX, type, inputs, p, COLUMNS, 0, ROWS);
  add_all(p, is_float, ROWS * COLUMNS);
  adj_rows(ADJ_LOG_SOFTMAX, type, inputs, output, COLUMNS, 0, ROWS);
  add_all(output, is_float, ROWS * COLUMNS);
  adj_rows(ADJ_LOG_SUM_EXP, type, inputs, output, COLUMNS, 0, ROWS);
  add_all(output, is_float, ROWS);
  adj_rows(ADJ_CROSS_ENTROPY, type, inputs, output, COLUMNS, 0, ROWS);
  add_all(output, is_float, ROWS);
  const void *gradients[2] = {p, v};
  const uint16_t made[] = {ADJ_SOFTMAX_GRADIENT, ADJ_CENTRED, ADJ_LOG_SOFTMAX_GRADIENT};
  for (int i = 0; i < 3; ++i) {
    adj_rows(made[i], type, gradients, output, COLUMNS, 0, ROWS);
    add_all(output, is_float, ROWS * COLUMNS);
  }
  end("rows-from-c", is_float);
}

static void reductions(int is_float) {
  enum { OUTER = 19, INNER = 5000 };
  static double x[OUTER * INNER], output[INNER];
  const uint8_t type = is_float ? adj_element_float32 : adj_element_float64;
  const uint8_t all[] = {ADJ_SUM, ADJ_GREATEST, ADJ_NORM, ADJ_MEAN, ADJ_MEAN_SQUARE};
  for (int kind = 1; kind < 4; kind += 2) {
    fill(x, is_float, OUTER * INNER, kind, 3, kind == 3 ? 1 : 0.0625);
    for (int i = 0; i < 5; ++i) {
      const ptrdiff_t outer[1] = {OUTER}, stride[1] = {INNER};
      const struct adj_reduction along = {.kept_rank = 1, .kept_sizes = outer, .kept_strides = stride,
                                          .inner_size = INNER, .reduced_count = INNER, .inner_reduced = 1};
      adj_reduce(all[i], type, along, x, output, 0, OUTER);
      add_all(output, is_float, OUTER);
      const struct adj_reduction across = {.reduced_rank = 1, .reduced_sizes = outer, .reduced_strides = stride,
                                           .inner_size = INNER, .reduced_count = OUTER};
      adj_reduce(all[i], type, across, x, output, 0, INNER);
      add_all(output, is_float, INNER);
    }
  }
  end("reductions-from-c", is_float);
}

static void circles(int is_float) {
  static double a[COUNT], b[COUNT], output[COUNT];
  const uint8_t type = is_float ? adj_element_float32 : adj_element_float64;
  fill(a, is_float, COUNT, 1, 1, 1), fill(b, is_float, COUNT, 1, 2, 1);
  for (int reversed = 0; reversed < 2; ++reversed) {
    adj_circular_convolution(type, a, b, output, COUNT, 7, 3, reversed, 0, 1);
    add_all(output, is_float, COUNT);
    adj_circular_correlation(type, a, b, output, COUNT, 7, 3, reversed, 0, 1);
    add_all(output, is_float, 7);
  }
  adj_cumulative_sum(type, a, output, COUNT, 1, 0, 0, 1);
  add_all(output, is_float, COUNT);
  adj_dropout(type, a, output, 1.25, 1u << 30, 77, 5, 9, 0, COUNT);
  add_all(output, is_float, COUNT);
  end("others-from-c", is_float);
}

static void convolutions(int is_float) {
  // Batch, channels, filters, groups; along rows and columns image, kernel, result, stride, padding, dilation.
  static const struct adj_convolution cases[] = {
      {2, 40, 37, 1, {6, 3, 6, 1, 1, 1}, {7, 3, 7, 1, 1, 1}},
      {2, 3, 20, 1, {9, 5, 4, 2, 1, 1}, {20, 4, 7, 3, 2, 1}},
      {1, 30, 3, 1, {5, 3, 5, 1, 2, 2}, {33, 3, 33, 1, 2, 2}},
      {2, 19, 19, 19, {18, 3, 18, 1, 1, 1}, {21, 3, 21, 1, 1, 1}},
      {1, 8, 8, 8, {9, 3, 5, 2, 1, 1}, {40, 5, 20, 2, 2, 1}},
      {2, 12, 36, 2, {9, 3, 8, 1, 1, 1}, {15, 2, 14, 1, 0, 1}},
      {2, 300, 18, 1, {5, 1, 5, 1, 0, 1}, {4, 1, 4, 1, 0, 1}},
      {3, 40, 34, 2, {17, 1, 17, 1, 0, 1}, {16, 1, 16, 1, 0, 1}},
  };
  const uint8_t type = is_float ? adj_element_float32 : adj_element_float64;
  const size_t size = is_float ? sizeof(float) : sizeof(double);
  for (size_t number = 0; number < sizeof cases / sizeof cases[0]; ++number) {
    const struct adj_convolution s = cases[number];
    const ptrdiff_t images = s.batch * s.channels * s.rows.image * s.columns.image;
    const ptrdiff_t kernels = s.filters * s.channels / s.groups * s.rows.kernel * s.columns.kernel;
    const ptrdiff_t results = s.batch * s.filters * s.rows.result * s.columns.result;
    const ptrdiff_t counts[3][3] = {
        {images, kernels, results}, {results, kernels, images}, {images, results, kernels}};
    for (enum part part = RESULT; part <= KERNEL_GRADIENT; ++part) {
      const ptrdiff_t *n = counts[part];
      void *a = malloc((size_t)n[0] * size), *b = malloc((size_t)n[1] * size);
      void *output = malloc((size_t)n[2] * size), *defined = malloc((size_t)n[2] * size);
      fill(a, is_float, n[0], 1, number + 1, 0.0625), fill(b, is_float, n[1], 1, number + 2, 0.0625);
      convolve(s, type, part, a, b, output), define(s, type, part, a, b, defined);
      // The comparison of digests fails on such a line.
      if (memcmp(output, defined, (size_t)n[2] * size) != 0) printf("convolution %zu: not as defined\n", number);
      add_all(output, is_float, n[2]);
      free(a), free(b), free(output), free(defined);
    }
  }
  end("convolutions-from-c", is_float);
}

static void pools(int is_float) {
  enum { CHANNELS = 3, HEIGHT = 25, WIDTH = 43, PIXELS = CHANNELS * HEIGHT * WIDTH };
  static double x[PIXELS], u[PIXELS], y[PIXELS], output[PIXELS];
  // Window, stride, padding, along rows and columns.
  static const ptrdiff_t windows[5][6] = {
      {2, 2, 2, 2, 0, 0}, {3, 3, 2, 2, 1, 1}, {3, 2, 1, 3, 1, 0}, {20, 17, 3, 1, 9, 8}, {1, 3, 1, 1, 0, 1}};
  const uint8_t type = is_float ? adj_element_float32 : adj_element_float64;
  for (int kind = 1; kind < 4; ++kind) {
    // Halves are often equal, so that several pixels of a window are its greatest.
    fill(x, is_float, PIXELS, kind, 1, 1), fill(u, is_float, PIXELS, 1, 2, 0.0625);
    for (int w = 0; w < 5; ++w) {
      const ptrdiff_t *n = windows[w];
      struct adj_pool pool = {
          .height = HEIGHT, .width = WIDTH, .result_height = (HEIGHT + 2 * n[4] - n[0]) / n[2] + 1,
          .result_width = (WIDTH + 2 * n[5] - n[1]) / n[3] + 1, .window_height = n[0], .window_width = n[1],
          .row_stride = n[2], .column_stride = n[3], .row_padding = n[4], .column_padding = n[5]};
      const ptrdiff_t results = CHANNELS * pool.result_height * pool.result_width;
      adj_pool_maximum(type, pool, x, y, 0, CHANNELS);
      add_all(y, is_float, results);
      adj_pool_maximum_gradient(type, pool, u, x, output, 0, CHANNELS);
      add_all(output, is_float, PIXELS);
      adj_pool_maximum_selection(type, pool, u, x, output, 0, CHANNELS);
      add_all(output, is_float, results);
      for (pool.counts_padding = 0; pool.counts_padding < 2; ++pool.counts_padding) {
        adj_pool_mean(type, pool, x, output, 0, CHANNELS);
        add_all(output, is_float, results);
        adj_pool_mean_gradient(type, pool, u, output, 0, CHANNELS);
        add_all(output, is_float, PIXELS);
      }
    }
    for (ptrdiff_t radius = 0; radius < 40; radius += 13) {
      adj_channel_window_sum(type, CHANNELS * HEIGHT, WIDTH, radius, x, output, 0, CHANNELS * HEIGHT);
      add_all(output, is_float, PIXELS);
    }
  }
  end("pools-from-c", is_float);
}

int main(int count, char **arguments) {
  if (count > 1) adj_set_vector_level(atoi(arguments[1]));
  for (int is_float = 1; is_float >= 0; --is_float) {
    operations(is_float), products(is_float), rows(is_float), reductions(is_float), circles(is_float);
    convolutions(is_float), pools(is_float);
  }
}
