internal import CKernels

/// The gradient of the kernels; see `struct adj_kernel_gradient`.
struct KernelGradientPlan: Sendable {
  let images, groups, sources, results: Int
  let channelSize, pitch, rows, columns: Int
  let offsets: [Int]
  /// For each of the offsets; empty if no tap has room to read.
  let ranges: [adj_tap_range]
  /// Whether each group has one channel and one filter, so that groups fill the lanes of vectors.
  let isDepthwise: Bool

  init(_ geometry: ConvolutionGeometry) {
    let planes = PlanesPlan(imagesOf: geometry)
    (images, groups) = (geometry.batch, geometry.groups)
    (sources, results) = (geometry.channelsInGroup, geometry.filtersInGroup)
    (channelSize, pitch) = (planes.channelSize, planes.pitch)
    (rows, columns) = (geometry.rows.result, geometry.columns.result)
    offsets = TapSumPlan.offsets(geometry, planes)
    ranges = TapSumPlan.ranges(geometry)
    isDepthwise = geometry.isDepthwise
  }

  func blockCount(_ lanes: Int) -> Int {
    if isDepthwise {
      let runs = (offsets.count + Int(ADJ_DEPTHWISE_TAPS) - 1) / Int(ADJ_DEPTHWISE_TAPS)
      return (groups + lanes - 1) / lanes * runs
    }
    let inPair = (sources * offsets.count + Int(ADJ_KERNEL_BLOCK) - 1) / Int(ADJ_KERNEL_BLOCK)
    return groups * ((results + 2 * lanes - 1) / (2 * lanes)) * inPair
  }

  func run(
    _ type: ElementType, narrow: Bool, _ images: UnsafeRawPointer, _ upstream: UnsafeRawPointer,
    _ output: UnsafeMutableRawPointer, _ blocks: Range<Int>
  ) {
    withC(narrow: narrow) {
      let (begin, end) = (blocks.lowerBound, blocks.upperBound)
      if isDepthwise {
        adj_convolution_depthwise_gradient(type.rawValue, $0, images, upstream, output, begin, end)
      } else {
        adj_convolution_kernel_gradient(type.rawValue, $0, images, upstream, output, begin, end)
      }
    }
  }

  private func withC(narrow: Bool, _ body: (adj_kernel_gradient) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      ranges.withUnsafeBufferPointer { ranges in
        body(
          adj_kernel_gradient(
            images: images, groups: groups, sources: sources, results: results, channel_size: channelSize,
            pitch: pitch, rows: rows, columns: columns, tap_count: offsets.count, offsets: offsets.baseAddress!,
            ranges: ranges.baseIfAny, narrow: narrow ? 1 : 0))
      }
    }
  }
}
