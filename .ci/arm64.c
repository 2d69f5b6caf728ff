// Prints the digests of kernels called from C: those of operations as Tests/BitPatterns has them, and others that are
// compared between processors alone.

#include "include/CKernels.h"
#include "targets.h"
#include "COperations.h"
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

int main(int count, char **arguments) {
  if (count > 1) adj_set_vector_level(atoi(arguments[1]));
  for (int is_float = 1; is_float >= 0; --is_float) {
    operations(is_float), products(is_float), rows(is_float), reductions(is_float), circles(is_float);
  }
}
