// Convolutions whose kernel has one element, which meets each pixel once: products of matrices as they lie.
//
// The chunks of a product are those of a convolution. Each is added by a call of its own, to +0 in the beginning.

#include "include/CKernels.h"
#include "product.h"
#include "targets.h"
#include <string.h>

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static const char *at(const void *base, ptrdiff_t element, ptrdiff_t size) {
  return (const char *)base + element * size;
}

/// Rows of `columns` elements, `stride` elements apart, become +0.
static void clear(void *to, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t size) {
  for (ptrdiff_t row = 0; row < rows; ++row) memset((char *)to + row * stride * size, 0, (size_t)(columns * size));
}

/// The results of images, or with `turned` kernels the gradient of images: strips of pixels of each image of each
/// group.
void adj_pointwise(uint8_t type, struct adj_pointwise plan, int32_t turned, const void *images, const void *kernels,
                   void *output, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t size = adj_is_float32(type) ? sizeof(float) : sizeof(double), pixels = plan.pixels;
  const ptrdiff_t depth = turned ? plan.filters : plan.channels, rows = turned ? plan.channels : plan.filters;
  const ptrdiff_t strips = (pixels + ADJ_POINTWISE_STRIP - 1) / ADJ_POINTWISE_STRIP;
  for (ptrdiff_t block = begin; block < end; ++block) {
    const ptrdiff_t left = block % strips * ADJ_POINTWISE_STRIP, number = block / strips;
    const ptrdiff_t columns = least(ADJ_POINTWISE_STRIP, pixels - left);
    const void *kernel = at(kernels, number % plan.groups * plan.channels * plan.filters, size);
    const void *image = at(images, number * depth * pixels + left, size);
    void *result = (void *)at(output, number * rows * pixels + left, size);
    clear(result, rows, columns, pixels, size);
    for (ptrdiff_t first = 0; first < depth; first += ADJ_PRODUCT_CHUNK) {
      const void *a = at(kernel, turned ? first * plan.channels : first, size);
      const void *b = at(image, first * pixels, size);
      adj_product(type, adj_level(), turned, 0, rows, columns, least(ADJ_PRODUCT_CHUNK, depth - first), a,
                  plan.channels, b, pixels, result, pixels, 1);
    }
  }
}

/// Tiles of the gradient of each group, image after image.
void adj_pointwise_kernel_gradient(uint8_t type, struct adj_pointwise plan, const void *images, const void *upstream,
                                   void *output, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t size = adj_is_float32(type) ? sizeof(float) : sizeof(double), pixels = plan.pixels;
  const ptrdiff_t across = (plan.channels + ADJ_POINTWISE_COLUMNS - 1) / ADJ_POINTWISE_COLUMNS;
  const ptrdiff_t down = (plan.filters + ADJ_POINTWISE_ROWS - 1) / ADJ_POINTWISE_ROWS;
  for (ptrdiff_t block = begin; block < end; ++block) {
    const ptrdiff_t left = block % across * ADJ_POINTWISE_COLUMNS, top = block / across % down * ADJ_POINTWISE_ROWS;
    const ptrdiff_t group = block / across / down;
    const ptrdiff_t columns = least(ADJ_POINTWISE_COLUMNS, plan.channels - left);
    const ptrdiff_t rows = least(ADJ_POINTWISE_ROWS, plan.filters - top);
    void *gradient = (void *)at(output, (group * plan.filters + top) * plan.channels + left, size);
    clear(gradient, rows, columns, plan.channels, size);
    for (ptrdiff_t image = 0; image < plan.images; ++image) {
      const ptrdiff_t number = image * plan.groups + group;
      adj_product(type, adj_level(), 0, 1, rows, columns, pixels,
                  at(upstream, (number * plan.filters + top) * pixels, size), pixels,
                  at(images, (number * plan.channels + left) * pixels, size), pixels, gradient, plan.channels, 1);
    }
  }
}
