internal import Kernels

/// A convolution's gradient with respect to its kernels: w̄[f, c, k, l] = Σ x[n, c, i·s + k·d − p, j·s + l·d − p] ·
/// ȳ[n, f, i, j], over the pixels of an image in chunks of 256, and then image by image in order: that of a batch has
/// the bits of the sum of those of its images.
///
/// Linear in x and in ȳ: v̄ of x is the input gradient of ȳ and v, that of ȳ the convolution of x with v.
package struct ConvolutionKernelGradient: Gate, SampledGate {
  package static let name = "convolutionKernelGradient"
  package let window: ConvolutionWindow
  /// The extents of the kernels, which those of images and result do not tell where the stride skips pixels.
  package let extents: Extents2D

  package init(_ window: ConvolutionWindow = ConvolutionWindow(), kernel: Extents2D) {
    self.window = window
    extents = kernel
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    let kernels = try kernels(inputs[0], inputs[1])
    let sizes = try ConvolutionSizes(images: inputs[0], kernels: kernels, window: window)
    try sizes.check(upstream: inputs[1])
    return kernels
  }

  private func kernels(_ images: Shape, _ upstream: Shape) throws(ShapeError) -> Shape {
    try ConvolutionSizes.checkRank(images, "images", "[batch, channels, height, width]")
    try ConvolutionSizes.checkRank(upstream, "gradients", "[batch, filters, height, width]")
    return [upstream[1], images[1] / max(window.groups, 1), extents.height, extents.width]
  }

  package var kernel: Kernel { Kernel(.composed) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let (x, upstream) = (inputs[0], inputs[1])
    let sizes = try ConvolutionSizes(images: x.shape, kernels: shape, window: window)
    var sums = [Double](repeating: 0, count: shape.elementCount)
    window.forEachProduct(sizes) { image, kernel, result in sums[kernel] += x.values[image] * upstream.values[result] }
    return ReferenceTensor(shape, x.elementType, sums)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (x, gradient) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? window.inputGradient(gradient, upstream, image: x.shape.pixels) : nil,
      node.needsGradient(1) ? window.convolution(x, upstream) : nil,
    ]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { bilinear(tangents, node) }

  package static let samples = [
    GateSample(Self(kernel: 2), .uniform([2, 2, 4, 3]), .uniform([2, 3, 3, 2])),
    GateSample(
      Self(.init(stride: Extents2D(2, 3), padding: 1), kernel: Extents2D(3, 2)), .uniform([1, 2, 6, 4]),
      .uniform([1, 2, 3, 2])),
    GateSample(
      Self(.init(padding: Extents2D(0, 2), dilation: 2), kernel: Extents2D(3, 2)), .uniform([1, 1, 5, 4]),
      .uniform([1, 2, 1, 6])),
    GateSample(Self(.init(stride: 2, groups: 2), kernel: 1), .uniform([2, 4, 3, 3]), .uniform([2, 2, 2, 2])),
    GateSample(
      Self(.init(padding: 3, dilation: 2, groups: 3), kernel: 2), .uniform([1, 3, 2, 3]), .uniform([1, 6, 6, 7])),
  ]
}

extension ConvolutionKernelGradient: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    let window = window.grouped(by: operands.count)
    return window.kernelGradient(operands.joinedChannels(0), operands.joinedChannels(1), kernel: extents)
      .reshaped(Shape([operands.count] + operands.shape.dimensions))
  }
}
