internal import Kernels

/// Mean of each window: y = Σ x / n, where n counts the pixels of the image that the window holds, or all its pixels if
/// padding counts.   Distributor: each x gets ȳ / n of every window that holds it, see ``AveragePoolGradient``.
package struct AveragePool: LinearGate, SampledGate {
  package static let name = "averagePool"
  package let window: PoolingWindow
  /// Whether pixels of the padding count, as zeros.
  package let countsPadding: Bool

  package init(_ window: PoolingWindow, countsPadding: Bool = false) {
    self.window = window
    self.countsPadding = countsPadding
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return try window.result(of: inputs[0])
  }

  package var kernel: Kernel {
    .structured(.sums) { PoolCall(.mean(countsPadding: countsPadding), window.pooled, $0) }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    var result = [Double](repeating: 0, count: shape.elementCount)
    window.forEachWindow(x.shape) { place, elements in
      // Elements in the padding are zeros.
      let share = Double(elements.count) / window.count(elements, countsPadding)
      result[place] = elements.isEmpty ? 0 : elements.map { x.values[$0] }.carefulMean * share
    }
    return ReferenceTensor(shape, x.elementType, result)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let spread = AveragePoolGradient(window, countsPadding: countsPadding, image: node.inputs[0].shape.pixels)
    return [upstream.graph.apply(spread, to: [upstream])]
  }

  package static let samples = [
    GateSample(Self(.init(2, stride: 2)), .uniform([2, 2, 4, 5])),
    GateSample(Self(.init(3, stride: 2, padding: 1)), .uniform([1, 2, 5, 4])),
    GateSample(Self(.init(3, stride: 2, padding: 1), countsPadding: true), .uniform([1, 2, 5, 4])),
  ]
}

extension AveragePool: RowwiseGate {
  /// Images are pooled one by one.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
}

/// An average pooling's gradient: each ū is spread evenly over the pixels that its window averaged.   Linear: its own
/// gradient is the average pooling.
package struct AveragePoolGradient: LinearGate, SampledGate {
  package static let name = "averagePoolGradient"
  package let window: PoolingWindow
  package let countsPadding: Bool
  /// The extents of the images, which those of the result do not tell where the stride skips pixels.
  package let image: Extents2D

  package init(_ window: PoolingWindow, countsPadding: Bool = false, image: Extents2D) {
    self.window = window
    self.countsPadding = countsPadding
    self.image = image
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    try ConvolutionSizes.checkRank(inputs[0], "gradients", "[batch, channels, height, width]")
    let images = Shape([inputs[0][0], inputs[0][1], image.height, image.width])
    try window.check(upstream: inputs[0], of: images)
    return images
  }

  package var kernel: Kernel {
    .structured(.sums) { PoolCall(.meanGradient(countsPadding: countsPadding), window.pooled, $0) }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    var result = [Double](repeating: 0, count: shape.elementCount)
    window.forEachWindow(shape) { place, elements in
      for element in elements { result[element] += inputs[0].values[place] / window.count(elements, countsPadding) }
    }
    return ReferenceTensor(shape, inputs[0].elementType, result)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(AveragePool(window, countsPadding: countsPadding), to: [upstream])]
  }

  package static let samples = [
    GateSample(Self(.init(2, stride: 2), image: Extents2D(4, 5)), .uniform([2, 2, 2, 2])),
    GateSample(Self(.init(3, stride: 2, padding: 1), image: Extents2D(5, 4)), .uniform([1, 2, 3, 2])),
    GateSample(
      Self(.init(3, stride: 2, padding: 1), countsPadding: true, image: Extents2D(5, 4)), .uniform([1, 2, 3, 2])),
  ]
}

// Each image is pooled by itself: lanes are more images.
extension AveragePool: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesInBatch(self) }
}
extension AveragePoolGradient: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.applyWithLanesInBatch(self) }
}

extension PoolingWindow {
  fileprivate func count(_ elements: [Int], _ countsPadding: Bool) -> Double {
    Double(countsPadding ? extents.height * extents.width : elements.count)
  }
}

/// The mean of each window of images `[batch, channels, height, width]`.
///
/// By default a window at the edge averages the pixels that it holds, so that a constant image stays the constant it was;
/// with `countsPadding` the padding counts as zeros, and edges come out darker. Large windows are added up pairwise, and a
/// mean of finite pixels is finite.
/// Windows lie `stride` pixels from one another, their own extents if `nil`, so that they do not overlap; they reach
/// `padding` pixels over the edge, less than their extents.
public func averagePool(
  _ images: Node, window: Extents2D, stride: Extents2D? = nil, padding: Extents2D = 0, countsPadding: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let window = PoolingWindow(window, stride: stride ?? window, padding: padding)
  let gate = AveragePool(window, countsPadding: countsPadding)
  return images.graph.apply(gate, to: [images], fileID: fileID, line: line)
}
