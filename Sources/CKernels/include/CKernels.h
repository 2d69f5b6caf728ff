#pragma once

// Loops over raw buffers. They know no graph and no thread, allocate nothing and never fail: who calls them has checked
// shapes, and indices where no result says which of them is out of range. A `type` is 0 for float, 1 for double, 2 for
// int32_t. Sizes and strides count elements. Where an output may be the same memory as an input, it says so; otherwise
// buffers do not overlap.

#include <stddef.h>
#include <stdint.h>

#include "CConvolution.h"
#include "COperations.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// A `type` is an `adj_element_type`. Functions that compute take those of kind ARITHMETIC alone; those that say so
// take int32 besides.

/// Which of the two types that are computed with it is; any other would be taken for one of them.
static inline int adj_is_float32(uint8_t type) {
  if (type != adj_element_float32 && type != adj_element_float64) __builtin_trap();
  return type == adj_element_float32;
}

/// How each operand is laid over the output: `strides` holds `rank` strides for each operand, 0 where it is repeated.
struct adj_layout {
  ptrdiff_t rank, operands;
  const ptrdiff_t *sizes, *strides;
};

/// output[i] = operation(inputs...[i]), by its opcode, for begin <= i < end over the flat output, which may be the memory of an input
/// that is laid out like it.
void adj_elementwise(uint16_t operation, uint8_t type, struct adj_layout layout, const void *_Nonnull const *_Nonnull inputs,
                     void *output, ptrdiff_t begin, ptrdiff_t end);

/// The most that a chain reads and computes, and how far its splices may shift what it computes, in all.
enum { ADJ_CHAIN_OPERANDS = 48, ADJ_CHAIN_OPERATIONS = 256, ADJ_CHAIN_REACH = 16 };  // Decisions/Rewriting.md

/// One operation of a chain, on values by number: the chain's operands, then the result of each operation. `place` is
/// the number of an output, or ~t for temporary t, of which the chain has as many as it needs at once. Operands that
/// the operation does not have are any value.
struct adj_chain_operation {
  uint16_t operation;
  int16_t place;
  uint16_t a, b, c;
};

/// The operation that puts a value together from the `b` pieces that begin with piece `a`, and has 0 elsewhere. Its
/// place is a temporary.
enum : uint16_t { ADJ_CHAIN_SPLICE = 0x100 };

/// Elements begin <= i < end of a splice are elements i - shift of `value`.
struct adj_chain_piece {
  ptrdiff_t begin, end, shift;
  uint16_t value;
};

/// How many elements before and after a block a value is needed for besides, ADJ_CHAIN_REACH at most.
struct adj_chain_extent {
  uint16_t before, after;
};

/// An operand that is rows of a table: `columns` elements each, those of its `rows` rows that the operand `indices`, of
/// int32_t, names one after the other. Operations do not read the indices.
struct adj_chain_gather {
  uint16_t operand, indices;
  ptrdiff_t rows, columns;
};

/// How a chain reads: operand o from element `offsets[o]` of its memory on. `gathers` are those operands that are rows
/// of a table, `pieces` those of its splices. `extents` has an entry for each value, or is null if none is needed
/// around a block; outputs are not, and operands that are have the chain's shape, or are gathered, or one element.
struct adj_chain_reading {
  struct adj_layout layout;
  const ptrdiff_t *offsets;
  const struct adj_chain_gather *_Nullable gathers;
  ptrdiff_t gather_count;
  const struct adj_chain_piece *_Nullable pieces;
  const struct adj_chain_extent *_Nullable extents;
};

/// A chain: what it reads and what it does to that. `in_place` if each operand lies like the outputs, from its first
/// element on, and nothing is needed around a block.
struct adj_chain_code {
  struct adj_chain_reading reading;
  const struct adj_chain_operation *operations;
  ptrdiff_t operation_count, temporary_count;
  int32_t in_place;
};

/// Which operand of a chain an index that names no row belongs to, and where it stands; operand -1 if every index names
/// one.
struct adj_chain_fault {
  ptrdiff_t operand, position;
};

/// For begin <= i < end over the flat outputs: carries out the operations in order, up to the first block with an index
/// that names no row. An output may be the memory of an operand that is laid out like it, if no operation after the one
/// that writes it reads that operand.
struct adj_chain_fault adj_chain(uint8_t type, const struct adj_chain_code *chain,
                                 const void *_Nonnull const *_Nonnull inputs, void *_Nonnull const *_Nonnull outputs,
                                 ptrdiff_t begin, ptrdiff_t end);

/// Code of the scalar machine is a sequence of runs of one operation. A run is a head, ADJ_SCALAR_HEAD(opcode, form,
/// count), and the slab's elements that it reads: all first operands, all second ones, all third ones. Its results lie
/// next to one another, right behind those of the run before it; it reads none of them.
enum {
  ADJ_SCALAR_RUN = 0,
  /// A run of one gate, and one of which operands are the results of the single before it or of the one before that,
  /// and are left out.
  ADJ_SCALAR_SINGLE = 1, ADJ_SCALAR_A_IS_LAST = 2, ADJ_SCALAR_B_IS_LAST = 3, ADJ_SCALAR_A_IS_BEFORE = 4,
  ADJ_SCALAR_LAST_AND_BEFORE = 5, ADJ_SCALAR_BEFORE_AND_LAST = 6,
  /// So many gates of an operation of two operands, each done on the result of the single before it. Their other
  /// operands follow.
  ADJ_SCALAR_SERIES = 7,
  /// Shorter runs than this are written as singles.
  ADJ_SCALAR_SHORTEST_RUN = 4,
  /// In place of an opcode: so many lines of 64 bytes of the slab will be read soon. Their numbers follow.
  ADJ_SCALAR_FETCH = ADJ_OPERATION_COUNT,
};

/// A head from its lowest bit on: the form, the opcode, and the count. Opcode and form together are its kind: the kinds
/// of all operations lie next to one another, however many bits an opcode has.
enum { ADJ_SCALAR_FORM_BITS = 3, ADJ_SCALAR_KIND_BITS = ADJ_SCALAR_FORM_BITS + ADJ_OPCODE_BITS };
#define ADJ_SCALAR_KIND(OPCODE, FORM) ((uint32_t)(OPCODE) << ADJ_SCALAR_FORM_BITS | (uint32_t)(FORM))
#define ADJ_SCALAR_HEAD(OPCODE, FORM, COUNT) (ADJ_SCALAR_KIND(OPCODE, FORM) | (uint32_t)(COUNT) << ADJ_SCALAR_KIND_BITS)

/// Carries out `words` of code; element `first_result` of the slab is the first to be written.
void adj_scalars(uint8_t type, const uint32_t *code, ptrdiff_t words, void *slab, ptrdiff_t first_result);

/// output[i] = input[offset of i] for begin <= i < end, elements of 1, 2, 4 or 8 bytes. `output` points at
/// element `begin`, `input` at element 0.
void adj_strided_copy(ptrdiff_t element_size, struct adj_layout layout, const void *input, void *output,
                      ptrdiff_t begin, ptrdiff_t end);

enum : uint8_t {
  ADJ_SUM = 0,
  ADJ_GREATEST = 1,
  ADJ_MEAN = 2,
  /// The root of the sum of squares, and their mean.
  ADJ_NORM = 3,
  ADJ_MEAN_SQUARE = 4,
  /// The norm where it and its sum of squares are ordinary numbers; else minus the norm times a power of two.
  ADJ_SCALED_NORM = 5,
  /// The mean of squares where their sum is a number; else minus the mean, times a power of two.
  ADJ_SCALED_MEAN_SQUARE = 6,
};

/// A tensor seen as kept and reduced axes, outer to inner, without the innermost axis of the input (`inner_size`
/// elements next to one another), which is itself reduced if `inner_reduced`, and kept if not.
struct adj_reduction {
  ptrdiff_t kept_rank, reduced_rank;
  const ptrdiff_t *kept_sizes, *kept_strides, *reduced_sizes, *reduced_strides;
  ptrdiff_t inner_size, reduced_count;
  int32_t inner_reduced;
};

/// Reduces to the output elements begin <= i < end.
void adj_reduce(uint8_t operation, uint8_t type, struct adj_reduction plan, const void *input, void *output,
                ptrdiff_t begin, ptrdiff_t end);

/// Elements of a leaf: a row that is longer is reduced in leaves, each row in as many as it takes.
enum { ADJ_LEAF = 4096 };  // Decisions/Sums.md

/// Reduces the leaves begin <= l < end of rows of `columns` elements, counted through all rows, to one element each, of
/// which ADJ_MEAN wants the sums divided by ADJ_LEAF, norms and mean squares the squares' sums in a form that holds
/// any of them; and those of the rows begin <= r < end to the results. Together they give the bits of
/// `adj_reduce` along the innermost axis, but of a mean that is no normal number.
void adj_reduce_leaves(uint8_t operation, uint8_t type, ptrdiff_t columns, const void *input, void *output,
                       ptrdiff_t begin, ptrdiff_t end);
void adj_join_leaves(uint8_t operation, uint8_t type, ptrdiff_t columns, const void *input, void *output,
                     ptrdiff_t begin, ptrdiff_t end);

/// The longest row that ends a chain whole.
enum { ADJ_CHAIN_ROW = ADJ_LEAF };  // Decisions/Sums.md

/// What ends a chain: output `source` reduced row by row, or leaf by leaf if rows are longer than ADJ_CHAIN_ROW. It is
/// one of the `stored` outputs, or the one after them, which has no memory. `plan` is that of ADJ_CHAIN_ROW / columns
/// rows next to one another, and not looked at for leaves.
struct adj_chain_tail {
  uint8_t operation;
  ptrdiff_t columns, source, stored;
  struct adj_reduction plan;
};

/// As `adj_chain`, for the elements of the rows, or leaves, begin <= r < end; after the stored outputs comes the
/// reduced result.
struct adj_chain_fault adj_chain_reduction(
    uint8_t type, const struct adj_chain_code *chain, const void *_Nonnull const *_Nonnull inputs,
    void *_Nonnull const *_Nonnull outputs, struct adj_chain_tail tail, ptrdiff_t begin, ptrdiff_t end);

/// output[i] = (inputs[0][i] + inputs[1][i]) + inputs[2][i] ...; the output may be the memory of inputs[0]. Of int32,
/// too, wrapping around.
void adj_accumulate(uint8_t type, const void *_Nonnull const *_Nonnull inputs, ptrdiff_t count, void *output, ptrdiff_t begin,
                    ptrdiff_t end);

/// output[i] = input[i] + 0 for 0 <= i < count, of floats: −0 becomes 0.
void adj_add_zero(uint8_t type, const void *input, void *output, ptrdiff_t count);

/// Running sums, of `adj_running_sum_bytes` each and all bytes 0 at first, to which rows of `count` elements are added;
/// and what they have come to. Rounding errors do not grow with the number of rows.
ptrdiff_t adj_running_sum_bytes(uint8_t type);
void adj_add_running(uint8_t type, const void *source, void *sums, ptrdiff_t count);
void adj_end_running(uint8_t type, const void *sums, void *target, ptrdiff_t count);

/// Kinds of vectors, by their bits, that matrices are multiplied with; each gives the same bits as any other.
enum : int32_t { ADJ_VECTORS_PLAIN, ADJ_VECTORS_128, ADJ_VECTORS_256, ADJ_VECTORS_512 };

/// What kernels use: what this processor does best, or the less that the environment's `ADJOINT_VECTOR` asks for,
/// `avx2` or `plain`, unless one was set.
int32_t adj_vector_level(void);

/// Whether this processor can do it.
int32_t adj_has_vector_level(int32_t level);

/// Computes with these vectors from now on, or with those of `adj_vector_level` again if the processor has not got
/// them. Calls under way end with either.
void adj_set_vector_level(int32_t level);

/// C (m × n, `ldc` elements a row) = A · B, or C + A · B if `accumulate`; A and B are read transposed on request.
/// Bits are as `Products/product.h` defines them, at any level that the processor has.
void adj_product(uint8_t type, int32_t level, int32_t transpose_a, int32_t transpose_b, ptrdiff_t m, ptrdiff_t n,
                 ptrdiff_t k, const void *a, ptrdiff_t lda, const void *b, ptrdiff_t ldb, void *c, ptrdiff_t ldc,
                 int32_t accumulate);

/// As `adj_product`, where B has been packed by `adj_pack`: its panels one behind the other, of k rows each. The same
/// bits. `panels` may begin with any of them: C then begins with its first column.
void adj_product_packed(uint8_t type, int32_t level, int32_t transpose_a, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                        const void *a, ptrdiff_t lda, const void *panels, void *c, ptrdiff_t ldc, int32_t accumulate);

/// Columns of B in a panel: elements in 64 bytes, whatever the processor's vectors.
enum { ADJ_PANEL_BYTES = 64 };

/// Packs the panels first <= p < end of B, of k × n elements, or n × k if `transpose`, `ldb` elements a row: ⌈n /
/// lanes⌉ panels of k rows of ADJ_PANEL_BYTES each, the columns of B beside one another, and zeros beside the last of
/// them. `b` and `panels` are those of the first column.
void adj_pack(uint8_t type, int32_t level, int32_t transpose, ptrdiff_t n, ptrdiff_t k, const void *b, ptrdiff_t ldb,
              void *panels, ptrdiff_t first, ptrdiff_t end);

/// y[i] = sum over j of matrix[i][j] · x[j], for products with a vector beside a library: matrix rows `row_stride` apart,
/// its columns `column_stride`, one of which is 1, x and y elements `x_stride` and `y_stride`. The sum is one of 64
/// lanes where a row is contiguous, and of its terms in order where columns are.
void adj_matrix_vector(uint8_t type, ptrdiff_t rows, ptrdiff_t columns, const void *matrix, ptrdiff_t row_stride,
                       ptrdiff_t column_stride, const void *x, ptrdiff_t x_stride, void *y, ptrdiff_t y_stride);

/// Opcodes of row operations, in the order of `RowOperation`, with what they read and make a row; x are logits.
enum : uint16_t {
  ADJ_SOFTMAX,                 // x: p[i] = e^x[i] / sum of e^x
  ADJ_LOG_SOFTMAX,             // x: x[i] - ln sum of e^x
  ADJ_LOG_SUM_EXP,             // x: one element, ln sum of e^x
  ADJ_CROSS_ENTROPY,           // x, a label: one element, ln sum of e^x - x[label]
  ADJ_CROSS_ENTROPY_GRADIENT,  // one element u, x, a label: u * (p[i] - (i == label)), 0 where u is 0
  ADJ_SOFT_CROSS_ENTROPY,      // x, t: one element, the sum of t * (ln sum of e^x - x), 0 where t is 0
  ADJ_SOFTMAX_GRADIENT,        // p, v: p[i] * (v[i] - mean of v), of which the row is 0 where v is
  ADJ_CENTRED,                 // p, v: v[i] - mean of v, likewise
  ADJ_LOG_SOFTMAX_GRADIENT,    // p, v: v[i] - p[i] * sum of v, likewise
  ADJ_ENTRY_LOSS,              // x, one number k for all rows: one element, ln sum of e^x - x[k]
  ADJ_ENTRY_LOG_PROBABILITY,   // x, one number k for all rows: one element, x[k] - ln sum of e^x
};

/// Rows begin <= r < end of an operation, `columns` elements each. Means of v are taken with the weights p / sum of p.
/// The output of an operation that makes rows may be the memory of any input of rows.
///
/// Answers the first row whose label is out of range, or -1.
ptrdiff_t adj_rows(uint16_t operation, uint8_t type, const void *_Nonnull const *_Nonnull inputs, void *output,
                   ptrdiff_t columns, ptrdiff_t begin, ptrdiff_t end);

/// A tensor as `length` elements along one axis, `inner` elements apart. Lane l, the elements with l / inner in front
/// of the axis and l % inner behind it, is summed up: output[k] = input[0] + … + input[k], one after the other, or
/// from the other end if `from_the_end`. The output may be the memory of the input.
void adj_cumulative_sum(uint8_t type, const void *input, void *output, ptrdiff_t length, ptrdiff_t inner,
                        int32_t from_the_end, ptrdiff_t begin, ptrdiff_t end);

/// indices[l] = where along lane l its greatest element stands: the first of equal ones, the first NaN if there is one.
void adj_argmax(uint8_t type, const void *input, int32_t *indices, ptrdiff_t length, ptrdiff_t inner, ptrdiff_t begin,
                ptrdiff_t end);

/// Row r of the output, of `n` elements in a circle: y[i] = sum over j < taps of b[j] · a[i - (j - origin)], from j =
/// 0 on; i + (j - origin) instead if `reversed`.
void adj_circular_convolution(uint8_t type, const void *a, const void *b, void *output, ptrdiff_t n, ptrdiff_t taps,
                              ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end);

/// Row r of the output, of `taps` elements: y[j] = sum over i < n of u[i] · a[i - (j - origin)], or of
/// a[i + (j - origin)] if `reversed`; pairwise over blocks of i.
void adj_circular_correlation(uint8_t type, const void *a, const void *u, void *output, ptrdiff_t n, ptrdiff_t taps,
                              ptrdiff_t origin, int32_t reversed, ptrdiff_t begin, ptrdiff_t end);

/// output[i] = input[i] · scale where word i of a stream of random words is at least `threshold`, else 0, for
/// begin <= i < end; `begin` is a multiple of 4. Words 4k to 4k + 3 are Philox 4x32-10 of the counter
/// (k, k >> 32, step, stream) under the key `seed`. The output may be the memory of the input.
void adj_dropout(uint8_t type, const void *input, void *output, double scale, uint32_t threshold, uint64_t seed,
                 uint32_t stream, uint32_t step, ptrdiff_t begin, ptrdiff_t end);

/// Elementary functions of one number, to the bits that kernels of doubles give.
double adj_cosine(double x);
double adj_power(double x, double y);

/// output[i] = input[i] as an element of type `to`, for begin <= i < end, as CElementCasts.h says. The types are
/// any two; input and output share no memory.
void adj_cast(uint8_t from, uint8_t to, const void *input, void *output, ptrdiff_t begin, ptrdiff_t end);

/// `value` as an element of `type` has it.
double adj_rounded(uint8_t type, double value);

/// target[begin..<end] = value, as an element of any type.
void adj_fill(uint8_t type, double value, void *target, ptrdiff_t begin, ptrdiff_t end);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
