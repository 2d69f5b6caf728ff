extension WrongLine {
  /// Wrong lines in convolutions and poolings.
  static let convolutions: [WrongLine] = [
    WrongLine(
      "four elements are packed as neighbours of which the fourth is none",
      in: "Sources/CKernels/Convolutions/convolution_packing.h",
      replace: """
        (!plan.offsets
                      || (plan.offsets[column + 1] == plan.offsets[column] + 1
                          && plan.offsets[column + 2] == plan.offsets[column] + 2
                          && plan.offsets[column + 3] == plan.offsets[column] + 3))
        """,
      with: """
        (!plan.offsets
                      || (plan.offsets[column + 1] == plan.offsets[column] + 1
                          && plan.offsets[column + 2] == plan.offsets[column] + 2
                          && 1))
        """,
      caughtBy:
        "KernelsTests.ConvolutionRoomTests/`strided kernels of whole vectors of channels are packed as they are read`"),
    WrongLine(
      "room beside images is not zero",
      in: "Sources/CKernels/Convolutions/convolution_packing.h",
      replace: "if (bottom - top < plan.rows || right - left < plan.pitch) memset",
      with: "if (bottom - top < plan.rows) memset",
      caughtBy: "KernelsTests.ConvolutionRoomTests"),
    WrongLine(
      "a row of one more than half a vector lacks its last element",
      in: "Sources/CKernels/Convolutions/convolution_packing.h",
      replace: "*(NAME(half) *)(to + count - LANES / 2) = ",
      with: "*(NAME(half) *)(to + (count > 9 ? count - LANES / 2 : 0)) = ",
      caughtBy: "KernelsTests.ConvolutionRoomTests"),
    WrongLine(
      "a long row lacks its last vector but one",
      in: "Sources/CKernels/Convolutions/convolution_packing.h",
      replace: "for (ptrdiff_t i = 0; i < count - LANES; i += LANES)",
      with: "for (ptrdiff_t i = 0; i < count - 2 * LANES; i += LANES)",
      caughtBy: "KernelsTests.ConvolutionRoomTests"),
    WrongLine(
      "sums of kernels but the first begin anywhere",
      in: "Sources/CKernels/Convolutions/convolution_loops.h",
      replace: "memset(totals, 0, (size_t)together * sizeof(totals[0]));",
      with: "memset(totals, 0, (size_t)1 * sizeof(totals[0]));",
      caughtBy: "KernelsTests.ConvolutionRoomTests"),
    WrongLine(
      "a result of the second panel is summed anew from the first",
      in: "Sources/CKernels/Convolutions/convolution_room.h",
      replace: "weights.first + result / weights.lanes * weights.next + result % weights.lanes;",
      with: "weights.first + 0 + result % weights.lanes;",
      caughtBy: "KernelsTests.ConvolutionRoomTests"),
    WrongLine(
      "chunks of a strided gradient are counted by the elements of a class",
      in: "Sources/CKernels/Convolutions/convolution_chunks.h",
      replace: "size = plan->kernel_size, count",
      with: "size = class->taps ? class->taps : 1, count",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`deep sums`"),
    WrongLine(
      "the second chunk of an image's pixels takes the place of the first",
      in: "Sources/CKernels/Convolutions/convolution_chunks.h",
      replace: "if (start > 0) {",
      with: "if (start > 256) {",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`large images`"),
    WrongLine(
      "a sum of products that vanish keeps their sign",
      in: "Sources/CKernels/Convolutions/convolution_chunks.h",
      replace: "sums[r][v] += (VECTOR){0};",
      with: "sums[r][v] += -(VECTOR){0};",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`a sum of products that vanish is +0`"),
    WrongLine(
      "what is summed anew beside padding is one chunk",
      in: "Sources/CKernels/Convolutions/convolution_room.h",
      replace: "places[tap] >= end; end += ADJ_PRODUCT_CHUNK) total += chunk, chunk = 0;",
      with: "places[tap] >= end; end += ADJ_PRODUCT_CHUNK) {}",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`deep sums`"),
    WrongLine(
      "of few results beside padding the first alone is looked at for an infinite weight",
      in: "Sources/CKernels/Convolutions/convolution_room.h",
      replace: "result < results; ++result, weight += next) {",
      with: "result < results; ++result) {",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`every kind of window`"),
    WrongLine(
      "groups of the second panel of a depthwise gradient read the upstream of the first",
      in: "Sources/CKernels/Convolutions/convolution_depthwise.h",
      replace: "panels + (image * all + number) * panel_size",
      with: "panels + image * all * panel_size",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`depthwise convolutions`"),
    WrongLine(
      "products of a convolution of single elements are added to what was there",
      in: "Sources/CKernels/Convolutions/pointwise.c",
      replace: "clear(result, rows, columns, pixels, size);",
      with: "clear(result, rows, columns, columns, size);",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`large images`"),
    WrongLine(
      "a kernel of one element that meets padding is taken for a product",
      in: "Sources/Kernels/Convolutions/ConvolutionGeometry.swift",
      replace: "&& $0.padding == 0 && $0.result == $0.image }",
      with: "}",
      caughtBy: "KernelsTests.ConvolutionDefinitionTests/`every kind of window`"),
    WrongLine(
      "all taps of a circle are one chain",
      in: "Sources/CKernels/Convolutions/circular.c",
      replace: "const ptrdiff_t count = taps < ADJ_PRODUCT_CHUNK ? taps : ADJ_PRODUCT_CHUNK;",
      with: "const ptrdiff_t count = taps;",
      caughtBy: "KernelsTests.CircularConvolutionTests"),
    WrongLine(
      "a channel window begins one early",
      in: "Sources/CKernels/Convolutions/pooling.c",
      replace: "const ptrdiff_t first = within < radius ? 0 : within - radius;",
      with: "const ptrdiff_t first = within <= radius + 1 ? 0 : within - radius;",
      caughtBy: "KernelsTests.ChannelWindowTests"),
    WrongLine(
      "a channel window goes on into the next image",
      in: "Sources/CKernels/Convolutions/pooling.c",
      replace: "const ptrdiff_t last = channels - 1 - within < radius ? channels - 1 : within + radius;",
      with: "const ptrdiff_t last = channels - 1 < radius ? channels - 1 : within + radius;",
      caughtBy: "KernelsTests.ChannelWindowTests"),
    WrongLine(
      "the 2 x 2 path loses a NaN",
      in: "Sources/CKernels/Convolutions/pooling_halves.h",
      replace: "SIZED(choose)((a > b) | (a != a), a, b); }",
      with: "SIZED(choose)(a > b, a, b); }",
      caughtBy:
        "KernelsTests.PoolingPathTests/`halves are windows looked at one by one, in rows of every length around a vector's`"
    ),
    WrongLine(
      "windows that reach over the side are taken for halves",
      in: "Sources/CKernels/Convolutions/pooling.c",
      replace: "plan.row_padding == 0 && plan.column_padding == 0 &&",
      with: "plan.row_padding == 0 && 1 &&",
      caughtBy: "KernelsTests.PoolingPathTests/`windows that are all but halves are worked as what they are`"),
    WrongLine(
      "a row that no window sees keeps what was there",
      in: "Sources/CKernels/Convolutions/pooling.c",
      replace: "if (!halves(plan, LANES / 4) || plan.height % 2 != 0 ||",
      with: "if (!halves(plan, LANES / 4) || 0 ||",
      caughtBy:
        "KernelsTests.PoolingPathTests/`halves are windows looked at one by one, in rows of every length around a vector's`"
    ),
    WrongLine(
      "a share counts the columns left of an image",
      in: "Sources/CKernels/Convolutions/pooling.c",
      replace: "- (left < 0 ? 0 : left));",
      with: "- (left < 0 ? left : left));",
      caughtBy: "KernelsTests.PoolingPathTests/`pixels that many windows hold get what each sends back`"),
    WrongLine(
      "split rows leave no room for what the last window reaches",
      in: "Sources/CKernels/Convolutions/pooling_rows.h",
      replace: "(SPLIT / plan.window_height / plan.column_stride - reach) / 16 * 16 - 16",
      with: "(SPLIT / plan.window_height / plan.column_stride) / 16 * 16 - 16",
      caughtBy: "KernelsTests.PoolingPathTests/`split rows are windows looked at one by one, wherever a chunk ends`"),
    WrongLine(
      "odd pixels of the second vector of channels are not looked at for NaN",
      in: "Sources/CKernels/Convolutions/convolution_loops.h",
      replace: "odd += sums[p + 1][v];",
      with: "odd += sums[p + 1][0];",
      caughtBy: "KernelsTests.ConvolutionRoomTests/`one result in room is found wherever it is in a tile`"),
  ]
}
