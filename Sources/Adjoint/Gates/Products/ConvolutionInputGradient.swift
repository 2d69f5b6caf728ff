internal import Kernels

/// A convolution's gradient with respect to its images, also called transposed convolution: each ȳ, times the kernel, is
/// added where the kernel read.   Linear in ȳ and in w: v̄ of ȳ is the convolution of v with w, that of w the kernel
/// gradient of v and ȳ.
package struct ConvolutionInputGradient: Gate, SampledGate {
  package static let name = "convolutionInputGradient"
  package let window: ConvolutionWindow
  /// The extents of the images, which those of the result do not tell where the stride skips pixels.
  package let image: Extents2D

  package init(_ window: ConvolutionWindow = ConvolutionWindow(), image: Extents2D) {
    self.window = window
    self.image = image
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    let sizes = try sizes(inputs[0], inputs[1])
    try sizes.check(upstream: inputs[0])
    return sizes.images
  }

  func sizes(_ upstream: Shape, _ kernels: Shape) throws(ShapeError) -> ConvolutionSizes {
    try ConvolutionSizes.checkRank(upstream, "gradients", "[batch, filters, height, width]")
    try ConvolutionSizes.checkRank(kernels, "kernels", "[filters, channels / groups, height, width]")
    let channels = (Extent(kernels[1]) * Extent(max(window.groups, 1))).value
    let images = Shape([upstream[0], channels, image.height, image.width])
    return try ConvolutionSizes(images: images, kernels: kernels, window: window)
  }

  package var kernel: Kernel { Kernel(.composed) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let (upstream, w) = (inputs[0], inputs[1])
    var sums = [Double](repeating: 0, count: shape.elementCount)
    window.forEachProduct(try sizes(upstream.shape, w.shape)) { image, kernel, result in
      sums[image] += upstream.values[result] * w.values[kernel]
    }
    return ReferenceTensor(shape, w.elementType, sums)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (gradient, w) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? window.convolution(upstream, w) : nil,
      node.needsGradient(1) ? window.kernelGradient(upstream, gradient, kernel: w.shape.pixels) : nil,
    ]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { bilinear(tangents, node) }

  package static let samples = [
    GateSample(Self(image: Extents2D(4, 3)), .uniform([2, 3, 3, 2]), .uniform([3, 2, 2, 2])),
    GateSample(
      Self(.init(stride: Extents2D(2, 3), padding: 1), image: Extents2D(6, 4)), .uniform([1, 2, 3, 2]),
      .uniform([2, 2, 3, 2])),
    GateSample(
      Self(.init(padding: Extents2D(0, 2), dilation: 2), image: Extents2D(5, 4)), .uniform([1, 2, 1, 6]),
      .uniform([2, 1, 3, 2])),
    GateSample(Self(.init(stride: 2, groups: 2), image: 3), .uniform([2, 2, 2, 2]), .uniform([2, 2, 1, 1])),
    GateSample(
      Self(.init(padding: 3, dilation: 2, groups: 3), image: Extents2D(2, 3)), .uniform([1, 6, 6, 7]),
      .uniform([6, 1, 2, 2])),
  ]
}

extension ConvolutionInputGradient: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    if !operands.hasLanes[1] { return operands.applyWithLanesInBatch(self, sharing: 1) }
    let window = window.grouped(by: operands.count)
    return operands.partedChannels(
      window.inputGradient(operands.joinedChannels(0), operands.joined(1), image: image))
  }
}
