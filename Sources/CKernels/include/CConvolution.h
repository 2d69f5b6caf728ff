#pragma once

// Convolution and pooling in two dimensions; included by CKernels.h, whose conventions hold. Images are
// [batch, channels, height, width]. A "lane" is an element of a 64-byte vector: 16 of float, 8 of double.

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// The sizes along one of the two axes of pixels: pixel i of the result sees pixels i · stride + k · dilation − padding
/// of the image.
struct adj_convolution_axis {
  ptrdiff_t image, kernel, result, stride, padding, dilation;
};

/// A convolution. Images y[n, f] are sums over the channels of the filter's group, of which there are `groups`.
struct adj_convolution {
  ptrdiff_t batch, channels, filters, groups;
  struct adj_convolution_axis rows, columns;
};

// What a convolution and its two gradients are, element by element, in the simplest loops: tests compare bits.
//
// A sum of products is cut into chunks of 256 of its index, each one ascending chain of fused multiply-adds from +0;
// the chunks are added in order, to +0. What lies in the padding, or between the steps of a stride, has its place in
// the index, and no product.
//
//     y[n, f, i, j]   over (c, k, l), channels of the group and elements of the kernel
//     x̄[n, c, i, j]   over (f, k, l), filters of the group and elements of the kernel
//     w̄[f, c, k, l]   over the pixels (i, j) of y, for each image by itself; then image by image, in order, to +0

void adj_defined_convolution(uint8_t type, struct adj_convolution sizes, const void *x, const void *w, void *y);
void adj_defined_input_gradient(uint8_t type, struct adj_convolution sizes, const void *y, const void *w, void *x);
void adj_defined_kernel_gradient(uint8_t type, struct adj_convolution sizes, const void *x, const void *y, void *w);

/// Images with room around them, so that a kernel's element reads at a fixed distance from the pixel it contributes to.
/// Where the stride is above 1, pixels whose rows and columns leave the same remainders lie in a plane of their own:
/// element (i, j) of plane (image, a, b) is the pixel (i · row_stride + row_phases[a], j · column_stride +
/// column_phases[b]), or 0 where there is none.
struct adj_planes {
  ptrdiff_t images, height, width;
  ptrdiff_t row_stride, column_stride, row_phase_count, column_phase_count;
  const ptrdiff_t *row_phases, *column_phases;
  ptrdiff_t rows, pitch;
};

/// Elements read, and not used, behind the last plane.
enum { ADJ_PLANES_SLACK = 16 };  // Decisions/Kernels.md

/// Writes the planes of the images begin <= i < end, and behind the last the slack.
void adj_convolution_planes(uint8_t type, struct adj_planes plan, const void *input, void *output, ptrdiff_t begin,
                            ptrdiff_t end);

/// Matrices of `lines` lines, turned so that a vector holds an element of each of as many lines as it has lanes:
/// panel[column][lane] = input[matrix · matrix_size + line · line_stride + offsets[column]], zero where there is no
/// line. Without offsets columns are next to one another.
struct adj_panels {
  ptrdiff_t matrices, lines, columns, matrix_size, line_stride;
  const ptrdiff_t *_Nullable offsets;
  /// Whether a panel has one line, whatever the lanes of a vector.
  int32_t is_of_one;
};

/// Writes the panels begin <= p < end.
void adj_convolution_panels(uint8_t type, struct adj_panels plan, const void *input, void *output, ptrdiff_t begin,
                            ptrdiff_t end);

/// Results at (top + i · row_step, left + j · column_step), for `rows` i and `columns` j, which sum the same taps.
struct adj_tap_class {
  ptrdiff_t first_tap, taps, top, left, rows, columns;
};

/// The results of a class, by row and column, for which a tap reads a pixel of the image: top <= i < bottom and
/// left <= j < right. For the others it has room to read, which is skipped.
struct adj_tap_range {
  ptrdiff_t top, bottom, left, right;
};

/// result[n, o, pixel] = sum over source channels c and taps t of planes[n, c][pixel + offsets[t]] · panels[c, t][o],
/// in this order, without the products of room. Channels are those of one of `groups`; so are the lanes of a panel.
///
/// Chunks of 256 are counted by c · kernel_size + places[t], the taps of a class being some of a kernel's elements.
struct adj_tap_sum {
  ptrdiff_t images, groups, sources, results;
  ptrdiff_t channel_size, pitch;
  ptrdiff_t height, width, row_step, column_step;
  ptrdiff_t kernel_size, tap_count;
  /// For each tap how far ahead it reads, and which element of the kernel it is, ascending in each class.
  const ptrdiff_t *_Nullable offsets, *_Nullable places;
  /// For each tap the results that it reads a pixel for; none if every tap reads pixels only.
  const struct adj_tap_range *_Nullable ranges;
  ptrdiff_t class_count;
  const struct adj_tap_class *classes;
  /// Rows worked together, and whether pixels are counted on over the ends of rows: junk is computed between two rows,
  /// but short rows fill vectors.
  ptrdiff_t band, bands;
  int32_t runs_on;
  /// Whether tiles are those for 16 registers of 32 bytes even where there are more.
  int32_t narrow;
};

/// Blocks begin <= b < end: bands of rows, of each image, of each pair of panels.
void adj_convolution_taps(uint8_t type, struct adj_tap_sum plan, const void *planes, const void *panels, void *output,
                          ptrdiff_t begin, ptrdiff_t end);

/// The same where a group has few results: weights[o][c, t] lie next to one another, class by class. Blocks begin <= b
/// < end: bands of rows, of each image, of each group.
void adj_convolution_lines(uint8_t type, struct adj_tap_sum plan, const void *planes, const void *weights, void *output,
                           ptrdiff_t begin, ptrdiff_t end);

/// gradient[o, c, t] = sum over images n and pixels of planes[n, c][pixel + offsets[t]] · panels[n][pixel][o]: over the
/// pixels of an image first, in chunks of 256, then image by image, without the products of room.
struct adj_kernel_gradient {
  ptrdiff_t images, groups, sources, results;
  ptrdiff_t channel_size, pitch;
  ptrdiff_t rows, columns;
  ptrdiff_t tap_count;
  const ptrdiff_t *offsets;
  /// For each tap the results that it reads a pixel for; none if every tap reads pixels only.
  const struct adj_tap_range *_Nullable ranges;
  int32_t narrow;
};

/// Elements of the kernel, of a pair of panels' results each, that a block of the kernel gradient computes.
enum { ADJ_KERNEL_BLOCK = 14 };  // Decisions/Kernels.md

/// Blocks begin <= b < end, those of one pair of panels next to one another.
void adj_convolution_kernel_gradient(uint8_t type, struct adj_kernel_gradient plan, const void *planes,
                                     const void *panels, void *output, ptrdiff_t begin, ptrdiff_t end);

/// Elements of the kernels, of a panel of groups each, that a block of a depthwise gradient computes.
enum { ADJ_DEPTHWISE_TAPS = 9 };  // Decisions/Kernels.md

/// The same where each group has one channel and one filter: planes and upstream lie in panels of groups, image by
/// image. Blocks begin <= b < end, those of one panel next to one another.
void adj_convolution_depthwise_gradient(uint8_t type, struct adj_kernel_gradient plan, const void *planes,
                                        const void *panels, void *output, ptrdiff_t begin, ptrdiff_t end);

/// A convolution whose kernel has one element, without stride or padding: channels and filters of each of `groups`.
struct adj_pointwise {
  ptrdiff_t images, groups, channels, filters, pixels;
};

/// Pixels of a block of the results, and filters and channels of one of the kernel gradient.
enum {
  ADJ_POINTWISE_STRIP = 256,   // Decisions/Kernels.md
  ADJ_POINTWISE_ROWS = 128,    // Decisions/Kernels.md
  ADJ_POINTWISE_COLUMNS = 32,  // Decisions/Kernels.md
};

/// The results of images under kernels, or, turned, the gradient of the images from that of the results. Operands lie
/// as gates have them. Blocks begin <= b < end: strips of pixels, of each group of each image.
void adj_pointwise(uint8_t type, struct adj_pointwise plan, int32_t turned, const void *images, const void *kernels,
                   void *output, ptrdiff_t begin, ptrdiff_t end);

/// The gradient of the kernels. Blocks begin <= b < end: tiles of filters and channels, of each
/// group.
void adj_pointwise_kernel_gradient(uint8_t type, struct adj_pointwise plan, const void *images, const void *upstream,
                                   void *output, ptrdiff_t begin, ptrdiff_t end);

/// Windows over one channel of an image.
struct adj_pool {
  ptrdiff_t height, width, result_height, result_width;
  ptrdiff_t window_height, window_width, row_stride, column_stride, row_padding, column_padding;
  int32_t counts_padding;
};

// Each for the channels (of all images) begin <= c < end.
void adj_pool_maximum(uint8_t type, struct adj_pool plan, const void *input, void *output, ptrdiff_t begin,
                      ptrdiff_t end);
void adj_pool_maximum_gradient(uint8_t type, struct adj_pool plan, const void *upstream, const void *input, void *output,
                               ptrdiff_t begin, ptrdiff_t end);
void adj_pool_maximum_selection(uint8_t type, struct adj_pool plan, const void *values, const void *input, void *output,
                                ptrdiff_t begin, ptrdiff_t end);
void adj_pool_mean(uint8_t type, struct adj_pool plan, const void *input, void *output, ptrdiff_t begin, ptrdiff_t end);
void adj_pool_mean_gradient(uint8_t type, struct adj_pool plan, const void *upstream, void *output, ptrdiff_t begin,
                            ptrdiff_t end);

/// output[c] = input[c - radius] + ... + input[c + radius], for each of `channels` channels of `size` elements, and the
/// channels (of all images) begin <= c < end.
void adj_channel_window_sum(uint8_t type, ptrdiff_t channels, ptrdiff_t size, ptrdiff_t radius, const void *input,
                            void *output, ptrdiff_t begin, ptrdiff_t end);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
