internal import CKernels

/// What is made of each window.
package enum PoolOperation: Sendable, Hashable {
  case maximum, maximumGradient, maximumSelection
  case mean(countsPadding: Bool), meanGradient(countsPadding: Bool)

  /// Whether the result has the images' shape and the first operand that of the windows, rather than the other way round.
  package var givesImages: Bool {
    switch self {
    case .maximumGradient, .meanGradient: true
    case .maximum, .maximumSelection, .mean: false
    }
  }
}

/// Windows over images: `extents` pixels each, `stride` apart, reaching over the edge by `padding`.
package struct PoolWindow: Sendable, Hashable {
  package let height, width, rowStride, columnStride, rowPadding, columnPadding: Int

  package init(
    height: Int, width: Int, rowStride: Int, columnStride: Int, rowPadding: Int, columnPadding: Int
  ) {
    (self.height, self.width) = (height, width)
    (self.rowStride, self.columnStride) = (rowStride, columnStride)
    (self.rowPadding, self.columnPadding) = (rowPadding, columnPadding)
  }
}

/// A pooling with all that its sizes decide worked out.
package struct PoolPlan: Sendable {
  let operation: PoolOperation
  let plan: adj_pool
  /// Channels of all images: any range of them can be computed by itself.
  package let channelCount: Int

  /// - Parameters:
  ///   - images: `[batch, channels, height, width]`.
  ///   - result: that of the pooling, whose last two axes count the windows.
  package init(_ operation: PoolOperation, _ window: PoolWindow, images: [Int], result: [Int]) {
    precondition(images.count == 4 && result.count == 4, "Images have four axes")
    self.operation = operation
    channelCount = images[0] * images[1]
    let countsPadding =
      switch operation {
      case .mean(let counts), .meanGradient(let counts): counts
      default: false
      }
    plan = adj_pool(
      height: images[2], width: images[3], result_height: result[2], result_width: result[3],
      window_height: window.height, window_width: window.width, row_stride: window.rowStride,
      column_stride: window.columnStride, row_padding: window.rowPadding, column_padding: window.columnPadding,
      counts_padding: countsPadding ? 1 : 0)
  }
}

/// Pools the channels in `channels`. Inputs are what the operation reads: images; or the gradient of the result (or values
/// to be selected) and, for a maximum's, the images. All are given at element 0 and share no memory with the output.
///
/// - Complexity: O(windows · extents). Allocates nothing.
package func runPooling(
  _ type: ElementType, plan: PoolPlan, inputs: UnsafePointer<UnsafeRawPointer>, output: UnsafeMutableRawPointer,
  channels: Range<Int>
) {
  precondition(type.hasArithmetic, "Pooling needs floats")
  checkRange(channels, within: plan.channelCount)
  let (begin, end) = (channels.lowerBound, channels.upperBound)
  switch plan.operation {
  case .maximum: adj_pool_maximum(type.rawValue, plan.plan, inputs[0], output, begin, end)
  case .maximumGradient: adj_pool_maximum_gradient(type.rawValue, plan.plan, inputs[0], inputs[1], output, begin, end)
  case .maximumSelection: adj_pool_maximum_selection(type.rawValue, plan.plan, inputs[0], inputs[1], output, begin, end)
  case .mean: adj_pool_mean(type.rawValue, plan.plan, inputs[0], output, begin, end)
  case .meanGradient: adj_pool_mean_gradient(type.rawValue, plan.plan, inputs[0], output, begin, end)
  }
}

/// Sums each channel with its neighbours up to `radius` away, for a range of the channels of all images: `channels` an
/// image, of `size` elements each.
///
/// - Complexity: O(`range.count` · `size` · `radius`). Allocates nothing.
package func runChannelWindowSum(
  _ type: ElementType, channels: Int, size: Int, radius: Int, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
  range: Range<Int>
) {
  precondition(type.hasArithmetic && channels >= 1 && size >= 1 && radius >= 0, "Channels are summed of floats")
  adj_channel_window_sum(
    type.rawValue, channels, size, radius, input, output, range.lowerBound, range.upperBound)
}
