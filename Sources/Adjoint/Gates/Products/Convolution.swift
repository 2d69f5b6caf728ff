internal import Kernels

/// Convolution in two dimensions, as networks use the word (cross-correlation: the kernel is not mirrored):
/// y[n, f, i, j] = Σ x[n, c, i·s + k·d − p, j·s + l·d − p] · w[f, c, k, l], over c and those k and l whose pixel
/// exists. Where the kernel reaches over the edge there is no term, not a product with 0: an infinite weight spoils no
/// result that it takes no part in.
///
/// The sum runs over (c, k, l) in chunks of 256, each a chain of fused multiply-adds from +0, added in order, so that
/// its bits depend on the image and the kernel alone. x̄ and w̄ are gates of their own, ``ConvolutionInputGradient`` and
/// ``ConvolutionKernelGradient``; y is linear in x and in w, and each of the three has the other two for its gradients.
package struct Convolution: Gate, SampledGate {
  package static let name = "convolution"
  package let window: ConvolutionWindow
  package init(_ window: ConvolutionWindow = ConvolutionWindow()) { self.window = window }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    return try ConvolutionSizes(images: inputs[0], kernels: inputs[1], window: window).results
  }

  package var kernel: Kernel { Kernel(.composed) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let (x, w) = (inputs[0], inputs[1])
    let sizes = try ConvolutionSizes(images: x.shape, kernels: w.shape, window: window)
    var sums = [Double](repeating: 0, count: shape.elementCount)
    window.forEachProduct(sizes) { image, kernel, result in sums[result] += x.values[image] * w.values[kernel] }
    return ReferenceTensor(shape, x.elementType, sums)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (x, w) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? window.inputGradient(upstream, w, image: x.shape.pixels) : nil,
      node.needsGradient(1) ? window.kernelGradient(x, upstream, kernel: w.shape.pixels) : nil,
    ]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { bilinear(tangents, node) }

  package static let samples = [
    GateSample(Convolution(), .uniform([2, 2, 4, 3]), .uniform([3, 2, 2, 2])),
    GateSample(
      Convolution(.init(stride: Extents2D(2, 3), padding: 1)), .uniform([1, 2, 5, 4]), .uniform([2, 2, 3, 2])),
    GateSample(
      Convolution(.init(padding: Extents2D(0, 2), dilation: 2)), .uniform([1, 1, 5, 4]), .uniform([2, 1, 3, 2])),
    GateSample(Convolution(.init(stride: 2, groups: 2)), .uniform([2, 4, 3, 3]), .uniform([2, 2, 1, 1])),
    GateSample(
      Convolution(.init(padding: 3, dilation: 2, groups: 3)), .uniform([1, 3, 2, 3]), .uniform([6, 1, 2, 2])),
  ]
}

extension Convolution: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    if !operands.hasLanes[1] { return operands.applyWithLanesInBatch(self, sharing: 1) }
    return operands.partedChannels(
      window.grouped(by: operands.count).convolution(operands.joinedChannels(0), operands.joined(1)))
  }
}

extension ConvolutionWindow {
  /// Every product x[image] · w[kernel] that is a term of y[result], elements by their places in row-major order.
  func forEachProduct(_ sizes: ConvolutionSizes, _ body: (_ image: Int, _ kernel: Int, _ result: Int) -> Void) {
    let (kernel, image) = (sizes.kernel, sizes.image)
    let channelsInGroup = sizes.channels / groups
    let filtersInGroup = sizes.filters / groups
    let taps = Shape([channelsInGroup, kernel.height, kernel.width]).indices
    for (place, index) in sizes.results.indices.enumerated() {
      let (n, f, i, j) = (index[0], index[1], index[2], index[3])
      for (tap, element) in taps.enumerated() {
        let c = f / filtersInGroup * channelsInGroup + element[0]
        let row = i * stride.height + element[1] * dilation.height - padding.height
        let column = j * stride.width + element[2] * dilation.width - padding.width
        guard (0..<image.height).contains(row), (0..<image.width).contains(column) else { continue }
        let pixel = ((n * sizes.channels + c) * image.height + row) * image.width + column
        body(pixel, f * taps.count + tap, place)
      }
    }
  }

  func convolution(_ x: Node, _ w: Node) -> Node { x.graph.apply(Convolution(self), to: [x, w]) }

  func inputGradient(_ upstream: Node, _ w: Node, image: Extents2D) -> Node {
    w.graph.apply(ConvolutionInputGradient(self, image: image), to: [upstream, w])
  }

  func kernelGradient(_ x: Node, _ upstream: Node, kernel: Extents2D) -> Node {
    x.graph.apply(ConvolutionKernelGradient(self, kernel: kernel), to: [x, upstream])
  }
}

extension Convolution: RowwiseGate {
  /// An image's result depends on it and on the kernels.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
}

/// The convolution of images `[batch, channels, height, width]` with kernels `[filters, channels / groups, height,
/// width]`: `[batch, filters, height, width]`. Kernels are not mirrored (cross-correlation). Padding lets them reach
/// over the edge, where they are skipped: of numbers that is the same as zeros around the image, but no infinity or NaN
/// meets one.
///
/// ```swift
/// let features = relu(convolution(images, kernels, stride: 4, padding: 2) + bias.reshaped([1, 64, 1, 1]))
/// ```
/// - Complexity: 2 · batch · filters · (channels / groups) · kernel elements · output pixels operations.
public func convolution(
  _ images: Node, _ kernels: Node, stride: Extents2D = 1, padding: Extents2D = 0, dilation: Extents2D = 1,
  groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let window = ConvolutionWindow(stride: stride, padding: padding, dilation: dilation, groups: groups)
  return images.graph.apply(Convolution(window), to: [images, kernels], fileID: fileID, line: line)
}
