internal import CKernels

/// A convolution whose kernels have one element: products of matrices as they lie; see `struct adj_pointwise`.
struct PointwisePlan: Sendable {
  let part: ConvolutionPart
  let images, groups, channels, filters, pixels: Int

  init(_ part: ConvolutionPart, _ geometry: ConvolutionGeometry) {
    self.part = part
    (images, groups, pixels) = (geometry.batch, geometry.groups, geometry.resultSize)
    (channels, filters) = (geometry.channelsInGroup, geometry.filtersInGroup)
  }

  var blockCount: Int {
    func pieces(_ count: Int, _ length: Int) -> Int { (count + length - 1) / length }
    return part == .kernelGradient
      ? groups * pieces(filters, Int(ADJ_POINTWISE_ROWS)) * pieces(channels, Int(ADJ_POINTWISE_COLUMNS))
      : images * groups * pieces(pixels, Int(ADJ_POINTWISE_STRIP))
  }

  func run(
    _ type: ElementType, _ first: UnsafeRawPointer, _ second: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
    _ blocks: Range<Int>
  ) {
    let plan = adj_pointwise(images: images, groups: groups, channels: channels, filters: filters, pixels: pixels)
    let (begin, end) = (blocks.lowerBound, blocks.upperBound)
    if part == .kernelGradient {
      adj_pointwise_kernel_gradient(type.rawValue, plan, first, second, output, begin, end)
    } else {
      adj_pointwise(type.rawValue, plan, part == .inputGradient ? 1 : 0, first, second, output, begin, end)
    }
  }
}
