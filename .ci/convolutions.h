// Convolutions from C: how one is laid out and worked in, as Sources/Kernels/Convolutions decides it in Swift.

#include "include/CKernels.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_TAPS = 64, MOST_CLASSES = 16 };
enum part { RESULT, INPUT_GRADIENT, KERNEL_GRADIENT };

struct plan {
  struct adj_convolution sizes;
  uint8_t type;
  int lanes, is_depthwise, is_pointwise;
  struct adj_planes image_planes, upstream_planes;
  struct adj_panels kernels, turned, upstream, image_panels;
  struct adj_tap_sum result, input;
  struct adj_kernel_gradient gradient;
  struct adj_pointwise pointwise;
  ptrdiff_t row_phases[MOST_TAPS], column_phases[MOST_TAPS], row_ahead, column_ahead;
  ptrdiff_t offsets[MOST_TAPS], places[MOST_TAPS], turned_offsets[MOST_TAPS], turned_places[MOST_TAPS];
  ptrdiff_t *turned_columns;
  struct adj_tap_range ranges[MOST_TAPS], turned_ranges[MOST_TAPS];
  struct adj_tap_class whole, classes[MOST_CLASSES];
};

static ptrdiff_t at_most(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t pieces(ptrdiff_t count, ptrdiff_t length) { return (count + length - 1) / length; }

/// The i in 0 ..< count for which i * stride + shift lies in 0 ..< extent.
static void within(ptrdiff_t stride, ptrdiff_t shift, ptrdiff_t extent, ptrdiff_t count, ptrdiff_t *begin,
                   ptrdiff_t *end) {
  *end = shift < extent ? at_most(pieces(extent - shift, stride), count) : 0;
  *begin = at_most(shift < 0 ? pieces(-shift, stride) : 0, *end);
}

/// The remainders by the stride that elements of the kernel leave, ascending.
static int phases(const struct adj_convolution_axis *axis, ptrdiff_t *to) {
  int count = 0;
  for (ptrdiff_t phase = 0; phase < axis->stride; ++phase) {
    ptrdiff_t k = 0;
    while (k < axis->kernel && k * axis->dilation % axis->stride != phase) ++k;
    if (k < axis->kernel) to[count++] = phase;
  }
  return count;
}

static ptrdiff_t number_of(const ptrdiff_t *phases, ptrdiff_t phase) {
  ptrdiff_t number = 0;
  while (phases[number] != phase) ++number;
  return number;
}

/// How far ahead the results are that read pixels: at least so far, and over so many.
static ptrdiff_t readers(const struct adj_convolution_axis *axis, ptrdiff_t *least) {
  ptrdiff_t most = -(1 << 30);
  *least = 1 << 30;
  for (ptrdiff_t pixel = 0; pixel < at_most(axis->stride, axis->image); ++pixel) {
    for (ptrdiff_t k = 0; k < axis->kernel; ++k) {
      const ptrdiff_t distance = pixel + axis->padding - k * axis->dilation;
      if (distance % axis->stride) continue;
      *least = at_most(*least, distance / axis->stride);
      if (distance / axis->stride > most) most = distance / axis->stride;
    }
  }
  return most - *least + 1;
}

static int is_of_lines(const struct plan *plan, ptrdiff_t results) { return 2 * results <= plan->lanes; }

static void cut(const struct plan *plan, struct adj_tap_sum *sum) {
  const int is_lines = is_of_lines(plan, sum->results), tile = is_lines ? plan->lanes : 14;
  const ptrdiff_t rows = sum->classes[0].rows, columns = sum->classes[0].columns, tiles = pieces(columns, tile);
  sum->runs_on = pieces((rows - 1) * sum->pitch + columns, tile) < rows * tiles + is_lines;
  const ptrdiff_t band = is_lines ? 1024 : 112;
  sum->band = at_most(rows, is_lines || sum->runs_on ? pieces(band, sum->pitch) : pieces(4, tiles));
  sum->bands = pieces(rows, sum->band);
}

static int holds_all(const struct adj_tap_range *range, ptrdiff_t rows, ptrdiff_t columns) {
  return range->top == 0 && range->bottom == rows && range->left == 0 && range->right == columns;
}

/// The classes of pixels, of which each is read through other elements of the kernel.
static void make_classes(struct plan *plan, ptrdiff_t own, ptrdiff_t filters) {
  const struct adj_convolution_axis *y = &plan->sizes.rows, *x = &plan->sizes.columns;
  const ptrdiff_t size = y->kernel * x->kernel;
  ptrdiff_t count = 0, classes = 0;
  int has_room = 0;
  ptrdiff_t *column_to = plan->turned_columns = malloc((size_t)(filters * size) * sizeof(ptrdiff_t));
  for (ptrdiff_t top = 0; top < at_most(y->stride, y->image); ++top) {
    for (ptrdiff_t left = 0; left < at_most(x->stride, x->image); ++left) {
      const ptrdiff_t rows = pieces(y->image - top, y->stride), columns = pieces(x->image - left, x->stride);
      const ptrdiff_t first = count;
      for (ptrdiff_t tap = 0; tap < size; ++tap) {
        const ptrdiff_t down = top + y->padding - tap / x->kernel * y->dilation;
        const ptrdiff_t across = left + x->padding - tap % x->kernel * x->dilation;
        if (down % y->stride || across % x->stride) continue;
        const ptrdiff_t row = down / y->stride, column = across / x->stride;
        plan->turned_places[count] = tap;
        plan->turned_offsets[count] =
            (row - plan->row_ahead) * plan->upstream_planes.pitch + column - plan->column_ahead;
        struct adj_tap_range *range = &plan->turned_ranges[count++];
        within(1, row, y->result, rows, &range->top, &range->bottom);
        within(1, column, x->result, columns, &range->left, &range->right);
        has_room |= !holds_all(range, rows, columns);
      }
      for (ptrdiff_t f = 0; f < filters; ++f) {
        for (ptrdiff_t t = first; t < count; ++t) *column_to++ = f * own * size + plan->turned_places[t];
      }
      plan->classes[classes++] = (struct adj_tap_class){
          .first_tap = first, .taps = count - first, .top = top, .left = left, .rows = rows, .columns = columns};
    }
  }
  plan->turned = (struct adj_panels){
      .matrices = plan->sizes.groups, .lines = own, .columns = column_to - plan->turned_columns,
      .matrix_size = filters * own * size, .line_stride = size, .offsets = plan->turned_columns,
      .is_of_one = is_of_lines(plan, own)};
  plan->input = (struct adj_tap_sum){
      .images = plan->sizes.batch, .groups = plan->sizes.groups, .sources = filters, .results = own,
      .channel_size = plan->upstream_planes.rows * plan->upstream_planes.pitch, .pitch = plan->upstream_planes.pitch,
      .height = y->image, .width = x->image, .row_step = y->stride, .column_step = x->stride, .kernel_size = size,
      .tap_count = count, .offsets = plan->turned_offsets, .places = plan->turned_places,
      .ranges = has_room ? plan->turned_ranges : NULL, .class_count = classes, .classes = plan->classes};
  cut(plan, &plan->input);
}

static struct plan *make_plan(struct adj_convolution s, uint8_t type) {
  struct plan *plan = calloc(1, sizeof *plan);
  const struct adj_convolution_axis *y = &s.rows, *x = &s.columns;
  const ptrdiff_t own = s.channels / s.groups, filters = s.filters / s.groups, size = y->kernel * x->kernel;
  const ptrdiff_t pixels = y->result * x->result;
  (plan->sizes = s, plan->type = type, plan->lanes = type == adj_element_float32 ? 16 : 8);
  plan->is_depthwise = own == 1 && filters == 1;
  plan->is_pointwise = !plan->is_depthwise && size * y->stride * x->stride == 1 && y->padding + x->padding == 0;
  plan->pointwise = (struct adj_pointwise){s.batch, s.groups, own, filters, pixels};
  ptrdiff_t row_phases[MOST_TAPS], column_phases[MOST_TAPS];
  const int down_count = phases(y, row_phases), across_count = phases(x, column_phases);
  for (int i = 0; i < down_count; ++i) plan->row_phases[i] = row_phases[i] - y->padding;
  for (int i = 0; i < across_count; ++i) plan->column_phases[i] = column_phases[i] - x->padding;
  plan->image_planes = (struct adj_planes){
      .images = s.batch * s.channels, .height = y->image, .width = x->image, .row_stride = y->stride,
      .column_stride = x->stride, .row_phase_count = down_count, .column_phase_count = across_count,
      .row_phases = plan->row_phases, .column_phases = plan->column_phases,
      .rows = y->result + (y->kernel - 1) * y->dilation / y->stride,
      .pitch = x->result + (x->kernel - 1) * x->dilation / x->stride};
  const ptrdiff_t row_readers = readers(y, &plan->row_ahead), column_readers = readers(x, &plan->column_ahead);
  plan->upstream_planes = (struct adj_planes){
      .images = s.batch * s.filters, .height = y->result, .width = x->result, .row_stride = 1, .column_stride = 1,
      .row_phase_count = 1, .column_phase_count = 1, .row_phases = &plan->row_ahead,
      .column_phases = &plan->column_ahead, .rows = pieces(y->image, y->stride) + row_readers - 1,
      .pitch = pieces(x->image, x->stride) + column_readers - 1};
  const ptrdiff_t plane = plan->image_planes.rows * plan->image_planes.pitch;
  const ptrdiff_t channel = down_count * across_count * plane;
  plan->kernels = (struct adj_panels){.matrices = s.groups, .lines = filters, .columns = own * size,
                                      .matrix_size = filters * own * size, .line_stride = own * size,
                                      .is_of_one = is_of_lines(plan, filters)};
  const ptrdiff_t lines = plan->is_depthwise ? s.groups : filters;
  plan->upstream = (struct adj_panels){.matrices = s.batch * s.filters / lines, .lines = lines, .columns = pixels,
                                       .matrix_size = lines * pixels, .line_stride = pixels};
  plan->image_panels = (struct adj_panels){.matrices = s.batch, .lines = s.channels, .columns = channel,
                                           .matrix_size = s.channels * channel, .line_stride = channel};
  int has_room = 0;
  for (ptrdiff_t tap = 0; tap < size; ++tap) {
    const ptrdiff_t down = tap / x->kernel * y->dilation, across = tap % x->kernel * x->dilation;
    const ptrdiff_t number = number_of(row_phases, down % y->stride) * across_count
        + number_of(column_phases, across % x->stride);
    plan->places[tap] = tap;
    plan->offsets[tap] = number * plane + down / y->stride * plan->image_planes.pitch + across / x->stride;
    struct adj_tap_range *range = &plan->ranges[tap];
    within(y->stride, down - y->padding, y->image, y->result, &range->top, &range->bottom);
    within(x->stride, across - x->padding, x->image, x->result, &range->left, &range->right);
    has_room |= !holds_all(range, y->result, x->result);
  }
  plan->whole = (struct adj_tap_class){.taps = size, .rows = y->result, .columns = x->result};
  plan->result = (struct adj_tap_sum){
      .images = s.batch, .groups = s.groups, .sources = own, .results = filters, .channel_size = channel,
      .pitch = plan->image_planes.pitch, .height = y->result, .width = x->result, .row_step = 1, .column_step = 1,
      .kernel_size = size, .tap_count = size, .offsets = plan->offsets, .places = plan->places,
      .ranges = has_room ? plan->ranges : NULL, .class_count = 1, .classes = &plan->whole};
  cut(plan, &plan->result);
  plan->gradient = (struct adj_kernel_gradient){
      .images = s.batch, .groups = s.groups, .sources = own, .results = filters, .channel_size = channel,
      .pitch = plan->image_planes.pitch, .rows = y->result, .columns = x->result, .tap_count = size,
      .offsets = plan->offsets, .ranges = has_room ? plan->ranges : NULL};
  make_classes(plan, own, filters);
  return plan;
}

static void free_plan(struct plan *plan) {
  free(plan->turned_columns);
  free(plan);
}

static void *lay_planes(const struct plan *plan, const struct adj_planes *planes, const void *from) {
  const ptrdiff_t phases = planes->row_phase_count * planes->column_phase_count;
  const ptrdiff_t count = planes->images * phases * planes->rows * planes->pitch;
  void *to = malloc((size_t)(count + ADJ_PLANES_SLACK) * sizeof(double));
  adj_convolution_planes(plan->type, *planes, from, to, 0, planes->images);
  return to;
}

static void *lay_panels(const struct plan *plan, const struct adj_panels *panels, const void *from) {
  const ptrdiff_t lanes = panels->is_of_one ? 1 : plan->lanes, count = panels->matrices * pieces(panels->lines, lanes);
  void *to = malloc((size_t)(count * panels->columns * lanes) * sizeof(double));
  adj_convolution_panels(plan->type, *panels, from, to, 0, count);
  return to;
}

/// Blocks of a sum, or of its lines.
static ptrdiff_t blocks_of(const struct plan *plan, const struct adj_tap_sum *sum) {
  const ptrdiff_t pairs = is_of_lines(plan, sum->results) ? 1 : pieces(sum->results, 2 * plan->lanes);
  return sum->groups * pairs * sum->images * sum->bands;
}

static void pointwise(const struct plan *plan, enum part part, const void *a, const void *b, void *output) {
  const struct adj_pointwise w = plan->pointwise;
  if (part == KERNEL_GRADIENT) {
    adj_pointwise_kernel_gradient(
        plan->type, w, a, b, output, 0,
        w.groups * pieces(w.filters, ADJ_POINTWISE_ROWS) * pieces(w.channels, ADJ_POINTWISE_COLUMNS));
  } else {
    adj_pointwise(plan->type, w, part == INPUT_GRADIENT, a, b, output, 0,
                  w.images * w.groups * pieces(w.pixels, ADJ_POINTWISE_STRIP));
  }
}

/// Lays the operands out, and multiplies them.
static void convolve(struct adj_convolution sizes, uint8_t type, enum part part, const void *a, const void *b,
                     void *output) {
  struct plan *plan = make_plan(sizes, type);
  if (plan->is_pointwise) {
    pointwise(plan, part, a, b, output);
    free_plan(plan);
    return;
  }
  const struct adj_panels *panels =
      part == RESULT ? &plan->kernels : part == INPUT_GRADIENT ? &plan->turned : &plan->upstream;
  void *left = lay_planes(plan, part == INPUT_GRADIENT ? &plan->upstream_planes : &plan->image_planes, a);
  void *right = lay_panels(plan, panels, b);
  if (part != KERNEL_GRADIENT) {
    const struct adj_tap_sum *sum = part == RESULT ? &plan->result : &plan->input;
    (is_of_lines(plan, sum->results) ? adj_convolution_lines : adj_convolution_taps)(
        type, *sum, left, right, output, 0, blocks_of(plan, sum));
  } else if (plan->is_depthwise) {
    void *turned = lay_panels(plan, &plan->image_panels, left);
    adj_convolution_depthwise_gradient(
        type, plan->gradient, turned, right, output, 0,
        pieces(sizes.groups, plan->lanes) * pieces(plan->gradient.tap_count, ADJ_DEPTHWISE_TAPS));
    free(turned);
  } else {
    const struct adj_kernel_gradient *g = &plan->gradient;
    adj_convolution_kernel_gradient(
        type, *g, left, right, output, 0,
        g->groups * pieces(g->results, 2 * plan->lanes) * pieces(g->sources * g->tap_count, ADJ_KERNEL_BLOCK));
  }
  free(left), free(right), free_plan(plan);
}

/// What a convolution is defined to give.
static void define(struct adj_convolution sizes, uint8_t type, enum part part, const void *a, const void *b,
                   void *output) {
  if (part == RESULT) adj_defined_convolution(type, sizes, a, b, output);
  else if (part == INPUT_GRADIENT) adj_defined_input_gradient(type, sizes, a, b, output);
  else adj_defined_kernel_gradient(type, sizes, a, b, output);
}
