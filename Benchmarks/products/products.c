// Times matrix products of this package and of libraries in turns, in one process; or the multiply-add peak beside one.
//
//   products table name=path=symbol …   shapes on the standard input: transposeA transposeB m n k
//   products rows name=path=symbol …    how many elements of a product's first rows depend on how many rows there are
//   products panels                     the same shapes: B where it lies, packed beforehand, and packed each time
//   products peak                       GFLOP/s of multiply-adds in registers, and of 128 × 784 × 512
//   products shares                     the same shapes: GFLOP/s, and those of multiply-adds in registers
//
// A library is opened by itself, so that none calls another's functions.

#define _GNU_SOURCE
#include "product.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void (*cblas_function)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *,
                               int);
typedef int (*dnnl_function)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                             float, float *, int64_t);

/// A library's product, or, without either function, ours.
struct library {
  const char *name;
  cblas_function cblas;
  dnnl_function dnnl;
};

struct shape { int transpose_a, transpose_b, m, n, k; };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static float *a, *b, *c;

static void multiply(const struct library *library, const struct shape *s) {
  const int lda = s->transpose_a ? s->m : s->k, ldb = s->transpose_b ? s->k : s->n;
  if (library->cblas) {
    library->cblas(101, s->transpose_a ? 112 : 111, s->transpose_b ? 112 : 111, s->m, s->n, s->k, 1, a, lda, b, ldb, 0, c,
                   s->n);
  } else if (library->dnnl) {
    library->dnnl(s->transpose_a ? 'T' : 'N', s->transpose_b ? 'T' : 'N', s->m, s->n, s->k, 1, a, lda, b, ldb, 0, c, s->n);
  } else {
    adj_product(0, adj_vector_level(), s->transpose_a, s->transpose_b, s->m, s->n, s->k, a, lda, b, ldb, c, s->n, 0);
  }
}

/// Seconds a product, the mean of as many as take about a third of a millisecond.
static double sample(const struct library *library, const struct shape *s, int count) {
  const double start = now();
  for (int i = 0; i < count; ++i) multiply(library, s);
  return (now() - start) / count;
}

static double operations(const struct shape *s) { return 2. * s->m * s->n * s->k; }

/// Samples of ours, and products a sample, so that one takes about so many seconds.
enum { SAMPLES = 40 };
static int count_for(const struct shape *s) {
  const struct library ours = {"ours", NULL, NULL};
  multiply(&ours, s);
  const double once = sample(&ours, s, 1);
  return once > 3e-4 ? 1 : (int)(3e-4 / once) + 1;
}

static void table(struct library *libraries, int library_count) {
  struct shape s;
  while (scanf("%d %d %d %d %d", &s.transpose_a, &s.transpose_b, &s.m, &s.n, &s.k) == 5) {
    const int count = count_for(&s);
    double best[16];
    for (int l = 0; l < library_count; ++l) (multiply(&libraries[l], &s), best[l] = 1e9);
    for (int turn = 0; turn < SAMPLES; ++turn) {
      for (int l = 0; l < library_count; ++l) {
        const double taken = sample(&libraries[l], &s, count);
        if (taken < best[l]) best[l] = taken;
      }
    }
    for (int l = 0; l < library_count; ++l) printf("%s%.2f", l ? " " : "", operations(&s) / best[l] * 1e-9);
    printf("\n");
    fflush(stdout);
  }
}

// Products of a packed B, beside those of B where it lies.

static float *panels;

static void pack(const struct shape *s) {
  adj_pack(0, adj_vector_level(), s->transpose_b, s->n, s->k, b, s->transpose_b ? s->k : s->n, panels, 0,
           (s->n + 15) / 16);
}

static void multiply_panels(const struct shape *s) {
  adj_product_packed(0, adj_vector_level(), s->transpose_a, s->m, s->n, s->k, a, s->transpose_a ? s->m : s->k, panels, c,
                     s->n, 0);
}

/// GFLOP/s of each shape where B lies, of panels and with the packing, and nanoseconds an element of packing alone.
static void panel_table(void) {
  const struct library ours = {"ours", NULL, NULL};
  struct shape s;
  while (scanf("%d %d %d %d %d", &s.transpose_a, &s.transpose_b, &s.m, &s.n, &s.k) == 5) {
    const int count = count_for(&s);
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    pack(&s);
    for (int turn = 0; turn < SAMPLES; ++turn) {
      for (int kind = 0; kind < 4; ++kind) {
        const double start = now();
        for (int i = 0; i < count; ++i) {
          if (kind >= 2) pack(&s);
          if (kind == 0) multiply(&ours, &s);
          if (kind == 1 || kind == 2) multiply_panels(&s);
        }
        const double taken = (now() - start) / count;
        if (taken < best[kind]) best[kind] = taken;
      }
    }
    for (int kind = 0; kind < 3; ++kind) printf("%.2f ", operations(&s) / best[kind] * 1e-9);
    printf("%.4f\n", best[3] * 1e9 / s.n / s.k);
    fflush(stdout);
  }
}

// What a batch of fewer rows changes: elements of the first m rows that differ from those of a product of 128 rows.

static void rows(struct library *libraries, int library_count) {
  static const int sizes[][2] = {{784, 512}, {512, 10}}, counts[] = {1, 2, 3, 8, 17, 64};
  uint32_t state = 1;
  for (int i = 0; i < 784 * 512; ++i) {
    state = state * 1664525 + 1013904223;
    (a[i] = (float)(int32_t)state * 0x1p-31f, b[784 * 512 - 1 - i] = a[i]);
  }
  for (int number = 0; number < 2; ++number) {
    struct shape s = {0, 0, 128, sizes[number][1], sizes[number][0]};
    for (int l = 0; l < library_count; ++l) {
      float *const whole = c, *const part = c + 128 * s.n;
      s.m = 128;
      multiply(&libraries[l], &s);
      for (int m = 0; m < 6; ++m) {
        s.m = counts[m];
        c = part;
        multiply(&libraries[l], &s);
        c = whole;
        int different = 0;
        for (int i = 0; i < s.m * s.n; ++i) different += memcmp(whole + i, part + i, sizeof(float)) != 0;
        printf("%s%.4f", m ? " " : "", 100. * different / (s.m * s.n));
      }
      printf("\n");
    }
  }
}

// The peak: chains of multiply-adds in as many registers as a tile's sums take, by the widest vectors there are.

#define PEAK(NAME, TARGET, BYTES, CHAINS, REGISTER)                                                \
  TARGET static double NAME(void) {                                                                \
    typedef float lanes __attribute__((ext_vector_type(BYTES / 4)));                               \
    lanes sums[CHAINS], x = (lanes)0.999f;                                                         \
    for (int i = 0; i < CHAINS; ++i) sums[i] = (lanes)(float)i;                                    \
    const int rounds = 20000;                                                                      \
    const double start = now();                                                                    \
    for (int r = 0; r < rounds; ++r) {                                                             \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; ++i)                          \
          sums[i] = __builtin_elementwise_fma(sums[i], x, x);                                      \
      __asm__ volatile("" : "+" REGISTER(x));                                                      \
    }                                                                                              \
    const double taken = now() - start;                                                            \
    float sum = 0;                                                                                 \
    for (int i = 0; i < CHAINS; ++i) sum += sums[i][0];                                            \
    c[0] = sum;                                                                                    \
    return 2. * CHAINS * (BYTES / 4) * rounds / taken * 1e-9;                                      \
  }
#if defined(__x86_64__)
PEAK(peak_512, __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq"))), 64, 24, "v")
PEAK(peak_256, __attribute__((target("avx2,fma"))), 32, 12, "v")
#elif defined(__aarch64__)
PEAK(peak_128, , 16, 24, "w")
#endif

static double peak(void) {
  switch (adj_vector_level()) {
#if defined(__x86_64__)
    case ADJ_VECTORS_512: return peak_512();
    case ADJ_VECTORS_256: return peak_256();
#elif defined(__aarch64__)
    case ADJ_VECTORS_128: return peak_128();
#endif
    default: return 0;
  }
}

static int watch(void) {
  const struct library ours = {"ours", NULL, NULL};
  const struct shape s = {0, 0, 128, 512, 784};
  double best = 1e9, most = 0;
  for (int turn = 0; turn < 50; ++turn) {
    const double one = peak(), taken = sample(&ours, &s, 1);
    if (one > most) most = one;
    if (taken < best) best = taken;
  }
  if (most == 0) {
    printf("this processor has no vectors with fused multiply-adds: nothing to compare\n");
    return 0;
  }
  const double speed = operations(&s) / best * 1e-9, share = speed / most;
  printf("multiply-adds in registers: %.0f GFLOP/s; 128 x 784 x 512: %.0f GFLOP/s, %.0f %% of it\n", most, speed,
         100 * share);
  if (share < 0.7) {
    printf("a product reaches less than 70 %% of what the processor can do\n");
    return 1;
  }
  return 0;
}

/// GFLOP/s of each shape, and of multiply-adds in registers in turns with it, each at its best: a busy neighbour takes
/// little from what reads no memory.
static void shares(void) {
  const struct library ours = {"ours", NULL, NULL};
  struct shape s;
  while (scanf("%d %d %d %d %d", &s.transpose_a, &s.transpose_b, &s.m, &s.n, &s.k) == 5) {
    const int count = count_for(&s);
    double best = 1e9, most = 0;
    for (int turn = 0; turn < SAMPLES; ++turn) {
      const double one = peak(), taken = sample(&ours, &s, count);
      if (one > most) most = one;
      if (taken < best) best = taken;
    }
    printf("%.2f %.2f\n", operations(&s) / best * 1e-9, most);
    fflush(stdout);
  }
}

int main(int argument_count, char **arguments) {
  const size_t count = (size_t)1 << 22;
  a = aligned_alloc(64, 4 * count), b = aligned_alloc(64, 4 * count), c = aligned_alloc(64, 4 * count);
  if (!a || !b || !c) return 2;
  for (size_t i = 0; i < count; ++i) (a[i] = (float)(i % 17) * 0.01f, b[i] = (float)(i % 13) * 0.01f, c[i] = 0);
  if (argument_count == 2 && strcmp(arguments[1], "peak") == 0) return watch();
  if (argument_count == 2 && strcmp(arguments[1], "shares") == 0) {
    shares();
    return 0;
  }
  if (argument_count == 2 && strcmp(arguments[1], "panels") == 0) {
    panels = aligned_alloc(64, 4 * count);
    if (!panels) return 2;
    panel_table();
    return 0;
  }
  const int is_table = argument_count >= 2 && strcmp(arguments[1], "table") == 0;
  if (argument_count < 2 || argument_count > 17 || (!is_table && strcmp(arguments[1], "rows") != 0)) {
    fprintf(stderr, "usage: products peak|shares|panels | products table|rows name=path=symbol ...\n");
    return 2;
  }
  struct library libraries[16] = {{"ours", NULL, NULL}};
  int library_count = 1;
  for (int i = 2; i < argument_count; ++i) {
    const char *name = strtok(arguments[i], "="), *path = strtok(NULL, "="), *symbol = strtok(NULL, "=");
    void *handle = path && symbol ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *function = handle ? dlsym(handle, symbol) : NULL;
    if (!function) {
      fprintf(stderr, "%s: %s\n", name, dlerror());
      return 2;
    }
    libraries[library_count].name = name;
    if (strcmp(symbol, "dnnl_sgemm") == 0) libraries[library_count].dnnl = (dnnl_function)function;
    else libraries[library_count].cblas = (cblas_function)function;
    ++library_count;
  }
  (is_table ? table : rows)(libraries, library_count);
  return 0;
}
